/* Which file system is a system's root, and the whole of it mounted as it would be there. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "../base/cleanup.h"
#include "../base/root.h"
#include "devices.h"
#include "disk/attach.h"
#include "disk/volumes.h"
#include "inspect.h"

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

struct glance {
    bool found;           /* a system */
    uint64_t subvolume_id; /* that was mounted when none was named */
};
typedef void look_taken(struct guest *guest, struct partition *partition, int fd, struct glance *glance);

/* Mounts the file system for a moment. One that cannot be mounted is a finding: the root may be another. */
static int look_into(struct guest *guest, struct partition *partition, const char *options, look_taken *look, struct glance *glance, struct error *err)
{
    cleanup_free char *path = NULL;
    if (make_directory(guest, "look", &path, err) < 0)
        return -1;
    cleanup_close int target_fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    struct error said = {0};
    if (mount_partition(guest, partition, options, target_fd, GUEST_READ, &said) < 0) {
        if (!partition->problem)
            partition->problem = checked_copy(said.message);
        return 0;
    }
    close(take_fd(&target_fd)); /* it would hold the directory below the mount */
    look(guest, partition, guest->attachment->mounts[guest->attachment->mount_count - 1].fd, glance);
    return unmount_last(guest, path, err);
}

static void look_for_system(struct guest *guest, struct partition *partition, int fd, struct glance *glance)
{
    glance->found = root_holds_system(fd);
    if (glance->found)
        luks_take_names(guest, fd);
    glance->subvolume_id = string_is(partition->fs_type, "btrfs") ? subvolume_id(fd) : 0;
}

static bool has_id(int top_fd, const char *path, uint64_t id)
{
    cleanup_close int fd = root_open(top_fd, path, O_RDONLY | O_DIRECTORY, 0);
    return fd >= 0 && subvolume_id(fd) == id;
}

/* What was found before is the subvolume that is mounted when none is named; another one may say that it is the system. */
static void look_at_subvolumes(struct guest *guest, struct partition *partition, int fd, struct glance *glance)
{
    cleanup_strings struct strings systems = {0};
    partition->subvolume = subvolume_of_system(fd, &systems);
    if (!partition->subvolume && !glance->found && systems.count == 1)
        partition->subvolume = checked_copy(systems.items[0]);
    partition->subvolume_is_default = partition->subvolume && has_id(fd, partition->subvolume, glance->subvolume_id);
    glance->found |= partition->subvolume != NULL;
    cleanup_close int system_fd = partition->subvolume ? root_open(fd, partition->subvolume, O_RDONLY | O_DIRECTORY, 0) : -1;
    if (system_fd >= 0)
        luks_take_names(guest, system_fd);
    if (glance->found || !systems.count)
        return;
    cleanup_free char *names = strings_join(&systems, ", ");
    cleanup_free char *words = partition_words(partition);
    cleanup_free char *note = checked_printf("%s is a btrfs with several systems (%s), and none of them lies where its own /etc/fstab says", words, names);
    strings_add(&guest->notes, note);
}

static int look_at(struct guest *guest, struct partition *partition, bool *found, struct error *err)
{
    struct glance glance = {0};
    if (look_into(guest, partition, NULL, look_for_system, &glance, err) < 0)
        return -1;
    bool is_btrfs = string_is(partition->fs_type, "btrfs") && !partition->problem;
    if (is_btrfs && look_into(guest, partition, "subvolid=5", look_at_subvolumes, &glance, err) < 0) /* 5: the top, in every btrfs */
        return -1;
    *found = glance.found;
    return 0;
}

/* One device of a btrfs over several: the whole of it is looked at as a volume, if it is there. */
static bool is_part_of_several(const struct partition *partition)
{
    return partition->opened || partition->closed;
}

