/* See volumes.h. */
#include "volumes.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../base/cleanup.h"
#include "../../base/program.h"

#define VOLUMES_MAX 256
#define DEPTH_MAX 4 /* LVM in LUKS in a RAID in partitions, and one more */
#define RUN_SECONDS 120
#define DEVICES_FILE "/proc/devices"

/* Without udev nobody would tell these programs that a node is there; where there is one, it is not waited for either. */
static const char *const environment[] = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C", "DM_DISABLE_UDEV=1", "MDADM_NO_UDEV=1",
                                          "LVM_SUPPRESS_FD_WARNINGS=1", NULL};

struct volume_undo {
    struct strings argv, devices;
};

struct window {
    int fd;
    char *device;
    const struct partition *of;
};

int volume_run(const char *const *argv, int input_fd, struct text *output, int *exit_status, struct error *err)
{
    struct program program = {.argv = argv, .environment = environment, .input_fd = input_fd, .timeout_seconds = RUN_SECONDS, .exit_status = exit_status};
    return program_run(&program, output, err);
}

void volume_drivers_load(const char *const *modules)
{
    for (; *modules; modules++) {
        const char *const argv[] = {"modprobe", "-q", *modules, NULL};
        (void)program_run(&(struct program){.argv = argv, .input_fd = -1, .timeout_seconds = 30}, NULL, NULL);
    }
}

int volume_mapper_ready(const char *const *modules, struct error *err)
{
    volume_drivers_load(modules);
    char text[16384];
    cleanup_close int fd = open(DEVICES_FILE, O_RDONLY | O_CLOEXEC);
    ssize_t length = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    text[length < 0 ? 0 : length] = '\0';
    return strstr(text, "device-mapper") ? 0 : error_set(err, "the kernel of this machine has no device-mapper");
}

bool volume_name_is_harmless(const char *name)
{
    const char *at = name;
    while (isalnum((unsigned char)*at) || (*at && strchr("+_.-", *at)))
        at++;
    return at > name && !*at;
}

void volume_stays_closed(struct partition *container, const char *why)
{
    if (!container->opened && !container->closed)
        container->closed = checked_copy(why);
}

struct partition *volume_next_container(struct guest *guest, const char *fs_type, size_t *cursor)
{
    struct partition *part;
    size_t index = *cursor;
    for (; (part = guest_part(guest, index)); index++)
        if (string_is(part->fs_type, fs_type) && part->device && !part->opened && !part->closed)
            break;
    *cursor = index + 1;
    return part;
}

static bool is_read_only(const char *device)
{
    int read_only = 0;
    cleanup_close int fd = open(device, O_RDONLY | O_CLOEXEC);
    return fd >= 0 && ioctl(fd, BLKROGET, &read_only) == 0 && read_only;
}

const char *volume_container(struct guest *guest, struct partition *container, enum guest_access access, struct error *err)
{
    struct attachment *attachment = guest->attachment;
    if (access == GUEST_WRITE || is_read_only(container->device))
        return container->device;
    for (size_t i = 0; i < attachment->window_count; i++)
        if (attachment->windows[i].of == container)
            return attachment->windows[i].device;
    struct window window = {.of = container};
    if (loop_attach_part(container->device, 0, container->size_bytes, &window.fd, &window.device, err) < 0)
        return NULL;
    attachment->windows = checked_grow(attachment->windows, attachment->window_count + 1, sizeof *attachment->windows);
    attachment->windows[attachment->window_count++] = window;
    return window.device;
}

void volume_needs_as(struct partition *volume, const struct partition *container)
{
    volume->layers |= container->layers;
    volume->disks |= container->disks;
    for (size_t i = 0; i < container->drivers.count; i++)
        strings_add_new(&volume->drivers, container->drivers.items[i]);
}

struct partition *volume_add(struct guest *guest, const char *device, enum layer kind, const struct partition *inside_of)
{
    struct guest_disk *disk = &guest->disk;
    if (disk->volume_count == VOLUMES_MAX)
        return NULL;
    if (!disk->volumes)
        disk->volumes = checked_alloc(VOLUMES_MAX * sizeof *disk->volumes); /* at once: there are pointers to them */
    struct partition *volume = &disk->volumes[disk->volume_count++];
    *volume = (struct partition){.device = checked_copy(device), .kind = kind, .layers = kind};
    volume_needs_as(volume, inside_of);
    return volume;
}

void volume_probe(struct guest *guest, struct partition *volume)
{
    struct error err = {0};
    cleanup_close int fd = open(volume->device, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || ioctl(fd, BLKGETSIZE64, &volume->size_bytes) < 0)
        error_errno(&err, "open %s", volume->device);
    else if (partition_probe(fd, guest, volume, &err) == 0)
        return;
    free(volume->problem);
    volume->problem = checked_copy(err.message);
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
    keeper_start(guest);
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
    for (size_t i = 0; i < guest->attachment->undo_count; i++) {
        rename_in(&guest->attachment->undos[i].argv, old, new);
        rename_in(&guest->attachment->undos[i].devices, old, new);
    }
    keeper_start(guest);
}

static int undo_one(const struct volume_undo *undo, bool written, struct error *err)
{
    for (size_t i = 0; i < undo->devices.count; i++)
        if (attach_wait_let_go(undo->devices.items[i], written, err) < 0)
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

int volumes_close(struct guest *guest, struct error *err)
{
    struct attachment *attachment = guest->attachment;
    int result = volumes_take_apart(guest, err);
    keeper_end(attachment);
    for (size_t i = 0; i < attachment->undo_count; i++) {
        strings_free(&attachment->undos[i].argv);
        strings_free(&attachment->undos[i].devices);
    }
    for (size_t i = 0; i < attachment->window_count; i++) {
        close(attachment->windows[i].fd);
        free(attachment->windows[i].device);
    }
    free(attachment->undos);
    free(attachment->windows);
    attachment->undos = NULL;
    attachment->windows = NULL;
    attachment->undo_count = attachment->window_count = 0;
    return result;
}

/* What file systems lie in without being seen. */
static bool is_container(const struct partition *partition)
{
    static const char *const types[] = {"LVM2_member", "LVM1_member", "linux_raid_member", "crypto_LUKS",
                                        "zfs_member",  "bcache",      "isw_raid_member",   "ddf_raid_member"};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (string_is(partition->fs_type, types[i]))
            return true;
    return false;
}

static void say_where(struct guest_disk *disk, unsigned number)
{
    for (size_t i = 0; i < disk->partition_count; i++)
        disk->partitions[i].disks = 1u << number;
}

/* Each round opens what the one before has brought to light. */
void volumes_open(struct guest *guest, enum guest_access access)
{
    say_where(&guest->disk, 0);
    for (unsigned i = 0; i < guest->other_count; i++)
        say_where(&guest->others[i].disk, i + 1);
    for (unsigned depth = 0; depth < DEPTH_MAX; depth++) {
        size_t before = guest->disk.volume_count;
        md_open(guest, access);
        luks_open(guest, access);
        lvm_open(guest, access);
        if (guest->disk.volume_count == before)
            break;
    }
    struct partition *part;
    for (size_t i = 0; (part = guest_part(guest, i)); i++)
        if (is_container(part))
            volume_stays_closed(part, "rehost does not look into such");
}
