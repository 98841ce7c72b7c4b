/* See attach.h. */
#include "attach.h"
#include "volumes.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "../../base/cleanup.h"
#include "../../base/namespace.h"
#include "../../base/program.h"
#include "../../source/probe.h"

/* A tmpfs of our own, as a /tmp with `nodev` would make device nodes in it useless. */
static int make_base(struct attachment *attachment, struct error *err)
{
    const char *temporary = getenv("TMPDIR");
    cleanup_free char *base = checked_printf("%s/rehost-XXXXXX", temporary && *temporary == '/' ? temporary : "/tmp");
    if (namespace_enter(err) < 0)
        return -1;
    if (!mkdtemp(base))
        return error_errno(err, "make a directory %s", base);
    if (mount("rehost", base, "tmpfs", MS_NOSUID, "mode=700") < 0) {
        error_errno(err, "mount a tmpfs on %s", base);
        rmdir(base);
        return -1;
    }
    attachment->base = take_pointer(base);
    return 0;
}

/* Images that are not raw hold a disk in another order of bytes; those are read through an adapter, and never written to. */
static int is_raw(const char *file, bool *raw, struct error *err)
{
    struct format_ends ends;
    if (probe_file(file, &ends, err) < 0)
        return -1;
    *raw = format_of(&ends) == FORMAT_RAW;
    return 0;
}

static int refuse_busy(const char *device, struct error *err)
{
    cleanup_close int fd = open(device, O_RDONLY | O_EXCL | O_CLOEXEC);
    if (fd >= 0 || errno != EBUSY)
        return 0;
    error_set(err, "%s is in use: something of it is mounted, or belongs to a volume group or an array", device);
    return error_advise(err, "unmount it first (lsblk %s shows what uses it)", device);
}

static int measure(const char *what, struct guest_disk *disk, struct error *err)
{
    cleanup_close int fd = open(disk->device, O_RDONLY | O_CLOEXEC);
    int sector_bytes = 512;
    if (fd < 0 || ioctl(fd, BLKGETSIZE64, &disk->size_bytes) < 0 || ioctl(fd, BLKSSZGET, &sector_bytes) < 0)
        return error_errno(err, "ask %s for its size", disk->device);
    disk->sector_bytes = (uint32_t)sector_bytes;
    return disk->size_bytes ? 0 : error_set(err, "%s is empty: it has not even one sector of 512 bytes", what);
}

static int attach_nbd(const char *nbd_uri, struct guest *guest, struct error *err)
{
    struct attachment *attachment = guest->attachment;
    guest->remote = true;
    if (nbd_attach(guest->what, nbd_uri, attachment, err) < 0)
        return -1;
    return loop_attach(attachment->nbdfuse.path, true, &attachment->loop_fd, &guest->disk.device, err);
}

static int attach_file(const char *file, enum guest_access access, struct guest *guest, struct error *err)
{
    bool raw;
    if (is_raw(file, &raw, err) < 0)
        return -1;
    if (raw)
        return loop_attach(file, access == GUEST_READ, &guest->attachment->loop_fd, &guest->disk.device, err);
    if (access != GUEST_READ) {
        error_set(err, "%s is no raw image, and only raw ones are changed", file);
        return error_advise(err, "pull it onto a disk or into a file first: rehost pull file:%s DISK", file);
    }
    struct source *source = &guest->attachment->source;
    return source_open_file(file, source, err) < 0 ? -1 : attach_nbd(source->nbd_uri, guest, err);
}

/* `nbd_uri` is where a source that is open already speaks NBD; NULL: it is ours to open. */
static int attach_uri(const char *uri, const char *nbd_uri, enum guest_access access, struct guest *guest, struct error *err)
{
    struct source *source = &guest->attachment->source;
    if (access == GUEST_READ && nbd_uri)
        return attach_nbd(nbd_uri, guest, err);
    if (access == GUEST_READ)
        return source_open(uri, NULL, source, err) < 0 ? -1 : attach_nbd(source->nbd_uri, guest, err);
    error_set(err, "%s is a source, and a source is never written to", uri);
    return error_advise(err, "pull it onto a disk first: rehost pull %s DISK", uri);
}

int attach_open(const char *what, const char *nbd_uri, enum guest_access access, struct guest *guest, struct error *err)
{
    struct stat st = {0};
    bool is_uri = source_is_uri(what);
    if (!is_uri && stat(what, &st) < 0)
        return error_errno(err, "look at %s", what);
    if (!is_uri && !S_ISREG(st.st_mode) && !S_ISBLK(st.st_mode))
        return error_set(err, "%s is neither a disk, an image file, a directory nor a source's URI", what);
    if (S_ISBLK(st.st_mode) && access == GUEST_WRITE && refuse_busy(what, err) < 0)
        return -1;
    guest->attachment = checked_alloc(sizeof *guest->attachment);
    guest->attachment->loop_fd = -1;
    /* Resolved before the namespace: a relative path and a link mean the same there, but say it once. */
    cleanup_free char *path = is_uri ? NULL : realpath(what, NULL);
    if (make_base(guest->attachment, err) < 0)
        return -1;
    int result = is_uri ? attach_uri(what, nbd_uri, access, guest, err) : 0;
    if (S_ISREG(st.st_mode))
        result = attach_file(path, access, guest, err);
    else if (S_ISBLK(st.st_mode))
        guest->disk.device = take_pointer(path);
    return result < 0 ? -1 : measure(what, &guest->disk, err);
}

/* Read past the cache, or it would answer itself. */
int attach_answers(const struct guest *guest, struct error *err)
{
    if (!guest->attachment || !guest->attachment->nbdfuse.path)
        return 0;
    cleanup_free void *sector = NULL;
    cleanup_close int fd = open(guest->attachment->nbdfuse.path, O_RDONLY | O_DIRECT | O_CLOEXEC);
    if (fd >= 0 && posix_memalign(&sector, 4096, 4096) == 0 && pread(fd, sector, 4096, 0) > 0)
        return 0;
    error_errno(err, "%s stopped answering while it was read", guest->what);
    return error_advise(err, "check the source's server and the network, then try again");
}

static int sync_mounts(struct guest *guest, struct error *err)
{
    int result = 0;
    for (size_t i = guest->attachment->mount_count; i-- > 0;) {
        struct mounted *mounted = &guest->attachment->mounts[i];
        if (guest->writable && syncfs(mounted->fd) < 0)
            result = error_errno(err, "flush %s", mounted->device);
        close(mounted->fd);
        free(mounted->device);
    }
    free(guest->attachment->mounts);
    return result;
}

int attach_close(struct guest *guest, struct error *err)
{
    struct attachment *attachment = guest->attachment;
    if (!attachment)
        return 0;
    int result = sync_mounts(guest, err);
    /* The file systems below go with it. A path into the guest would have to be trusted to unmount them one by one. */
    if (attachment->base && umount2(attachment->base, MNT_DETACH | UMOUNT_NOFOLLOW) < 0)
        result = error_errno(err, "unmount %s", attachment->base);
    if (volumes_close(guest, err) < 0)
        result = -1;
    if (guest->writable && guest->disk.device && device_wait_let_go(guest->disk.device, true, err) < 0)
        result = -1;
    if (attachment->loop_fd >= 0)
        close(attachment->loop_fd);
    nbd_detach(attachment);
    source_close(&attachment->source);
    if (attachment->base)
        rmdir(attachment->base);
    free(attachment->base);
    free(attachment);
    guest->attachment = NULL;
    return result;
}
