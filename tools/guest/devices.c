/* See devices.h. */
#include "devices.h"

#include <ctype.h>
#include <string.h>

#include "../base/cleanup.h"

/* Disks whose partitions are the name and a number: IDE (hd), SCSI and SATA (sd), virtio (vd), Xen (xvd), and old
 * UML/paravirtual ones (ubd). */
static const char *const lettered[] = {"/dev/sd", "/dev/hd", "/dev/vd", "/dev/xvd", "/dev/ubd"};
/* A disk of a storage network that is reached by several paths: mpatha, mpathb; in RHEL 5 mpath0. Its partitions are mpatha1 (RHEL 7 and later), mpathap1
 * (RHEL 5 and 6), mpatha-part1 (Debian, SUSE). The moved server has one path, and no such name. */
static const char multipath[] = "/dev/mapper/mpath";
/* Disks whose name ends in a digit, so that a "p" comes before the partition's number. */
static const char *const numbered[] = {"/dev/nvme", "/dev/mmcblk", "/dev/cciss/c", "/dev/ida/c", "/dev/rd/c"};
/* Links that udev makes from the place or the serial number of the old disk. */
static const char *const linked[] = {"/dev/disk/by-path/", "/dev/disk/by-id/"};

static bool starts_with_one_of(const char *spec, const char *const *prefixes, size_t count, size_t *length)
{
    for (size_t i = 0; i < count; i++)
        if (string_starts(spec, prefixes[i])) {
            *length = strlen(prefixes[i]);
            return true;
        }
    return false;
}

/* The number at the end, and where its digits start; 0 when there are none. */
static unsigned number_at_end(const char *spec, size_t *start)
{
    *start = strlen(spec);
    while (*start && isdigit((unsigned char)spec[*start - 1]))
        --*start;
    unsigned long number = spec[*start] ? strtoul(spec + *start, NULL, 10) : 0;
    return number <= 1024 ? (unsigned)number : 0;
}

static char *lettered_disk(const char *spec, size_t prefix, unsigned *number)
{
    size_t start;
    *number = number_at_end(spec, &start);
    for (size_t i = prefix; i < start; i++)
        if (!islower((unsigned char)spec[i]))
            return NULL;
    return start > prefix ? checked_copy_bytes(spec, start) : NULL;
}

static char *numbered_disk(const char *spec, size_t prefix, unsigned *number)
{
    size_t start;
    if (!isdigit((unsigned char)spec[prefix]))
        return NULL;
    *number = number_at_end(spec, &start);
    if (start > prefix && spec[start - 1] == 'p')
        return checked_copy_bytes(spec, start - 1);
    *number = 0;
    return checked_copy(spec);
}

/* "a", "0"; any other name is that of a volume group which begins so. */
static char *multipath_named(const char *spec, size_t length)
{
    const char *name = spec + sizeof multipath - 1;
    size_t rest = length - (sizeof multipath - 1);
    bool is = rest && (strspn(name, "abcdefghijklmnopqrstuvwxyz") >= rest || strspn(name, "0123456789") >= rest);
    return is ? checked_copy_bytes(spec, length) : NULL;
}

static char *multipath_disk(const char *spec, unsigned *number)
{
    static const char *const between[] = {"-part", "_part", "p", ""};
    size_t prefix = sizeof multipath - 1, start;
    *number = number_at_end(spec, &start);
    if (start <= prefix || !*number) { /* mpatha, mpath0: a whole disk */
        *number = 0;
        return multipath_named(spec, strlen(spec));
    }
    for (size_t i = 0; i < sizeof between / sizeof *between; i++) {
        size_t length = strlen(between[i]);
        if (start > prefix + length && strncmp(spec + start - length, between[i], length) == 0)
            return multipath_named(spec, start - length);
    }
    return NULL;
}

/* Links that name no place: LVM's, RAID's, a file system's. */
static bool link_is_stable(const char *name)
{
    return string_starts(name, "dm-") || string_starts(name, "md-") || string_starts(name, "lvm-");
}

static char *linked_disk(const char *spec, size_t prefix, unsigned *number)
{
    size_t start;
    if (link_is_stable(spec + prefix))
        return NULL;
    *number = number_at_end(spec, &start);
    if (start >= prefix + 5 && strncmp(spec + start - 5, "-part", 5) == 0)
        return checked_copy_bytes(spec, start - 5);
    *number = 0;
    return checked_copy(spec);
}

char *device_disk_name(const char *spec, unsigned *number)
{
    size_t prefix;
    if (string_starts(spec, multipath))
        return multipath_disk(spec, number);
    if (starts_with_one_of(spec, lettered, sizeof lettered / sizeof *lettered, &prefix))
        return lettered_disk(spec, prefix, number);
    if (starts_with_one_of(spec, numbered, sizeof numbered / sizeof *numbered, &prefix))
        return numbered_disk(spec, prefix, number);
    if (starts_with_one_of(spec, linked, sizeof linked / sizeof *linked, &prefix))
        return linked_disk(spec, prefix, number);
    return NULL;
}

