/* See disk_content.h. */
#include "disk_content.h"

#include <blkid/blkid.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "../base/cleanup.h"
#include "../base/text.h"
#include "../pull/pull.h"

#define BLANK_BYTES (1u << 20)

static void cleanup_free_probe(blkid_probe *probe)
{
    if (*probe)
        blkid_free_probe(*probe);
}
#define cleanup_probe __attribute__((cleanup(cleanup_free_probe)))

/* Labels come from whoever used the disk before: no control characters on our console. */
static void append_clean(struct text *out, const char *string)
{
    for (; *string; string++) {
        char letter = (unsigned char)*string < 0x20 || *string == 0x7f ? '?' : *string;
        text_append_bytes(out, &letter, 1);
    }
}

/* "ext4 "root"", or nothing. */
static bool append_file_system(int fd, uint64_t offset, uint64_t size, struct text *out)
{
    cleanup_probe blkid_probe probe = blkid_new_probe();
    if (!probe || blkid_probe_set_device(probe, fd, (blkid_loff_t)offset, (blkid_loff_t)size) < 0)
        return false;
    blkid_probe_enable_superblocks(probe, 1);
    blkid_probe_set_superblocks_flags(probe, BLKID_SUBLKS_TYPE | BLKID_SUBLKS_LABEL);
    const char *type = NULL, *label = NULL;
    if (blkid_do_safeprobe(probe) != 0 || blkid_probe_lookup_value(probe, "TYPE", &type, NULL) < 0 || !type)
        return false;
    append_clean(out, type);
    if (blkid_probe_lookup_value(probe, "LABEL", &label, NULL) == 0 && label && *label) {
        text_append(out, " \"");
        append_clean(out, label);
        text_append(out, "\"");
    }
    return true;
}

/* libblkid counts partitions in units of 512 bytes whatever the sector size. */
static void append_partition(int fd, blkid_partition partition, bool first, struct text *out)
{
    uint64_t size = (uint64_t)blkid_partition_get_size(partition) * 512;
    cleanup_free char *people = size_for_people(size);
    text_printf(out, "%s%d ", first ? ": " : ", ", blkid_partition_get_partno(partition));
    if (blkid_partition_is_extended(partition))
        text_append(out, "extended");
    else if (!append_file_system(fd, (uint64_t)blkid_partition_get_start(partition) * 512, size, out))
        text_append(out, "unknown");
    text_printf(out, " %s", people);
}

static bool append_table(int fd, struct text *out)
{
    cleanup_probe blkid_probe probe = blkid_new_probe();
    if (!probe || blkid_probe_set_device(probe, fd, 0, 0) < 0)
        return false;
    blkid_probe_enable_superblocks(probe, 0);
    blkid_probe_enable_partitions(probe, 1);
    blkid_partlist list = blkid_probe_get_partitions(probe);
    blkid_parttable table = list ? blkid_partlist_get_table(list) : NULL;
    if (!table)
        return false;
    text_printf(out, "%s table", blkid_parttable_get_type(table));
    int count = blkid_partlist_numof_partitions(list);
    for (int i = 0; i < count; i++)
        append_partition(fd, blkid_partlist_get_partition(list, i), i == 0, out);
    if (!count)
        text_append(out, " without partitions");
    return true;
}

/* 1 blank, 0 not, -1 unreadable. */
static int is_blank(int fd)
{
    cleanup_free char *start = checked_alloc(BLANK_BYTES);
    ssize_t got;
    do
        got = pread(fd, start, BLANK_BYTES, 0);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        return -1;
    for (ssize_t i = 0; i < got; i++)
        if (start[i])
            return 0;
    return 1;
}

static void append_content(int fd, struct text *out)
{
    if (append_table(fd, out) || append_file_system(fd, 0, 0, out))
        return;
    int blank = is_blank(fd);
    text_append(out, blank < 0 ? "what cannot be read" : blank ? "nothing (its first MiB is blank)" : "data of an unknown kind");
}

