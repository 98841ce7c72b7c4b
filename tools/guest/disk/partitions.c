/* What is on the disk, by libblkid: the partition table, and what each partition holds. Never by a cache, and never by
 * a parser of our own. */
#include <blkid/blkid.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/blkpg.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "../../base/cleanup.h"
#include "attach.h"

#define PARTITIONS_MAX 256
#define ENDS_BYTES (512 << 10)
#define DOS_ACTIVE 0x80

/* ext2/3/4 superblock at byte 1024 (Documentation/filesystems/ext4/super.rst): s_magic at 0x38, s_state at 0x3a with
 * bit 1 "errors detected", s_feature_incompat at 0x60 with bit 2 "needs recovery". */
#define EXT_SUPERBLOCK 1024
#define EXT_STATE 0x3a
#define EXT_STATE_ERRORS 2
#define EXT_INCOMPAT 0x60
#define EXT_INCOMPAT_RECOVER 4

static void cleanup_probe(blkid_probe *probe)
{
    blkid_free_probe(*probe);
}

static char *probe_value(blkid_probe probe, const char *name)
{
    const char *value = NULL;
    return blkid_probe_lookup_value(probe, name, &value, NULL) == 0 && value && *value ? checked_copy(value) : NULL;
}

/* File systems of the ext family say themselves whether they want a check. */
static void look_at_ext(int fd, struct guest *guest, struct partition *partition)
{
    unsigned char superblock[EXT_INCOMPAT + 4];
    ssize_t got = pread(fd, superblock, sizeof superblock, (off_t)(partition->offset_bytes + EXT_SUPERBLOCK));
    if (got != (ssize_t)sizeof superblock)
        return;
    if (superblock[EXT_STATE] & EXT_STATE_ERRORS)
        partition->problem = checked_copy("the kernel found errors in it and marked it so; it wants a full e2fsck");
    if (superblock[EXT_INCOMPAT] & EXT_INCOMPAT_RECOVER) {
        cleanup_free char *words = partition_words(partition);
        cleanup_free char *note = checked_printf("%s was not unmounted cleanly: its journal has not been replayed", words);
        strings_add(&guest->notes, note);
    }
}

/* libblkid reads some forty places near both ends, one after the other, and in the end all of both: over a far link each costs the way there and
 * back. */
static void fetch_ends(int fd, uint64_t offset_bytes, uint64_t size_bytes)
{
    (void)posix_fadvise(fd, (off_t)offset_bytes, ENDS_BYTES, POSIX_FADV_WILLNEED);
    if (size_bytes > ENDS_BYTES)
        (void)posix_fadvise(fd, (off_t)(offset_bytes + size_bytes - ENDS_BYTES), ENDS_BYTES, POSIX_FADV_WILLNEED);
}

int partition_probe(int fd, struct guest *guest, struct partition *partition, struct error *err)
{
    __attribute__((cleanup(cleanup_probe))) blkid_probe probe = blkid_new_probe();
    if (!probe || blkid_probe_set_device(probe, fd, (blkid_loff_t)partition->offset_bytes, (blkid_loff_t)partition->size_bytes) < 0)
        return error_set(err, "cannot read partition %u of %s", partition->number, guest->disk.device);
    fetch_ends(fd, partition->offset_bytes, partition->size_bytes);
    blkid_probe_enable_superblocks(probe, 1);
    blkid_probe_set_superblocks_flags(probe, BLKID_SUBLKS_TYPE | BLKID_SUBLKS_UUID | BLKID_SUBLKS_LABEL | BLKID_SUBLKS_USAGE);
    errno = 0;
    int found = blkid_do_safeprobe(probe);
    if (found == -2)
        partition->problem = checked_copy("the signatures of more than one file system stand in it");
    if (found == -1 && errno == EIO)
        return error_errno(err, "read partition %u of %s", partition->number, guest->disk.device);
    if (found != 0)
        return 0;
    partition->fs_type = probe_value(probe, "TYPE");
    partition->uuid = probe_value(probe, "UUID");
    partition->label = probe_value(probe, "LABEL");
    if (partition->fs_type && string_starts(partition->fs_type, "ext"))
        look_at_ext(fd, guest, partition);
    return 0;
}

