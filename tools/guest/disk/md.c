/* Linux' software RAIDs, by mdadm itself: as many of an array's members as there are, when the array works with these. */
#include <ctype.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../base/cleanup.h"
#include "volumes.h"

#define ARRAYS_MAX 128 /* md0 to md127 */

/* As mdadm names them, and their modules. */
static const char *const levels[][2] = {{"raid1", "raid1"},   {"raid10", "raid10"}, {"raid5", "raid456"}, {"raid4", "raid456"},
                                        {"raid6", "raid456"}, {"raid0", "raid0"},   {"linear", "linear"}};

struct array {
    char *uuid, *level;
    char *name; /* as the array's own superblock names it: "/dev/md/0", "/dev/md/root" */
    struct strings members; /* devices, as mdadm is to see them */
    struct partition *containers[ARRAYS_MAX];
};

static void free_array(struct array *array)
{
    free(array->uuid);
    free(array->level);
    free(array->name);
    strings_free(&array->members);
}
#define cleanup_array __attribute__((cleanup(free_array)))

/* What stands behind NAME= on a line of its own; the caller's, or NULL. */
static char *exported(const char *account, const char *name)
{
    const char *line;
    size_t length, name_length = strlen(name);
    while (account && next_line(&account, &line, &length))
        if (length > name_length && strncmp(line, name, name_length) == 0 && line[name_length] == '=')
            return checked_copy_bytes(line + name_length + 1, length - name_length - 1);
    return NULL;
}

/* "ARRAY /dev/md/0 metadata=1.2 UUID=…" → "/dev/md/0"; a superblock of the old kind has the number alone: "/dev/md0". The caller's, or NULL. */
static char *name_in_brief(const char *brief)
{
    static const char start[] = "ARRAY /dev/md";
    const char *at = brief ? strstr(brief, start) : NULL;
    size_t length = at ? strcspn(at + 6, " \n") : 0;
    char *name = at ? checked_copy_bytes(at + 6, length) : NULL;
    for (char *letter = name; letter && *letter; letter++)
        if (!isalnum((unsigned char)*letter) && !strchr("/_.:-", *letter))
            *letter = '_';
    return name;
}

static int examine(const char *device, struct array *array, struct error *err)
{
    cleanup_text struct text account = {0}, brief = {0};
    if (volume_run((const char *const[]){"mdadm", "--examine", "--export", device, NULL}, -1, &account, NULL, err) < 0 ||
        volume_run((const char *const[]){"mdadm", "--examine", "--brief", device, NULL}, -1, &brief, NULL, err) < 0)
        return -1;
    array->uuid = exported(account.data, "MD_UUID");
    array->level = exported(account.data, "MD_LEVEL");
    array->name = name_in_brief(brief.data);
    return array->uuid && array->level ? 0 : error_set(err, "mdadm's account of it is not understood");
}

/* The first of the members that are left, and all others of its array. NULL: there is none left. */
static struct partition *gather(struct guest *guest, enum guest_access access, struct array *array)
{
    struct partition *first = NULL, *part;
    for (size_t cursor = 0; (part = volume_next_container(guest, "linux_raid_member", &cursor)) && array->members.count < ARRAYS_MAX;) {
        struct error err = {0};
        cleanup_array struct array own = {0};
        const char *device = volume_container(guest, part, access, &err);
        if (!device || examine(device, &own, &err) < 0) {
            volume_stays_closed(part, string_trim(err.message));
            continue;
        }
        if (!first) {
            *array = own;
            own = (struct array){0};
            first = part;
        } else if (!string_is(own.uuid, array->uuid))
            continue;
        array->containers[array->members.count] = part;
        strings_add(&array->members, device);
    }
    return first;
}

static const char *module_of(const char *level)
{
    for (size_t i = 0; i < sizeof levels / sizeof *levels; i++)
        if (string_is(level, levels[i][0]))
            return levels[i][1];
    return NULL;
}

static bool exists(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0;
}

/* The number that the array's name asks for, or the highest that is free, as mdadm does it; the caller's. */
static char *free_device(const char *name)
{
    const char *digits = name ? name + strcspn(name, "0123456789") : "";
    unsigned long wanted = *digits && strspn(digits, "0123456789") == strlen(digits) ? strtoul(digits, NULL, 10) : ARRAYS_MAX;
    for (unsigned long i = 0; i <= ARRAYS_MAX; i++) {
        unsigned long number = i == 0 ? wanted : ARRAYS_MAX - i;
        cleanup_free char *in_sys = checked_printf("/sys/block/md%lu", number);
        if (number < ARRAYS_MAX && !exists(in_sys))
            return checked_printf("/dev/md%lu", number);
    }
    return checked_copy("/dev/md127");
}

