/* The only place that changes a guest. */
#ifndef REHOST_APPLY_H
#define REHOST_APPLY_H

#include "../plan/plan.h"

/* Who is told how it goes. */
struct apply_watch {
    void (*begins)(void *context, const struct operation *operation, size_t index, size_t count);
    void (*warns)(void *context, const char *message); /* the operation that was told last was carried out in another way than planned */
    void *context;
};

/* Carries out the plan's operations in order. Every file that is replaced or removed, and every boot sector, is first kept below
 * /var/lib/rehost/undo/ in the guest, with a manifest. `held_boot_code` are the BOOT_CODE_BYTES that are not on the disk yet, and are changed
 * instead (NULL: those on the disk). Stops at the first failure of a write or removal; a program of the
 * guest that fails is an error too, as the plan then does not hold, unless an operation of ours can stand in for it. `watch` may be NULL. */
int apply_plan(const struct guest *guest, const struct plan *plan, unsigned char *held_boot_code, const struct apply_watch *watch, struct error *err);

/* As guest_open_disks for writing, but a fix that was cut off (the machine was switched off) is taken back first, so that what is
 * known of the guest is no half of a plan. *recovered says so; it may be NULL. */
int apply_open(const char *const *disks, size_t count, struct guest_keys *keys, struct guest *guest, bool *recovered, struct error *err);

/* Puts everything back that the manifest of the latest fix names; with the first fix the packages go that were installed before it. */
int apply_undo(const struct guest *guest, struct error *err);

int command_fix(int argc, char **argv);

#endif