char *recognise(const char *device)
{
    cleanup_close int fd = open(device, O_RDONLY | O_CLOEXEC);
    __attribute__((cleanup(cleanup_probe))) blkid_probe probe = blkid_new_probe();
    if (fd < 0 || !probe || blkid_probe_set_device(probe, fd, 0, 0) < 0)
        return NULL;
    blkid_probe_enable_superblocks(probe, 1);
    blkid_probe_set_superblocks_flags(probe, BLKID_SUBLKS_TYPE);
    return blkid_do_safeprobe(probe) == 0 ? probe_value(probe, "TYPE") : NULL;
}

static char *type_of(blkid_partition entry)
{
    const char *type = blkid_partition_get_type_string(entry); /* GPT */
    return type ? checked_copy(type) : checked_printf("0x%02x", (unsigned)blkid_partition_get_type(entry));
}

static void take_partition(blkid_partition entry, struct partition *partition)
{
    *partition = (struct partition){
        .number = (unsigned)blkid_partition_get_partno(entry),
        .offset_bytes = (uint64_t)blkid_partition_get_start(entry) * 512,
        .size_bytes = (uint64_t)blkid_partition_get_size(entry) * 512,
        .type = type_of(entry),
        .partuuid = checked_copy(blkid_partition_get_uuid(entry)),
        .bootable = !blkid_partition_get_type_string(entry) && (blkid_partition_get_flags(entry) & DOS_ACTIVE),
    };
}

/* A disk without a table: one file system from its first to its last sector, "partition 0". */
static int take_whole_disk(int fd, struct guest *guest, struct error *err)
{
    struct guest_disk *disk = &guest->disk;
    disk->partitions = checked_alloc(sizeof *disk->partitions);
    disk->partitions[0] = (struct partition){.size_bytes = disk->size_bytes, .device = checked_copy(disk->device)};
    disk->partition_count = 1;
    if (partition_probe(fd, guest, &disk->partitions[0], err) < 0)
        return -1;
    if (!disk->partitions[0].fs_type && !disk->partitions[0].problem) {
        free(disk->partitions[0].device);
        disk->partition_count = 0;
    }
    return 0;
}

bool guest_disk_is_bare(const struct guest_disk *disk)
{
    return !disk->table && disk->partition_count == 1 && mount_is_known(disk->partitions[0].fs_type);
}

static bool node_is(const char *path, dev_t number)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISBLK(st.st_mode) && st.st_rdev == number;
}

static char *sysfs_text(const char *name, const char *file)
{
    cleanup_free char *path = checked_printf("/sys/class/block/%s/%s", name, file);
    char text[64];
    cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t length = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    return length < 0 ? NULL : checked_copy_bytes(text, (size_t)length);
}

/* "sda" → "sda1", "loop0" → "loop0p1" */
static char *kernel_name(const char *disk_device, unsigned number)
{
    const char *name = strrchr(disk_device, '/') + 1;
    char last = name[strlen(name) - 1];
    return checked_printf("%s%s%u", name, last >= '0' && last <= '9' ? "p" : "", number);
}

/* sysfs counts in 512 bytes whatever the sector is. */
static bool kernel_knows(const char *name, const struct partition *partition)
{
    cleanup_free char *start = sysfs_text(name, "start"), *size = sysfs_text(name, "size");
    return start && size && strtoull(start, NULL, 10) * 512 == partition->offset_bytes && strtoull(size, NULL, 10) * 512 == partition->size_bytes;
}

static int tell_kernel(const char *disk_device, const struct partition *partition, struct error *err)
{
    struct blkpg_partition entry = {.start = (long long)partition->offset_bytes, .length = (long long)partition->size_bytes, .pno = (int)partition->number};
    struct blkpg_ioctl_arg argument = {.op = BLKPG_ADD_PARTITION, .datalen = sizeof entry, .data = &entry};
    cleanup_close int fd = open(disk_device, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || ioctl(fd, BLKPG, &argument) < 0)
        return error_errno(err, "make partition %u of %s known to the kernel", partition->number, disk_device);
    return 0;
}

/* Not every kernel scans loop devices, or knows this table at all; BLKPG needs neither. The node is devtmpfs's, or
 * our own where nobody makes it. */