/* One that did not start may still hold its members. */
static void stop_later(struct guest *guest, const char *device)
{
    cleanup_free char *in_sys = checked_printf("/sys/block/%s", strrchr(device, '/') + 1);
    cleanup_strings struct strings devices = {0};
    strings_add(&devices, device);
    if (exists(in_sys))
        volume_undo_by(guest, (const char *const[]){"mdadm", "--stop", device, NULL}, &devices);
}

static int assemble(struct guest *guest, enum guest_access access, const struct array *array, const char *device, struct error *err)
{
    cleanup_free const char **argv = checked_alloc((array->members.count + 8) * sizeof *argv);
    size_t count = 0;
    argv[count++] = "mdadm";
    argv[count++] = "--assemble";
    argv[count++] = device;
    argv[count++] = "--config=none";
    argv[count++] = "--run"; /* with a half of a mirror, too */
    if (access == GUEST_READ)
        argv[count++] = "--readonly";
    for (size_t i = 0; i < array->members.count; i++)
        argv[count++] = array->members.items[i];
    int result = volume_run(argv, -1, NULL, NULL, err);
    stop_later(guest, device);
    return result;
}

/* Of a level that lives without some of its disks: how many of these it has to do without (Documentation/admin-guide/md.rst, "degraded"). */
static unsigned missing_disks(const char *device)
{
    cleanup_free char *path = checked_printf("/sys/block/%s/md/degraded", strrchr(device, '/') + 1);
    char text[16] = "";
    cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC);
    return fd >= 0 && read(fd, text, sizeof text - 1) > 0 ? (unsigned)strtoul(text, NULL, 10) : 0;
}

/* md notes in the superblocks which disks are gone with the first write only. An array that nothing of the fix-up lies in would go on waiting for them at
 * every start (mdadm --incremental). So its first block is written as it is. */
static int note_loss(const char *device, struct error *err)
{
    cleanup_free void *block = NULL;
    cleanup_close int fd = open(device, O_RDWR | O_DIRECT | O_SYNC | O_CLOEXEC);
    if (fd >= 0 && posix_memalign(&block, 4096, 4096) == 0 && pread(fd, block, 4096, 0) == 4096 && pwrite(fd, block, 4096, 0) == 4096)
        return 0;
    return error_errno(err, "write to it without the disks that are missing");
}

/* "/dev/md/0" is /dev/md0, too. udev's link by UUID is what Ubuntu's installer writes into fstab. */
static void add_names(struct partition *volume, const struct array *array)
{
    const char *name = array->name, *short_name = name && string_starts(name, "/dev/md/") ? name + strlen("/dev/md/") : "";
    cleanup_free char *node = checked_printf("/dev/md%s", short_name), *link = checked_printf("/dev/disk/by-id/md-uuid-%s", array->uuid);
    if (name)
        strings_add(&volume->names, name);
    if (*short_name && strspn(short_name, "0123456789") == strlen(short_name))
        strings_add(&volume->names, node);
    strings_add(&volume->names, link);
}

static int open_array(struct guest *guest, enum guest_access access, const struct array *array, struct error *err)
{
    const char *module = module_of(array->level);
    cleanup_free char *device = free_device(array->name);
    if (!module)
        return error_set(err, "arrays of the kind %s are not started", array->level);
    volume_drivers_load((const char *const[]){"md_mod", module, NULL});
    if (!exists("/proc/mdstat"))
        return error_set(err, "the kernel of this machine has no software RAID (md)");
    if (assemble(guest, access, array, device, err) < 0)
        return error_prefix(err, "mdadm does not start the array");
    unsigned missing = missing_disks(device);
    if (missing && access == GUEST_WRITE && note_loss(device, err) < 0)
        return -1;
    struct partition *volume = volume_add(guest, device, LAYER_RAID, array->containers[0]);
    if (!volume)
        return 0;
    for (size_t i = 1; i < array->members.count; i++)
        volume_needs_as(volume, array->containers[i]);
    add_names(volume, array);
    volume->missing = missing;
    strings_add_new(&volume->drivers, "md_mod");
    strings_add_new(&volume->drivers, module);
    volume_probe(guest, volume);
    return 0;
}

void md_open(struct guest *guest, enum guest_access access)
{
    for (;;) {
        struct error err = {0};
        cleanup_array struct array array = {0};
        if (!gather(guest, access, &array))
            return;
        bool opened = open_array(guest, access, &array, &err) == 0;
        for (size_t i = 0; i < array.members.count; i++) {
            array.containers[i]->opened = opened;
            if (!opened)
                volume_stays_closed(array.containers[i], string_trim(err.message));
        }
    }
}
