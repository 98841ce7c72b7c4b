/* Mounting the guest's file systems: to look at them without a byte written, or to change them after a check. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>

#include "../../base/cleanup.h"
#include "../../base/program.h"
#include "../../base/root.h"
#include "attach.h"

#define CHECK_SECONDS (4 * 3600)

/* To read, a journal must not be replayed: that writes, and with a source it is not ours to write. */
static const struct kind {
    const char *type, *driver, *read_options, *old_read_options;
} kinds[] = {
    {"ext2", "ext4", "noload", ""}, /* ext4's driver serves all three; a kernel with ext2's own knows no noload */
    {"ext3", "ext4", "noload", NULL},
    {"ext4", "ext4", "noload", NULL},
    {"xfs", "xfs", "norecovery", NULL},
    {"btrfs", "btrfs", "rescue=nologreplay", "nologreplay"}, /* the first since Linux 5.9 */
    {"vfat", "vfat", "", NULL},
};

static const struct kind *kind_of(const char *fs_type)
{
    for (size_t i = 0; fs_type && i < sizeof kinds / sizeof *kinds; i++)
        if (string_is(kinds[i].type, fs_type))
            return &kinds[i];
    return NULL;
}

bool mount_is_known(const char *fs_type)
{
    return kind_of(fs_type) != NULL;
}

static int mount_with(const struct partition *partition, const struct kind *kind, const char *own, const char *options, const char *target, unsigned long flags)
{
    cleanup_free char *all = checked_printf("%s%s%s", own, *own && options ? "," : "", options ? options : "");
    return mount(partition->device, target, kind->driver, MS_NODEV | MS_NOATIME | flags, all);
}

static int try_mount(const struct partition *partition, const struct kind *kind, const char *options, const char *target, enum guest_access access)
{
    if (access == GUEST_WRITE)
        return mount_with(partition, kind, "", options, target, 0);
    if (mount_with(partition, kind, kind->read_options, options, target, MS_RDONLY) == 0)
        return 0;
    return errno == EINVAL && kind->old_read_options ? mount_with(partition, kind, kind->old_read_options, options, target, MS_RDONLY) : -1;
}

static int explain(const struct partition *partition, struct error *err)
{
    int reason = errno;
    error_errno(err, "mount %s (%s)", partition->device, partition->fs_type);
    if (reason == ENODEV)
        return error_advise(err, "this kernel has no driver for %s", partition->fs_type);
    return error_advise(err, "the file system may be damaged: check it on the source, or on a copy of it (fsck)");
}

static void remember(struct attachment *attachment, const struct partition *partition, int fd)
{
    attachment->mounts = checked_grow(attachment->mounts, attachment->mount_count + 1, sizeof *attachment->mounts);
    attachment->mounts[attachment->mount_count++] = (struct mounted){checked_copy(partition->device), fd};
}

/* The target is an open directory, so that no symbolic link of the guest can lead the mount elsewhere. */
int mount_partition(struct guest *guest, struct partition *partition, const char *options, int target_fd, enum guest_access access, struct error *err)
{
    const struct kind *kind = kind_of(partition->fs_type);
    if (!kind)
        return error_set(err, "mount %s: %s file systems are not handled", partition->device, partition->fs_type);
    cleanup_free char *target = checked_printf("/proc/self/fd/%d", target_fd);
    cleanup_free char *path = realpath(target, NULL); /* what lies under the mount now; the mount lies on top of it */
    if (!path || try_mount(partition, kind, options, target, access) < 0)
        return explain(partition, err);
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return error_errno(err, "open the mounted %s", partition->device);
    remember(guest->attachment, partition, fd);
    return 0;
}

/* The status is a set of bits (e2fsck(8)): 1 mended, 2 mended and a reboot would be wanted, 4 and above not mended. */
int mount_check(struct partition *partition, struct error *err)
{
    if (!partition->fs_type || !string_starts(partition->fs_type, "ext"))
        return 0;
    const char *const argv[] = {"e2fsck", "-p", partition->device, NULL};
    cleanup_text struct text output = {0};
    struct error said = {0};
    int status;
    struct program program = {.argv = argv, .input_fd = -1, .timeout_seconds = CHECK_SECONDS, .exit_status = &status};
    if (program_run(&program, &output, &said) == 0 || (status >= 0 && status < 4))
        return 0;
    free(partition->problem);
    partition->problem = checked_copy(said.message);
    cleanup_free char *words = partition_words(partition);
    error_set(err, "the file system check of %s (%s) failed: %s", words, partition->device, said.message);
    return error_advise(err, "no file of the guest was changed; check %s by hand (e2fsck -f) and look at what it asks, or mend it on the source, then try again", words);
}
