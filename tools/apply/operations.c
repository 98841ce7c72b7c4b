/* See apply.h: the operations of a plan, one after the other. */
#include <fcntl.h>
#include <string.h>

#include "../base/cleanup.h"
#include "../pull/pull.h"
#include "apply.h"
#include "boot_sector.h"
#include "chroot.h"
#include "loader.h"
#include "packages.h"
#include "replace.h"
#include "undo.h"

/* The appliance has no SELinux, so what a program of the guest wrote in it has no label. */
static int label_changes(const struct guest *guest, const struct operation *operation, struct error *err)
{
    for (size_t i = 0; i < operation->changes.count; i++)
        if (label_file(guest->root_fd, operation->changes.items[i], err) < 0)
            return -1;
    return 0;
}

static int carry_out(const struct guest *guest, const struct operation *operation, unsigned char *held_boot_code, struct error *err)
{
    switch (operation->kind) {
    case OPERATION_WRITE:
        return replace_file(guest->root_fd, operation->path, operation->content, operation->length, operation->mode, err);
    case OPERATION_REMOVE:
        return remove_file(guest->root_fd, operation->path, err);
    case OPERATION_RUN:
        if (chroot_run(guest, &operation->argv, operation->timeout_seconds, NULL, err) == 0)
            return label_changes(guest, operation, err);
        if (err && strstr(err->message, "No space left on device"))
            error_advise(err, "The guest's file system is full; everything is put back as it was. Free some space on the source (apt-get clean, old kernels, logs) and start again.");
        return error_prefix(err, "run %s in the guest", operation->argv.items[0]);
    case OPERATION_INSTALL:
        return loader_install(guest, operation->path, err) < 0 ? error_prefix(err, "install extlinux in %s", operation->path) : label_changes(guest, operation, err);
    case OPERATION_ACTIVATE:
        return boot_sector_activate(guest, operation->partition, held_boot_code, err);
    }
    return error_set(err, "an operation of an unknown kind");
}

static int carry_out_all(const struct guest *guest, const struct plan *plan, unsigned char *held_boot_code, apply_told *told, void *context, struct error *err)
{
    for (size_t i = 0; i < plan->operation_count; i++) {
        const struct operation *operation = &plan->operations[i];
        if (told)
            told(context, operation, i, plan->operation_count);
        if (carry_out(guest, operation, held_boot_code, err) < 0)
            return error_prefix(err, "%s", operation->step);
    }
    return syncfs(guest->root_fd) < 0 ? error_errno(err, "flush the guest's file system") : 0;
}

/* A fix that failed in the middle is taken back at once: half of a plan is worse than none. */
static int take_back(const struct guest *guest, int number, struct error *err)
{
    struct error second = {0};
    if (undo_restore(guest, number, &second) == 0)
        return error_advise(err, "Everything that was changed before it was put back.");
    return error_advise(err, "Putting back what was changed before it failed too: %s. `rehost fix --undo` tries it again.", second.message);
}

int apply_plan(const struct guest *guest, const struct plan *plan, unsigned char *held_boot_code, apply_told *told, void *context, struct error *err)
{
    if (!plan->operation_count)
        return 0;
    if (!guest->writable)
        return error_set(err, "%s was opened for reading only", guest->what);
    unsigned char held_before[BOOT_CODE_BYTES];
    int number = undo_keep(guest, plan, held_boot_code, err);
    if (number < 0)
        return -1;
    if (held_boot_code)
        memcpy(held_before, held_boot_code, sizeof held_before);
    if (carry_out_all(guest, plan, held_boot_code, told, context, err) == 0 && undo_complete(guest->root_fd, number, err) == 0)
        return 0;
    if (held_boot_code)
        memcpy(held_boot_code, held_before, sizeof held_before);
    return take_back(guest, number, err);
}

static bool was_cut_off(const struct guest *guest, int *number)
{
    *number = guest->root_fd >= 0 ? undo_latest(guest->root_fd) : 0;
    return *number > 0 && !undo_is_complete(guest->root_fd, *number);
}

int apply_open(const char *const *disks, size_t count, struct guest_keys *keys, struct guest *guest, bool *recovered, struct error *err)
{
    int number;
    struct error closing = {0};
    if (guest_open_disks(disks, count, GUEST_WRITE, keys, guest, err) < 0)
        return -1;
    bool cut_off = was_cut_off(guest, &number);
    if (recovered)
        *recovered = cut_off;
    if (!cut_off)
        return 0;
    int result = undo_restore(guest, number, err);
    if (guest_close(guest, &closing) < 0 && result == 0) {
        *err = closing;
        result = -1;
    }
    return result < 0 ? -1 : guest_open_disks(disks, count, GUEST_WRITE, keys, guest, err);
}

int apply_undo(const struct guest *guest, struct error *err)
{
    int number = guest->root_fd >= 0 ? undo_latest(guest->root_fd) : 0;
    if (!number && !packages_are_installed(guest))
        return error_set(err, "there is nothing to take back: no fix is kept below %s in %s", UNDO_DIRECTORY, guest->what);
    if (number && undo_restore(guest, number, err) < 0)
        return -1;
    /* They were there before the first fix. */
    return undo_latest(guest->root_fd) == 0 && packages_are_installed(guest) ? packages_remove(guest, err) : 0;
}
