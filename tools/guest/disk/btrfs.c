/* A btrfs over several devices. The kernel mounts it by any one of them once it was told of all, so they are made known to it while the guest is open, and
 * forgotten after that. What stands for the whole of it is a volume, with the device of the first one. */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "../../base/bytes.h"
#include "../../base/cleanup.h"
#include "volumes.h"

/* btrfs' on-disk format: num_devices, in the superblock at 64 KiB. */
#define DEVICE_COUNT_AT (0x10000 + 0x88)
#define MEMBERS_MAX 64

struct members {
    uint64_t wanted;
    size_t count;
    struct partition *items[MEMBERS_MAX];
};

static uint64_t device_count(const struct partition *part)
{
    unsigned char number[8];
    cleanup_close int fd = open(part->device, O_RDONLY | O_CLOEXEC);
    bool was_read = fd >= 0 && pread(fd, number, sizeof number, DEVICE_COUNT_AT) == (ssize_t)sizeof number;
    return was_read ? get_le64(number) : 1;
}

static struct partition *next_of_several(struct guest *guest, size_t *cursor)
{
    struct partition *part;
    while ((part = volume_next_container(guest, "btrfs", cursor)) && (part->kind == LAYER_BTRFS || !part->uuid || device_count(part) == 1))
        continue;
    return part;
}

/* All devices of the file system that this one is the first of; each has the file system's UUID. */
static void gather(struct guest *guest, struct partition *first, struct members *members)
{
    struct partition *part;
    *members = (struct members){.wanted = device_count(first)};
    for (size_t cursor = 0; (part = next_of_several(guest, &cursor)) && members->count < MEMBERS_MAX;)
        if (string_is(part->uuid, first->uuid))
            members->items[members->count++] = part;
}

static int make_known(struct guest *guest, const struct partition *member, struct error *err)
{
    cleanup_strings struct strings devices = {0};
    strings_add(&devices, member->device);
    if (volume_run((const char *const[]){"btrfs", "device", "scan", member->device, NULL}, -1, NULL, NULL, err) < 0)
        return -1;
    volume_undo_by(guest, (const char *const[]){"btrfs", "device", "scan", "--forget", member->device, NULL}, &devices);
    return 0;
}

static int open_all(struct guest *guest, const struct members *members, struct error *err)
{
    if (members->count < members->wanted)
        return error_set(err, "it is a btrfs over %llu devices, and only %zu of them %s on these disks", (unsigned long long)members->wanted, members->count,
                         members->count == 1 ? "is" : "are");
    volume_drivers_load((const char *const[]){"btrfs", NULL});
    for (size_t i = 0; i < members->count; i++)
        if (make_known(guest, members->items[i], err) < 0)
            return error_prefix(err, "it is a btrfs over several devices, and not all of them can be made known to the kernel");
    struct partition *volume = volume_add(guest, members->items[0]->device, LAYER_BTRFS, members->items[0]);
    if (!volume)
        return error_set(err, "there are too many volumes");
    strings_add_new(&volume->drivers, "btrfs");
    volume_probe(guest, volume);
    volume->size_bytes = 0;
    for (size_t i = 0; i < members->count; i++) {
        volume_needs_as(volume, members->items[i]);
        volume->size_bytes += members->items[i]->size_bytes;
        members->items[i]->whole = volume;
    }
    return 0;
}

void btrfs_open(struct guest *guest)
{
    struct partition *first;
    for (size_t cursor = 0; (first = next_of_several(guest, &cursor));) {
        struct error err = {0};
        struct members members;
        gather(guest, first, &members);
        bool opened = open_all(guest, &members, &err) == 0;
        for (size_t i = 0; i < members.count; i++) {
            members.items[i]->opened = opened;
            if (!opened)
                volume_stays_closed(members.items[i], string_trim(err.message));
        }
    }
}
