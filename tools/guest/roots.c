/* Which file system is a system's root, and the whole of it mounted as it would be there. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "../base/cleanup.h"
#include "../base/root.h"
#include "disk/attach.h"
#include "inspect.h"

#define FSTAB_MAX (1u << 20)

static bool any_exists(int fd, const char *const *paths)
{
    for (; *paths; paths++)
        if (root_exists(fd, *paths))
            return true;
    return false;
}

/* An absolute link to a systemd in a /usr of its own file system leads nowhere yet, so the link itself counts. */
static bool is_root(int fd)
{
    static const char *const inits[] = {"/lib/systemd/systemd", "/usr/lib/systemd/systemd", "/etc/inittab", "/sbin/init", NULL};
    static const char *const settings[] = {"/etc/os-release", "/etc/fstab", "/usr/lib/os-release", NULL};
    cleanup_free char *link = root_readlink(fd, "/sbin/init");
    return root_is_directory(fd, "/etc") && (link || any_exists(fd, inits)) && any_exists(fd, settings);
}

static int make_directory(struct guest *guest, const char *name, char **path, struct error *err)
{
    *path = checked_printf("%s/%s", guest->attachment->base, name);
    if (mkdir(*path, 0700) < 0 && errno != EEXIST)
        return error_errno(err, "make %s", *path);
    return 0;
}

/* Takes the last mount off again. */
static int unmount_last(struct guest *guest, const char *path, struct error *err)
{
    struct attachment *attachment = guest->attachment;
    struct mounted *last = &attachment->mounts[--attachment->mount_count];
    close(last->fd);
    free(last->device);
    return umount2(path, UMOUNT_NOFOLLOW) == 0 ? 0 : error_errno(err, "unmount %s", path);
}

/* Ubuntu and SUSE put the system into a subvolume that is not the default one; Debian's installer calls it @rootfs. */
static void note_subvolumes(struct guest *guest, const struct partition *partition, int fd)
{
    if (!string_is(partition->fs_type, "btrfs") || !(root_is_directory(fd, "/@") || root_is_directory(fd, "/@rootfs")))
        return;
    cleanup_free char *note = checked_printf("partition %u is a btrfs with subvolumes: a system in them is not read yet", partition->number);
    strings_add(&guest->notes, note);
}

static int look_at(struct guest *guest, struct partition *partition, bool *found, struct error *err)
{
    cleanup_free char *path = NULL;
    if (make_directory(guest, "look", &path, err) < 0)
        return -1;
    cleanup_close int target_fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    struct error said = {0};
    if (mount_partition(guest, partition, target_fd, GUEST_READ, &said) < 0) {
        /* One that cannot be mounted is a finding: the root may be another. */
        if (!partition->problem)
            partition->problem = checked_copy(said.message);
        return 0;
    }
    close(take_fd(&target_fd)); /* it would hold the directory below the mount */
    int fd = guest->attachment->mounts[guest->attachment->mount_count - 1].fd;
    *found = is_root(fd);
    if (!*found)
        note_subvolumes(guest, partition, fd);
    return unmount_last(guest, path, err);
}

/* What holds other file systems is named, not opened: waking a guest's volume group could change it. */
static void note_container(struct guest *guest, const struct partition *partition)
{
    static const char *const containers[] = {"LVM2_member", "LVM1_member", "linux_raid_member", "crypto_LUKS", "zfs_member", "bcache", "isw_raid_member"};
    for (size_t i = 0; i < sizeof containers / sizeof *containers; i++) {
        if (!string_is(partition->fs_type, containers[i]))
            continue;
        cleanup_free char *note = checked_printf("partition %u is a %s: what is inside is not read yet", partition->number, partition->fs_type);
        strings_add(&guest->notes, note);
    }
}

