/* extlinux put into a guest that has no boot loader which this machine could start. */
#ifndef REHOST_APPLY_LOADER_H
#define REHOST_APPLY_LOADER_H

#include "../guest/guest.h"

/* Makes `directory` in the guest, lays extlinux's files there, and its boot code into the first sector of the partition below it. The
 * program is this machine's, not the guest's. */
int loader_install(const struct guest *guest, const char *directory, struct error *err);

#endif
