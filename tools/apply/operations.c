/* See apply.h: the operations of a plan, one after the other. */
#include <fcntl.h>
#include <string.h>

#include "../base/cleanup.h"
#include "../guest/inspect.h"
#include "../pull/pull.h"
#include "apply.h"
#include "boot_sector.h"
#include "chroot.h"
#include "loader.h"
#include "packages.h"
#include "replace.h"
#include "segment.h"
#include "undo.h"

struct applying {
    const struct guest *guest;
    const struct apply_watch *watch;
    unsigned char *held_boot_code;
    int number; /* of this fix: what it has kept */
};

/* The appliance has no SELinux, so what a program of the guest wrote in it has no label. */
static int label_changes(const struct guest *guest, const struct operation *operation, struct error *err)
{
    for (size_t i = 0; i < operation->changes.count; i++)
        if (label_file(guest->root_fd, operation->changes.items[i], err) < 0)
            return -1;
    return 0;
}

static bool is_full(const struct error *err)
{
    return err && strstr(err->message, "No space left on device");
}

/* grub-mkconfig ends well even where it finds nothing to start, and then the menu that was there is better. */
static int check_menu(const struct guest *guest, struct error *err)
{
    struct guest now = {.root_fd = guest->root_fd}; /* it has no name, so the root is not closed with it */
    boot_loader_read(&now);
    bool is_lost = guest->boot.menu.count && !now.boot.menu.count;
    guest_close(&now, NULL);
    if (!is_lost)
        return 0;
    error_set(err, "it ended well, and left %s without an entry that starts a kernel", guest->boot.config);
    return error_advise(err, "Run it on the source, and look at what it prints.");
}

static int settle_changes(const struct guest *guest, const struct operation *operation, struct error *err)
{
    bool makes_menu = guest->boot.config && strings_contain(&operation->changes, guest->boot.config);
    if (makes_menu && check_menu(guest, err) < 0)
        return error_prefix(err, "run %s in the guest", operation->argv.items[0]);
    return label_changes(guest, operation, err);
}

static int run_program(const struct guest *guest, const struct operation *operation, struct error *err)
{
    if (chroot_run(guest, &operation->argv, operation->timeout_seconds, NULL, NULL, err) == 0)
        return settle_changes(guest, operation, err);
    if (is_full(err))
        error_advise(err, "The guest's file system is full; everything is put back as it was. Free some space on the source (apt-get clean, old kernels, logs) and start again.");
    return error_prefix(err, "run %s in the guest", operation->argv.items[0]);
}

static void warn(const struct applying *applying, const struct operation *operation, const char *reason)
{
    cleanup_free char *names = strings_join(&operation->drivers, ", ");
    cleanup_free char *message = checked_printf("what %s lacked of %s was appended to it, as its builder failed, which the next kernel update will need again: %s", operation->path,
                                                names, reason);
    if (applying->watch && applying->watch->warns)
        applying->watch->warns(applying->watch->context, message);
}

/* Of a builder that failed nobody knows what it left: its old initrd is put back, and made longer. A full file system is nothing to be worked
 * around, as the guest would be left with it. */
static int make_initrd(const struct applying *applying, const struct operation *operation, struct error *err)
{
    struct error failed = {0}, second = {0};
    bool ran = run_program(applying->guest, operation, &failed) == 0;
    if (ran && segment_is_needless(applying->guest, operation))
        return 0;
    if (ran)
        error_set(&failed, "%s ended well, and left drivers out of %s", operation->argv.items[0], operation->path);
    bool mended = !is_full(&failed) && (ran || undo_put_back(applying->guest->root_fd, applying->number, &operation->changes, &second) == 0) &&
                  segment_append(applying->guest, operation, &second) == 0;
    if (mended) {
        warn(applying, operation, failed.message);
        return label_changes(applying->guest, operation, err);
    }
    if (err)
        *err = failed;
    return second.message[0] ? error_set(err, "%s (and then: %s)", failed.message, second.message) : -1;
}

static int carry_out(const struct applying *applying, const struct operation *operation, struct error *err)
{
    const struct guest *guest = applying->guest;
    switch (operation->kind) {
    case OPERATION_WRITE:
        return replace_file(guest->root_fd, operation->path, operation->content, operation->length, operation->mode, err);
    case OPERATION_REMOVE:
        return remove_file(guest->root_fd, operation->path, err);
    case OPERATION_RUN:
        return operation->path ? make_initrd(applying, operation, err) : run_program(guest, operation, err);
    case OPERATION_EXTEND:
        return segment_append(guest, operation, err);
    case OPERATION_INSTALL:
        return loader_install(guest, operation->path, err) < 0 ? error_prefix(err, "install extlinux in %s", operation->path) : label_changes(guest, operation, err);
    case OPERATION_ACTIVATE:
        return boot_sector_activate(guest, operation->partition, applying->held_boot_code, err);
    }
    return error_set(err, "an operation of an unknown kind");
}

static int carry_out_all(const struct applying *applying, const struct plan *plan, struct error *err)
{
    const struct apply_watch *watch = applying->watch;
    for (size_t i = 0; i < plan->operation_count; i++) {
        const struct operation *operation = &plan->operations[i];
        if (watch && watch->begins)
            watch->begins(watch->context, operation, i, plan->operation_count);
        if (carry_out(applying, operation, err) < 0)
            return error_prefix(err, "%s", operation->step);
    }
    return syncfs(applying->guest->root_fd) < 0 ? error_errno(err, "flush the guest's file system") : 0;
}

/* A fix that failed in the middle is taken back at once: half of a plan is worse than none. */
static int take_back(const struct guest *guest, int number, struct error *err)
{
    struct error second = {0};
    if (undo_restore(guest, number, &second) == 0)
        return error_advise(err, "Everything that was changed before it was put back.");
    return error_advise(err, "Putting back what was changed before it failed too: %s. `rehost fix --undo` tries it again.", second.message);
}

int apply_plan(const struct guest *guest, const struct plan *plan, unsigned char *held_boot_code, const struct apply_watch *watch, struct error *err)
{
    struct applying applying = {.guest = guest, .watch = watch, .held_boot_code = held_boot_code};
    if (!plan->operation_count)
        return 0;
    if (!guest->writable)
        return error_set(err, "%s was opened for reading only", guest->what);
    unsigned char held_before[BOOT_CODE_BYTES];
    applying.number = undo_keep(guest, plan, held_boot_code, err);
    if (applying.number < 0)
        return -1;
    if (held_boot_code)
        memcpy(held_before, held_boot_code, sizeof held_before);
    if (carry_out_all(&applying, plan, err) == 0 && undo_complete(guest->root_fd, applying.number, err) == 0)
        return 0;
    if (held_boot_code)
        memcpy(held_boot_code, held_before, sizeof held_before);
    return take_back(guest, applying.number, err);
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