bool device_name_is_unstable(const char *spec)
{
    unsigned number;
    cleanup_free char *disk = device_disk_name(spec, &number);
    return disk != NULL;
}

/* What the old machine called this disk: as its settings name the disk of the root file system. NULL when they name it by UUID. */
static char *old_name_of_disk(const struct guest *guest)
{
    unsigned number;
    for (size_t i = 0; i < guest->fstab_count; i++)
        if (string_is(guest->fstab[i].file, "/")) {
            char *name = device_disk_name(guest->fstab[i].spec, &number);
            if (name)
                return name;
        }
    return guest->boot.default_root ? device_disk_name(guest->boot.default_root, &number) : NULL;
}

/* The first disk of every kind: what this disk was called when nothing says so. */
static bool is_first_of_its_kind(const char *disk)
{
    static const char *const first[] = {"/dev/sda", "/dev/hda", "/dev/vda", "/dev/xvda", "/dev/ubda", "/dev/nvme0n1", "/dev/mmcblk0", "/dev/cciss/c0d0",
                                        "/dev/mapper/mpatha", "/dev/mapper/mpath0"};
    for (size_t i = 0; i < sizeof first / sizeof *first; i++)
        if (string_is(disk, first[i]))
            return true;
    return false;
}

/* Links are taken for this disk's: a server with one disk has no other, and device_partition's caller compares the type. */
static bool is_this_disk(const struct guest *guest, const char *disk)
{
    cleanup_free char *old = old_name_of_disk(guest);
    if (string_starts(disk, "/dev/disk/"))
        return !old || !string_starts(old, "/dev/disk/") || string_is(old, disk);
    return old && !string_starts(old, "/dev/disk/") ? string_is(disk, old) : is_first_of_its_kind(disk);
}

/* What the settings call the root is the root, whatever the number: Xen gives a guest its file system as /dev/xvda2, and there is no other partition;
 * or as /dev/xvda, and now it is in one. */
static bool is_root(const struct guest *guest, const char *spec)
{
    for (size_t i = 0; i < guest->fstab_count; i++)
        if (string_is(guest->fstab[i].file, "/") && string_is(guest->fstab[i].spec, spec))
            return true;
    return string_is(guest->boot.default_root, spec);
}

static const struct partition *partition_numbered(const struct guest_disk *disk, unsigned number)
{
    for (size_t i = 0; i < disk->partition_count; i++) {
        const struct partition *partition = &disk->partitions[i];
        if (partition->number == number || (number == 0 && !disk->table && disk->partition_count == 1))
            return partition;
    }
    return NULL;
}

/* "sdaa" comes after "sdz". */
static bool is_earlier_name(const char *a, const char *b)
{
    size_t length = strlen(a), other = strlen(b);
    return length != other ? length < other : strcmp(a, b) < 0;
}

/* Which of the guest's other disks the old machine called so. Only the order tells: the names that its fstab has for other disks are those that there
 * are, as many as disks came along, in the order in which these were given. NULL when they are not as many; the caller compares the type. */
static const struct guest_disk *other_disk_named(const struct guest *guest, const char *name)
{
    cleanup_strings struct strings names = {0};
    unsigned number;
    size_t earlier = 0;
    for (size_t i = 0; i < guest->fstab_count; i++) {
        cleanup_free char *disk = device_disk_name(guest->fstab[i].spec, &number);
        if (disk && !string_starts(disk, "/dev/disk/") && !is_this_disk(guest, disk))
            strings_add_new(&names, disk);
    }
    for (size_t i = 0; i < names.count; i++)
        earlier += is_earlier_name(names.items[i], name);
    return names.count == guest->other_count && strings_contain(&names, name) ? &guest->others[earlier].disk : NULL;
}

const struct partition *device_partition(const struct guest *guest, const char *spec)
{
    unsigned number = 0;
    cleanup_free char *name = device_disk_name(spec, &number);
    if (!name)
        return NULL;
    if (guest->root_partition && is_root(guest, spec))
        return guest->root_partition;
    const struct guest_disk *disk = is_this_disk(guest, name) ? &guest->disk : other_disk_named(guest, name);
    const struct partition *part = disk ? partition_numbered(disk, number) : NULL;
    return part && part->whole ? part->whole : part;
}

bool device_holds(const struct partition *partition, const char *type)
{
    if (!partition->fs_type)
        return false;
    if (string_is(type, "auto") || string_is(type, partition->fs_type))
        return true;
    bool both_ext = string_starts(type, "ext") && string_starts(partition->fs_type, "ext"); /* ext4 drives ext2 and ext3 */
    return both_ext || (string_is(type, "msdos") && string_is(partition->fs_type, "vfat"));
}

char *device_by_uuid(const struct guest *guest, const char *spec)
{
    const struct partition *partition = device_partition(guest, spec);
    return partition && partition->uuid ? checked_printf("UUID=%s", partition->uuid) : NULL;
}
