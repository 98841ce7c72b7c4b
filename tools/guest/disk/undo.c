/* What takes volumes apart again: noted down for each as soon as it is put together. They live in the kernel, and nothing there knows when we are gone:
 * so while there are any, a keeper knows them, too. */
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>

#include "../../base/cleanup.h"
#include "volumes.h"

struct volume_undo {
    struct strings argv, devices;
};

static void take_apart_after_us(void *context)
{
    struct guest *guest = context;
    umount2(guest->attachment->base, MNT_DETACH | UMOUNT_NOFOLLOW);
    volumes_take_apart(guest, NULL);
}

void volume_undo_by(struct guest *guest, const char *const *argv, const struct strings *devices)
{
    struct attachment *attachment = guest->attachment;
    attachment->undos = checked_grow(attachment->undos, attachment->undo_count + 1, sizeof *attachment->undos);
    struct volume_undo *undo = &attachment->undos[attachment->undo_count++];
    *undo = (struct volume_undo){0};
    for (; *argv; argv++)
        strings_add(&undo->argv, *argv);
    for (size_t i = 0; i < devices->count; i++)
        strings_add(&undo->devices, devices->items[i]);
    keeper_start(&attachment->keeper, take_apart_after_us, guest);
}

static void rename_in(struct strings *list, const char *old, const char *new)
{
    for (size_t i = 0; i < list->count; i++) {
        char *at = strstr(list->items[i], old);
        if (!at)
            continue;
        char *renamed = checked_printf("%.*s%s%s", (int)(at - list->items[i]), list->items[i], new, at + strlen(old));
        free(list->items[i]);
        list->items[i] = renamed;
    }
}

/* Whole names and those in lvm2's settings; the old one is one of ours, that stands for nothing else. */
void volume_undo_renamed(struct guest *guest, const char *old, const char *new)
{
    struct attachment *attachment = guest->attachment;
    for (size_t i = 0; i < attachment->undo_count; i++) {
        rename_in(&attachment->undos[i].argv, old, new);
        rename_in(&attachment->undos[i].devices, old, new);
    }
    keeper_start(&attachment->keeper, take_apart_after_us, guest);
}

static int undo_one(const struct volume_undo *undo, bool written, struct error *err)
{
    for (size_t i = 0; i < undo->devices.count; i++)
        if (device_wait_let_go(undo->devices.items[i], written, err) < 0)
            return -1;
    cleanup_free const char **argv = checked_alloc((undo->argv.count + 1) * sizeof *argv);
    for (size_t i = 0; i < undo->argv.count; i++)
        argv[i] = undo->argv.items[i];
    return volume_run(argv, -1, NULL, NULL, err) < 0 ? error_prefix(err, "take the guest's volumes apart") : 0;
}

int volumes_take_apart(struct guest *guest, struct error *err)
{
    int result = 0;
    for (size_t i = guest->attachment->undo_count; i-- > 0;)
        if (undo_one(&guest->attachment->undos[i], guest->writable, result < 0 ? NULL : err) < 0)
            result = -1;
    return result;
}

void volume_undo_forget(struct attachment *attachment)
{
    keeper_end(&attachment->keeper);
    for (size_t i = 0; i < attachment->undo_count; i++) {
        strings_free(&attachment->undos[i].argv);
        strings_free(&attachment->undos[i].devices);
    }
    free(attachment->undos);
    attachment->undos = NULL;
    attachment->undo_count = 0;
}
