/* What a fix changes is first kept in the guest itself, so that it can be taken back: after a failure at once, and later
 * by `rehost fix --undo`.
 *
 *     /var/lib/rehost/undo/1/manifest.json   what was changed, in order
 *     /var/lib/rehost/undo/1/0, 1, 2 …       the files as they were
 *     /var/lib/rehost/undo/1/disk, partition-1   the boot sectors as they were
 *
 * Each fix makes the next number. A manifest that does not say "complete" belongs to a fix that was cut off. */
#ifndef REHOST_APPLY_UNDO_H
#define REHOST_APPLY_UNDO_H

#include "../plan/plan.h"

#define UNDO_DIRECTORY "/var/lib/rehost/undo"

/* Keeps all files and boot sectors that the plan's operations are going to change; `held_boot_code` as in apply_plan. Returns the number of this fix, or -1. */
int undo_keep(const struct guest *guest, const struct plan *plan, const unsigned char *held_boot_code, struct error *err);
int undo_complete(int root_fd, int number, struct error *err);
/* The number of the latest fix; 0: there is none. */
int undo_latest(int root_fd);
bool undo_is_complete(int root_fd, int number);
/* Puts these files alone back, as far as that fix has kept them. */
int undo_put_back(int root_fd, int number, const struct strings *paths, struct error *err);
/* Puts everything back as it was before that fix, and forgets it. */
int undo_restore(const struct guest *guest, int number, struct error *err);

#endif