static bool append_own_state(const char *device, struct text *out)
{
    cleanup_free char *description = NULL;
    enum pull_state state = pull_state_of(device, &description);
    if (state == PULL_NONE)
        return false;
    append_clean(out, description ? description : state == PULL_HALF_DONE ? "a half-done copy" : "a copy whose boot code is held back");
    return true;
}

char *disk_content(const char *device)
{
    struct text out = {0};
    if (append_own_state(device, &out))
        return text_take(&out);
    cleanup_close int fd = open(device, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        text_printf(&out, "what is not known, as it cannot be opened: %s", strerror(errno));
    else
        append_content(fd, &out);
    return text_take(&out);
}

char *disk_label(const char *device)
{
    cleanup_close int fd = open(device, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    cleanup_probe blkid_probe probe = blkid_new_probe();
    const char *label = NULL;
    if (fd < 0 || !probe || blkid_probe_set_device(probe, fd, 0, 0) < 0)
        return NULL;
    blkid_probe_enable_superblocks(probe, 1);
    blkid_probe_set_superblocks_flags(probe, BLKID_SUBLKS_TYPE | BLKID_SUBLKS_LABEL);
    if (blkid_do_safeprobe(probe) != 0 || blkid_probe_lookup_value(probe, "LABEL", &label, NULL) < 0)
        return NULL;
    return checked_copy(label);
}

/* Whether the device of this number is the disk of this name, or a partition of it: the link of a partition in /sys ends
 * in DISK/PARTITION. `part` receives the last component. */
static bool is_on_disk(unsigned major_number, unsigned minor_number, const char *disk, char **part)
{
    cleanup_free char *path = checked_printf("/sys/dev/block/%u:%u", major_number, minor_number);
    char link[4097];
    ssize_t length = readlink(path, link, sizeof link - 1);
    if (length <= 0)
        return false;
    link[length] = '\0';
    cleanup_free char *as_parent = checked_printf("/%s/", disk);
    const char *last = strrchr(link, '/');
    if (!last || (!strstr(link, as_parent) && !string_is(last + 1, disk)))
        return false;
    *part = checked_copy(last + 1);
    return true;
}

/* The kernel lets nobody claim a disk while it or a partition of it is mounted; this only finds the words for it.
 * mountinfo's third field is the device's number, its fifth the place. */
static char *mounted_where(const char *device)
{
    cleanup_fclose FILE *mounts = fopen("/proc/self/mountinfo", "re");
    const char *disk = strrchr(device, '/') ? strrchr(device, '/') + 1 : device;
    cleanup_free char *line = NULL;
    size_t capacity = 0;
    while (mounts && getline(&line, &capacity, mounts) > 0) {
        unsigned major_number, minor_number;
        char where[4097];
        cleanup_free char *part = NULL;
        if (sscanf(line, "%*u %*u %u:%u %*s %4096s", &major_number, &minor_number, where) == 3 &&
            is_on_disk(major_number, minor_number, disk, &part))
            return checked_printf("/dev/%s is mounted on %s", part, where);
    }
    return NULL;
}

char *disk_in_use(const char *device)
{
    struct stat st;
    if (stat(device, &st) < 0)
        return checked_printf("%s: %s", device, strerror(errno));
    bool is_block = S_ISBLK(st.st_mode);
    if (!is_block && !S_ISREG(st.st_mode))
        return checked_printf("%s is neither a disk nor a file", device);
    cleanup_close int fd = open(device, O_RDWR | O_CLOEXEC | O_NONBLOCK | (is_block ? O_EXCL : 0));
    if (fd >= 0)
        return NULL;
    if (errno != EBUSY)
        return checked_printf("%s cannot be written to: %s", device, strerror(errno));
    char *mounted = mounted_where(device);
    return mounted ? mounted : checked_printf("%s is in use (a volume group, a RAID, swap, or another program)", device);
}