static int find_among(struct guest *guest, size_t first, size_t end, struct partition **root, struct error *err)
{
    struct partition *partition;
    for (size_t i = first; i < end && (partition = guest_part(guest, i)); i++) {
        bool found = false;
        if (!partition->device || is_part_of_several(partition) || !mount_is_known(partition->fs_type) || string_is(partition->fs_type, "vfat"))
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

/* On the disk that it boots from, volumes included, whichever disks these lie on; what stands on the others is no second system then, but an old copy. */
int roots_find(struct guest *guest, struct partition **root, struct error *err)
{
    size_t on_first = guest->disk.partition_count + guest->disk.volume_count;
    if (find_among(guest, 0, on_first, root, err) < 0)
        return -1;
    return guest->systems.count ? 0 : find_among(guest, on_first, SIZE_MAX, root, err);
}

static void read_fstab(struct guest *guest)
{
    cleanup_free char *text = root_read(guest->root_fd, "/etc/fstab", FSTAB_BYTES_MAX, NULL);
    if (text)
        fstab_parse(text, &guest->fstab, &guest->fstab_count);
    else if (errno != ENOENT) {
        cleanup_free char *note = checked_printf("/etc/fstab cannot be read: %s", strerror(errno));
        strings_add(&guest->notes, note);
    }
    if (guest->fstab_count == FSTAB_ENTRIES_MAX)
        strings_add(&guest->notes, "/etc/fstab has more entries than any server has: only the first 1024 are read");
}

/* The option that leads to the subvolume of an entry; the caller's, NULL when it names none. */
static char *subvolume_option(const struct fstab_entry *entry)
{
    cleanup_free char *path = option_value(entry->options, "subvol"), *id = option_value(entry->options, "subvolid");
    return path ? checked_printf("subvol=%s", path) : id ? checked_printf("subvolid=%s", id) : NULL;
}

/* A name that the old machine gave to another of its disks (/dev/sdb1) is told by their order. */
static struct partition *partition_of(const struct guest *guest, const struct fstab_entry *entry)
{
    const struct partition *found = guest_find_partition(guest, entry->spec), *named = found ? NULL : device_partition(guest, entry->spec);
    return (struct partition *)(named && device_holds(named, entry->type) ? named : found);
}

static int mount_entry(struct guest *guest, const struct fstab_entry *entry, enum guest_access access, struct error *err)
{
    struct partition *partition = partition_of(guest, entry);
    if (!partition || !partition->device)
        return error_set(err, guest->other_count ? "it is on none of these disks" : "it is not on this disk");
    if (partition->closed)
        return error_set(err, "%s", partition->closed);
    cleanup_free char *subvolume = string_is(partition->fs_type, "btrfs") ? subvolume_option(entry) : NULL;
    if (partition->mount_point && !subvolume)
        return 0;
    cleanup_close int target_fd = root_open(guest->root_fd, entry->file, O_PATH | O_DIRECTORY, 0);
    if (target_fd < 0)
        return error_errno(err, "open %s in the guest", entry->file);
    if (access == GUEST_WRITE && mount_check(partition, err) < 0)
        return -1;
    if (mount_partition(guest, partition, subvolume, target_fd, access, err) < 0)
        return -1;
    if (!partition->mount_point)
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

static int mount_other(struct guest *guest, const struct fstab_entry *entry, bool needed, enum guest_access access, struct error *err)
{
    struct error said = {0};
    if (fstab_has_option(entry, "bind") || mount_entry(guest, entry, access, &said) == 0)
        return 0;
    if (access == GUEST_WRITE && needed) {
        *err = said;
        return error_prefix(err, "mount the guest's %s (%s in its fstab)", entry->file, entry->spec);
    }
    cleanup_free char *note = checked_printf("%s (%s in fstab) is not mounted: %s", entry->file, entry->spec, said.message);
    strings_add(&guest->notes, note);
    return 0;
}

/* Those that hold what we read or change, outer ones first. An ESP that cannot be mounted stops nobody that boots by BIOS. */
static int mount_others(struct guest *guest, enum guest_access access, struct error *err)
{
    static const struct { const char *file; bool needed; } others[] = {{"/usr", true}, {"/var", true}, {"/boot", true}, {"/boot/efi", false}, {"/efi", false}};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        const struct fstab_entry *entry = entry_of(guest, others[i].file);
        if (entry && mount_other(guest, entry, others[i].needed, access, err) < 0)
            return -1;
    }
    return 0;
}

static bool is_subvolume_of_root(const struct guest *guest, const struct fstab_entry *entry)
{
    cleanup_free char *subvolume = subvolume_option(entry);
    return subvolume && guest_find_partition(guest, entry->spec) == guest->root_partition && !string_is(entry->file, "/");
}

/* SUSE keeps /boot/grub2/x86_64-efi, /opt, /root and others in subvolumes of their own; they are no further disks to look into, so all
 * of them are mounted. The outer ones stand first in an fstab, or the guest's own boot would fail. */
static int mount_subvolumes(struct guest *guest, enum guest_access access, struct error *err)
{
    static const char *const mounted[] = {"/usr", "/var", "/boot"};
    for (size_t i = 0; i < guest->fstab_count; i++) {
        const struct fstab_entry *entry = &guest->fstab[i];
        bool is_mounted = false;
        for (size_t j = 0; j < sizeof mounted / sizeof *mounted; j++)
            is_mounted |= string_is(entry->file, mounted[j]);
        if (!is_mounted && is_subvolume_of_root(guest, entry) && mount_other(guest, entry, false, access, err) < 0)
            return -1;
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
        cleanup_free char *subvolume = root->subvolume ? checked_printf("subvol=%s", root->subvolume) : NULL;
        if (mount_partition(guest, root, subvolume, target_fd, access, err) < 0)
            return -1;
        guest->root_fd = open(guest->root_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (guest->root_fd < 0)
            return error_errno(err, "open the guest's root");
        root->mount_point = checked_copy("/");
        guest->root_partition = root;
    }
    read_fstab(guest);
    if (!root || mount_others(guest, access, err) < 0)
        return root ? -1 : 0;
    return string_is(root->fs_type, "btrfs") ? mount_subvolumes(guest, access, err) : 0;
}
