/* Runs a program of the guest, sealed in: it sees the guest's root and nothing of this machine but what it needs. */
#ifndef REHOST_APPLY_CHROOT_H
#define REHOST_APPLY_CHROOT_H

#include "../guest/guest.h"

/* 0: it ended well. Its output (bounded, the tail is kept) is added to `output`, which may be NULL; `exit_status` as in struct program. */
int chroot_run(const struct guest *guest, const struct strings *argv, unsigned timeout_seconds, struct text *output, int *exit_status, struct error *err);

#endif
