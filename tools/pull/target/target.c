/* See target.h. */
#include "target.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "../../base/bytes.h"
#include "../../base/cleanup.h"
#include "../../base/text.h"
#include "in_use.h"

#define HUGE_PAGE_BYTES (2u << 20) /* on x86-64 */

void *aligned_alloc_checked(size_t length)
{
    void *memory;
    bool large = length >= HUGE_PAGE_BYTES;
    if (posix_memalign(&memory, large ? HUGE_PAGE_BYTES : PAGE_BYTES, length) != 0)
        abort(); /* as everywhere: without memory nothing useful can be done, and the journal holds what was */
    if (large) /* 1 MiB is then one piece of memory for O_DIRECT, not 256; where there are no such pages, it is as it was */
        (void)madvise(memory, length, MADV_HUGEPAGE);
    return memory;
}

static int failed_at(const struct target *target, const char *doing, uint64_t offset, uint64_t length, struct error *err)
{
    int failure = errno;
    error_errno(err, "%s %s at offset %llu (%llu bytes)", doing, target->path, (unsigned long long)offset, (unsigned long long)length);
    if (failure == EIO || failure == EREMOTEIO || failure == ENODATA)
        error_advise(err, "The target disk %s does not take the data: check it (smartctl, dmesg), or use another.", target->path);
    else if (failure == ENOSPC || failure == EFBIG || failure == EDQUOT)
        error_advise(err, "There is no room left where %s is stored. Make room, then start again: it goes on from here.", target->path);
    return -1;
}

/* A mistyped device name must not become a file in memory. */
static bool is_below_dev(const char *path)
{
    return string_starts(path, "/dev/") && !string_starts(path, "/dev/shm/");
}

static int open_failed(const char *path, struct error *err)
{
    int failure = errno;
    if (failure == EBUSY)
        return explain_busy(path, err);
    error_errno(err, "open %s", path);
    if (failure == ENOENT)
        error_advise(err, "There is no such disk. `rehost hardware` lists the disks of this machine.");
    else if (failure == EROFS || failure == EACCES || failure == EPERM)
        error_advise(err, "The target cannot be written: is it write-protected, and is rehost run as root?");
    return -1;
}

static int open_writable(const char *path, bool *is_new, struct error *err)
{
    struct stat st;
    *is_new = false;
    if (stat(path, &st) < 0 && (errno != ENOENT || is_below_dev(path)))
        return open_failed(path, err);
    else if (access(path, F_OK) < 0)
        *is_new = true;
    else if (!S_ISBLK(st.st_mode) && (!S_ISREG(st.st_mode) || is_below_dev(path)))
        return error_set(err, "%s is neither a disk nor an image file", path);
    int flags = O_RDWR | O_CLOEXEC | (*is_new ? O_CREAT | O_EXCL : S_ISBLK(st.st_mode) ? O_EXCL : 0);
    int fd = open(path, flags, 0600);
    return fd < 0 ? open_failed(path, err) : fd;
}

static int check_block_device(struct target *target, struct error *err)
{
    int read_only = 0;
    if (ioctl(target->fd, BLKROGET, &read_only) == 0 && read_only)
        return error_set(err, "the target disk %s is write-protected", target->path);
    if (ioctl(target->fd, BLKGETSIZE64, &target->size_bytes) < 0)
        return error_errno(err, "ask %s for its size", target->path);
    target->zeroes_well = device_zeroes_well(target->fd);
    return 0;
}