static int find_node(struct guest *guest, struct partition *partition, struct error *err)
{
    unsigned major_number, minor_number;
    cleanup_free char *name = kernel_name(guest->disk.device, partition->number);
    if (!kernel_knows(name, partition) && tell_kernel(guest->disk.device, partition, err) < 0)
        return -1;
    cleanup_free char *numbers = sysfs_text(name, "dev");
    if (!numbers || sscanf(numbers, "%u:%u", &major_number, &minor_number) != 2)
        return error_set(err, "the kernel shows no device for partition %u of %s", partition->number, guest->disk.device);
    partition->device = checked_printf("/dev/%s", name);
    if (node_is(partition->device, makedev(major_number, minor_number)))
        return 0;
    free(partition->device);
    partition->device = checked_printf("%s/%s", guest->attachment->base, name);
    if (mknod(partition->device, S_IFBLK | 0600, makedev(major_number, minor_number)) < 0 && errno != EEXIST)
        return error_errno(err, "make the node %s", partition->device);
    return 0;
}

/* Of an extended partition the kernel shows the first sectors only. */
bool partition_is_extended(const struct partition *partition)
{
    return string_is(partition->type, "0x05") || string_is(partition->type, "0x0f") || string_is(partition->type, "0x85");
}

/* A disk that was just written holds another table than the one that the kernel read at boot. */
static void rescan(int fd, const struct guest_disk *disk)
{
    for (size_t i = 0; i < disk->partition_count; i++) {
        cleanup_free char *name = kernel_name(disk->device, disk->partitions[i].number);
        if (!partition_is_extended(&disk->partitions[i]) && !kernel_knows(name, &disk->partitions[i])) {
            (void)ioctl(fd, BLKRRPART); /* what it could not do shows in find_node */
            return;
        }
    }
}

static int take_table(int fd, blkid_partlist list, struct guest *guest, struct error *err)
{
    struct guest_disk *disk = &guest->disk;
    int count = blkid_partlist_numof_partitions(list);
    disk->boot_code = boot_code_at(fd, 0);
    disk->table = checked_copy(blkid_parttable_get_type(blkid_partlist_get_table(list)));
    disk->partitions = checked_alloc(((size_t)count + 1) * sizeof *disk->partitions);
    for (int i = 0; i < count && i < PARTITIONS_MAX; i++)
        take_partition(blkid_partlist_get_partition(list, i), &disk->partitions[disk->partition_count++]);
    rescan(fd, disk);
    for (size_t i = 0; i < disk->partition_count; i++) {
        struct partition *partition = &disk->partitions[i];
        if (partition_is_extended(partition))
            continue;
        if (partition->offset_bytes + partition->size_bytes > disk->size_bytes) {
            partition->problem = checked_copy("it reaches behind the end of the disk");
            continue;
        }
        if (partition_probe(fd, guest, partition, err) < 0 || find_node(guest, partition, err) < 0)
            return -1;
        partition->boot_code = boot_code_at(fd, partition->offset_bytes);
    }
    return 0;
}

int partitions_read(struct guest *guest, struct error *err)
{
    cleanup_close int fd = open(guest->disk.device, O_RDONLY | O_CLOEXEC);
    __attribute__((cleanup(cleanup_probe))) blkid_probe probe = blkid_new_probe();
    if (fd < 0 || !probe || blkid_probe_set_device(probe, fd, 0, 0) < 0)
        return error_errno(err, "read %s", guest->disk.device);
    fetch_ends(fd, 0, guest->disk.size_bytes);
    char first[4096]; /* libblkid takes what it cannot read for a disk without anything on it */
    if (pread(fd, first, sizeof first, 0) < 0)
        return error_errno(err, "read the first sectors of %s", guest->disk.device);
    blkid_probe_enable_partitions(probe, 1);
    blkid_probe_set_partitions_flags(probe, BLKID_PARTS_ENTRY_DETAILS);
    blkid_partlist list = blkid_probe_get_partitions(probe);
    if (list && blkid_partlist_get_table(list))
        return take_table(fd, list, guest, err);
    return take_whole_disk(fd, guest, err);
}