int roots_find(struct guest *guest, struct partition **root, struct error *err)
{
    for (size_t i = 0; i < guest->disk.partition_count; i++) {
        struct partition *partition = &guest->disk.partitions[i];
        bool found = false;
        note_container(guest, partition);
        if (!partition->device || !mount_is_known(partition->fs_type) || string_is(partition->fs_type, "vfat"))
            continue;
        if (look_at(guest, partition, &found, err) < 0)
            return -1;
        if (found) {
            strings_add(&guest->systems, partition->device);
            *root = partition;
        }
    }
    return 0;
}

static void read_fstab(struct guest *guest)
{
    cleanup_free char *text = root_read(guest->root_fd, "/etc/fstab", FSTAB_MAX, NULL);
    if (text)
        fstab_parse(text, &guest->fstab, &guest->fstab_count);
    else if (errno != ENOENT) {
        cleanup_free char *note = checked_printf("/etc/fstab cannot be read: %s", strerror(errno));
        strings_add(&guest->notes, note);
    }
    if (guest->fstab_count == FSTAB_ENTRIES_MAX)
        strings_add(&guest->notes, "/etc/fstab has more entries than any server has: only the first 1024 are read");
}

static int mount_entry(struct guest *guest, const struct fstab_entry *entry, enum guest_access access, struct error *err)
{
    struct partition *partition = (struct partition *)guest_find_partition(guest, entry->spec);
    if (!partition || !partition->device || partition->mount_point)
        return partition && partition->device ? 0 : error_set(err, guest->other_count ? "it is on none of these disks" : "it is not on this disk");
    cleanup_close int target_fd = root_open(guest->root_fd, entry->file, O_PATH | O_DIRECTORY, 0);
    if (target_fd < 0)
        return error_errno(err, "open %s in the guest", entry->file);
    if (access == GUEST_WRITE && mount_check(partition, err) < 0)
        return -1;
    if (mount_partition(guest, partition, target_fd, access, err) < 0)
        return -1;
    partition->mount_point = checked_copy(entry->file);
    return 0;
}

static const struct fstab_entry *entry_of(const struct guest *guest, const char *file)
{
    for (size_t i = 0; i < guest->fstab_count; i++)
        if (string_is(guest->fstab[i].file, file))
            return &guest->fstab[i];
    return NULL;
}

/* Those that hold what we read or change, outer ones first. An ESP that cannot be mounted stops nobody that boots by BIOS. */
static int mount_others(struct guest *guest, enum guest_access access, struct error *err)
{
    static const struct { const char *file; bool needed; } others[] = {{"/usr", true}, {"/var", true}, {"/boot", true}, {"/boot/efi", false}};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        const struct fstab_entry *entry = entry_of(guest, others[i].file);
        struct error said = {0};
        if (!entry || fstab_has_option(entry, "bind") || mount_entry(guest, entry, access, &said) == 0)
            continue;
        if (access == GUEST_WRITE && others[i].needed) {
            *err = said;
            return error_prefix(err, "mount the guest's %s (%s in its fstab)", others[i].file, entry->spec);
        }
        cleanup_free char *note = checked_printf("%s (%s in fstab) is not mounted: %s", others[i].file, entry->spec, said.message);
        strings_add(&guest->notes, note);
    }
    return 0;
}

int roots_mount(struct guest *guest, struct partition *root, enum guest_access access, struct error *err)
{
    if (root) {
        if (make_directory(guest, "root", &guest->root_path, err) < 0)
            return -1;
        if (access == GUEST_WRITE && mount_check(root, err) < 0)
            return -1;
        cleanup_close int target_fd = open(guest->root_path, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (mount_partition(guest, root, target_fd, access, err) < 0)
            return -1;
        guest->root_fd = open(guest->root_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (guest->root_fd < 0)
            return error_errno(err, "open the guest's root");
        root->mount_point = checked_copy("/");
        guest->root_partition = root;
    }
    read_fstab(guest);
    return root ? mount_others(guest, access, err) : 0;
}