static int check_file(struct target *target, uint64_t size_bytes, bool is_new, struct error *err)
{
    struct stat st;
    if (flock(target->fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK)
        return error_set(err, "the target %s is in use by another program", target->path);
    if (check_not_loop(target->path, err) < 0)
        return -1;
    if (is_new && ftruncate(target->fd, (off_t)size_bytes) < 0)
        return error_errno(err, "make %s %llu bytes long", target->path, (unsigned long long)size_bytes);
    if (fstat(target->fd, &st) < 0)
        return error_errno(err, "ask %s for its size", target->path);
    target->size_bytes = (uint64_t)st.st_size;
    target->zeroes_well = true;
    return 0;
}

static int check_size(const struct target *target, uint64_t size_bytes, struct error *err)
{
    if (target->size_bytes >= size_bytes)
        return 0;
    cleanup_free char *has = size_for_people(target->size_bytes), *needs = size_for_people(size_bytes);
    error_set(err, "the target %s is too small: it has %llu bytes (%s), the source has %llu (%s)", target->path,
              (unsigned long long)target->size_bytes, has, (unsigned long long)size_bytes, needs);
    return error_advise(err, "Give this machine a disk of at least the source's size.");
}

/* O_DIRECT where it works. The descriptor is opened anew, as flags like it belong to an open file. */
static void open_direct(struct target *target)
{
    cleanup_free char *link = checked_printf("/proc/self/fd/%d", target->fd);
    target->direct_fd = open(link, O_RDWR | O_CLOEXEC | O_DIRECT);
    if (target->direct_fd < 0)
        return;
    void *page = aligned_alloc_checked(PAGE_BYTES);
    if (pread(target->direct_fd, page, PAGE_BYTES, 0) < 0) { /* some FUSE file systems accept the flag and refuse the I/O */
        close(target->direct_fd);
        target->direct_fd = -1;
    }
    free(page);
}

int target_open(struct target *target, const char *path, uint64_t size_bytes, struct error *err)
{
    bool is_new;
    *target = (struct target){.path = checked_copy(path), .fd = -1, .direct_fd = -1};
    target->fd = open_writable(path, &is_new, err);
    struct stat st;
    if (target->fd >= 0 && fstat(target->fd, &st) == 0) {
        target->is_block = S_ISBLK(st.st_mode);
        int status = target->is_block ? check_block_device(target, err) : check_file(target, size_bytes, is_new, err);
        if (status == 0 && check_size(target, size_bytes, err) == 0) {
            open_direct(target);
            return 0;
        }
    }
    if (target->fd >= 0 && is_new)
        unlink(path);
    target_close(target);
    return -1;
}

void target_close(struct target *target)
{
    if (target->direct_fd >= 0)
        close(target->direct_fd);
    if (target->fd >= 0)
        close(target->fd);
    free(target->path);
    *target = (struct target){.fd = -1, .direct_fd = -1};
}

static bool is_aligned(const void *bytes, uint64_t offset, size_t length)
{
    return ((uintptr_t)bytes | offset | length) % PAGE_BYTES == 0;
}

static int write_through(const struct target *target, int fd, const char *bytes, uint64_t offset, size_t length, struct error *err)
{
    for (size_t done = 0; done < length;) {
        ssize_t written = pwrite(fd, bytes + done, length - done, (off_t)(offset + done));
        if (written < 0 && errno == EINTR)
            continue;
        if (written == 0)
            errno = EIO;
        if (written <= 0)
            return failed_at(target, "write", offset + done, length - done, err);
        done += (size_t)written;
        if (done < length && done % PAGE_BYTES)
            fd = target->fd; /* a direct write that ended short leaves a rest that is not aligned */
    }
    return 0;
}

int target_write(struct target *target, const void *bytes, uint64_t offset, size_t length, struct error *err)
{
    size_t direct = 0;
    if (target->direct_fd >= 0 && is_aligned(bytes, offset, 0))
        direct = align_down(length, PAGE_BYTES);
    if (direct && write_through(target, target->direct_fd, bytes, offset, direct, err) < 0)
        return -1;
    return write_through(target, target->fd, (const char *)bytes + direct, offset + direct, length - direct, err);
}

int target_read(const struct target *target, void *bytes, uint64_t offset, size_t length, struct error *err)
{
    int fd = target->direct_fd >= 0 && is_aligned(bytes, offset, length) ? target->direct_fd : target->fd;
    for (size_t done = 0; done < length;) {
        ssize_t got = pread(fd, (char *)bytes + done, length - done, (off_t)(offset + done));
        if (got < 0 && errno == EINTR)
            continue;
        if (got == 0)
            errno = ENODATA;
        if (got <= 0)
            return failed_at(target, "read", offset + done, length - done, err);
        done += (size_t)got;
        if (done < length && done % PAGE_BYTES)
            fd = target->fd;
    }
    return 0;
}

unsigned char *target_read_around(const struct target *target, unsigned char *buffer, uint64_t offset, size_t length, struct error *err)
{
    uint64_t start = align_down(offset, PAGE_BYTES), end = align_up(offset + length, PAGE_BYTES);
    if (target->direct_fd < 0 || end > target->size_bytes) {
        /* the last bytes of a file, or a file system that knows no O_DIRECT: what it has in memory is dropped instead */
        end = offset + length;
        (void)posix_fadvise(target->fd, (off_t)start, (off_t)(end - start), POSIX_FADV_DONTNEED);
    }
    return target_read(target, buffer, start, (size_t)(end - start), err) < 0 ? NULL : buffer + (offset - start);
}

int target_refuse(const struct target *target, uint64_t offset, struct error *err)
{
    error_set(err, "%s does not keep what is written to it: at offset %llu it reads back different, and again after it was written once more",
              target->path, (unsigned long long)offset);
    return error_advise(err, "Do not use this disk. Look at its cables, controller and memory too (smartctl, dmesg, memtest).");
}

/* 0: done; -1 with errno: the disk has no way. The range is aligned to pages. */
static int zero_by_command(struct target *target, uint64_t offset, uint64_t length)
{
    if (target->is_block)
        return ioctl(target->fd, BLKZEROOUT, (uint64_t[2]){offset, length});
    return fallocate(target->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)offset, (off_t)length);
}

static int zero_by_compare(struct target *target, uint64_t offset, uint64_t length, unsigned char *scratch, struct error *err)
{
    while (length) {
        size_t step = (size_t)least(length, TARGET_SCRATCH_BYTES);
        if (target_read(target, scratch, offset, step, err) < 0)
            return -1;
        if (!bytes_are_zero(scratch, step)) {
            memset(scratch, 0, step);
            if (target_write(target, scratch, offset, step, err) < 0)
                return -1;
        }
        offset += step;
        length -= step;
    }
    return 0;
}

int target_zero(struct target *target, uint64_t offset, uint64_t length, void *scratch, struct error *err)
{
    uint64_t start = align_up(offset, PAGE_BYTES), end = align_down(offset + length, PAGE_BYTES);
    if (atomic_load(&target->zeroes_well) && start < end) {
        if (zero_by_command(target, start, end - start) == 0) {
            if (zero_by_compare(target, offset, start - offset, scratch, err) < 0)
                return -1;
            return zero_by_compare(target, end, offset + length - end, scratch, err);
        }
        if (errno == EIO || errno == ENOSPC)
            return failed_at(target, "zero", start, end - start, err);
        atomic_store(&target->zeroes_well, false);
    }
    return zero_by_compare(target, offset, length, scratch, err);
}

int target_flush(struct target *target, struct error *err)
{
    if (fdatasync(target->fd) == 0)
        return 0;
    error_errno(err, "flush %s", target->path);
    return error_advise(err, "The target disk may have lost data that it had taken. Check it (smartctl, dmesg), or use another.");
}

void target_reread_partitions(const struct target *target)
{
    /* EINVAL: a loop device without partitions; EBUSY cannot be, as the disk is ours alone. Whoever needs the
     * partitions sees whether they are there. */
    if (target->is_block)
        (void)ioctl(target->fd, BLKRRPART);
}
