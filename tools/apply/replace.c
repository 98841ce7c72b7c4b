/* See replace.h. */
#include "replace.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/xattr.h>

#include "../base/cleanup.h"
#include "../base/root.h"
#include "place.h"

#define COPY_BYTES 65536
#define SELINUX_LABEL "security.selinux"

static int write_all(int fd, const char *bytes, size_t length)
{
    while (length) {
        ssize_t written = write(fd, bytes, length);
        if (written < 0 && errno != EINTR)
            return -1;
        if (written > 0) {
            bytes += written;
            length -= (size_t)written;
        }
    }
    return 0;
}

/* Attributes that the file system does not know (a copy on another one) are not worth failing for; a lost SELinux label
 * or access list on the same file system is. */
static int copy_attributes(int from, int to, struct error *err)
{
    char names[65536], value[65536];
    ssize_t length = flistxattr(from, names, sizeof names);
    if (length < 0)
        return errno == ENOTSUP ? 0 : error_errno(err, "list the attributes");
    for (char *name = names; name < names + length; name += strlen(name) + 1) {
        ssize_t size = fgetxattr(from, name, value, sizeof value);
        if (size < 0 || fsetxattr(to, name, value, (size_t)size, 0) < 0)
            if (errno != ENOTSUP)
                return error_errno(err, "keep the attribute %s", name);
    }
    return 0;
}

/* As the kernel itself does it where SELinux is at work: what is new takes the label of its directory, unless a rule of the policy
 * says otherwise. Without a label a guest that enforces its policy would not let its own services read the file. */
static int label_as_directory(int directory_fd, int fd, struct error *err)
{
    char label[4096];
    ssize_t size = fgetxattr(directory_fd, SELINUX_LABEL, label, sizeof label);
    if (size > 0 && fgetxattr(fd, SELINUX_LABEL, NULL, 0) <= 0 && fsetxattr(fd, SELINUX_LABEL, label, (size_t)size, 0) < 0 && errno != ENOTSUP)
        return error_errno(err, "label it as its directory");
    return 0;
}

int label_file(int root_fd, const char *path, struct error *err)
{
    cleanup_place struct place place;
    if (place_find(root_fd, path, &place, err) < 0)
        return error_prefix(err, "label %s", path);
    if (!place.exists || !S_ISREG(place.st.st_mode))
        return 0;
    cleanup_close int fd = openat(place.directory_fd, place.name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return error_errno(err, "label %s", path);
    return label_as_directory(place.directory_fd, fd, err) < 0 ? error_prefix(err, "label %s", path) : 0;
}

/* Mode last: a change of owner takes setuid bits away. */
static int copy_ownership(int from, int to, struct error *err)
{
    struct stat st;
    if (fstat(from, &st) < 0 || fchown(to, st.st_uid, st.st_gid) < 0)
        return error_errno(err, "keep the owner");
    if (copy_attributes(from, to, err) < 0)
        return -1;
    return fchmod(to, st.st_mode & 07777) < 0 ? error_errno(err, "keep the mode") : 0;
}

static int copy_content(int from, int to, struct error *err)
{
    char buffer[COPY_BYTES];
    off_t offset = 0;
    for (ssize_t got; (got = pread(from, buffer, sizeof buffer, offset)) != 0; offset += got) {
        if (got < 0)
            return error_errno(err, "read at %lld", (long long)offset);
        if (write_all(to, buffer, (size_t)got) < 0)
            return error_errno(err, "write");
    }
    return 0;
}

/* Content, owner, mode, attributes and times; the copy is flushed. */
static int copy_file(int from_fd, int to_fd, struct error *err)
{
    struct stat st;
    if (fstat(from_fd, &st) < 0)
        return error_errno(err, "look at the file");
    if (copy_content(from_fd, to_fd, err) < 0 || copy_ownership(from_fd, to_fd, err) < 0)
        return -1;
    struct timespec times[2] = {st.st_atim, st.st_mtim};
    if (futimens(to_fd, times) < 0)
        return error_errno(err, "keep the times");
    return fsync(to_fd) < 0 ? error_errno(err, "flush") : 0;
}

/* Beside the file, so that the rename cannot cross a file system. */
static int open_temporary(const struct place *place, char **name, struct error *err)
{
    for (unsigned attempt = 0; attempt < 100; attempt++) {
        cleanup_free char *candidate = checked_printf(".%.200s.rehost-%u", place->name, attempt);
        int fd = openat(place->directory_fd, candidate, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (fd >= 0) {
            *name = take_pointer(candidate);
            return fd;
        }
        if (errno != EEXIST)
            break;
    }
    return error_errno(err, "make a new file beside %s", place->path);
}

static int put_in_place(const struct place *place, const char *temporary, struct error *err)
{
    if (renameat(place->directory_fd, temporary, place->directory_fd, place->name) < 0)
        return error_errno(err, "rename");
    return fsync(place->directory_fd) < 0 ? error_errno(err, "flush the directory") : 0;
}

/* What the new file is to hold: a text, a copy of another file, or the old one with another behind it. */
struct source {
    const char *content;
    size_t length;
    unsigned mode;
    int from_fd; /* -1: the text */
    bool appends;
};

static int open_old(const struct place *place, struct error *err)
{
    int fd = openat(place->directory_fd, place->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    return fd < 0 ? error_errno(err, "open the old file") : fd;
}

static int fill_longer(const struct place *place, int fd, int more_fd, struct error *err)
{
    cleanup_close int old = open_old(place, err);
    if (old < 0 || copy_file(old, fd, err) < 0 || copy_content(more_fd, fd, err) < 0)
        return -1;
    return fsync(fd) < 0 ? error_errno(err, "flush") : 0;
}

static int fill(const struct place *place, int fd, const struct source *source, struct error *err)
{
    if (source->appends)
        return fill_longer(place, fd, source->from_fd, err);
    if (source->from_fd >= 0)
        return copy_file(source->from_fd, fd, err);
    if (write_all(fd, source->content, source->length) < 0)
        return error_errno(err, "write");
    if (place->exists) {
        cleanup_close int old = open_old(place, err);
        if (old < 0 || copy_ownership(old, fd, err) < 0)
            return -1;
    } else if (fchown(fd, 0, 0) < 0 || fchmod(fd, source->mode & 07777) < 0)
        return error_errno(err, "set owner and mode");
    else if (label_as_directory(place->directory_fd, fd, err) < 0)
        return -1;
    return fsync(fd) < 0 ? error_errno(err, "flush") : 0;
}

static int replace_in(const struct place *place, const struct source *source, struct error *err)
{
    if (place->exists && !S_ISREG(place->st.st_mode))
        return error_set(err, "it is no regular file");
    cleanup_free char *temporary = NULL;
    cleanup_close int fd = open_temporary(place, &temporary, err);
    if (fd < 0)
        return -1;
    if (fill(place, fd, source, err) == 0 && put_in_place(place, temporary, err) == 0)
        return 0;
    unlinkat(place->directory_fd, temporary, 0); /* the error that matters is already told */
    return -1;
}

static int replace_by(int root_fd, const char *path, const struct source *source, struct error *err)
{
    cleanup_place struct place place;
    if (place_find(root_fd, path, &place, err) < 0)
        return error_prefix(err, "write %s", path);
    if (place.directory_fd < 0) {
        cleanup_free char *directory = checked_copy_bytes(path, (size_t)(strrchr(path, '/') ? strrchr(path, '/') - path : 0));
        place_free(&place);
        if (make_directories(root_fd, directory, NULL, err) < 0 || place_find(root_fd, path, &place, err) < 0)
            return error_prefix(err, "write %s", path);
    }
    if (place.directory_fd < 0)
        return error_set(err, "write %s: its directory cannot be opened", path);
    if (replace_in(&place, source, err) == 0)
        return 0;
    if (err && err->errno_value == ENOSPC)
        error_advise(err, "The guest's file system is full; the old file stays as it was. Free some space on the source (apt-get clean, old kernels, logs) and start again.");
    return error_prefix(err, "write %s", path);
}

int replace_file(int root_fd, const char *path, const char *content, size_t length, unsigned mode, struct error *err)
{
    struct source source = {.content = content, .length = length, .mode = mode, .from_fd = -1};
    return replace_by(root_fd, path, &source, err);
}

int restore_file(int root_fd, const char *path, int from_fd, struct error *err)
{
    return replace_by(root_fd, path, &(struct source){.from_fd = from_fd}, err);
}

int append_to_file(int root_fd, const char *path, int more_fd, struct error *err)
{
    return replace_by(root_fd, path, &(struct source){.from_fd = more_fd, .appends = true}, err);
}

/* extlinux makes its ldlinux.sys immutable. */
static void make_mutable(const struct place *place)
{
    cleanup_close int fd = openat(place->directory_fd, place->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    int flags;
    if (fd >= 0 && ioctl(fd, FS_IOC_GETFLAGS, &flags) == 0 && flags & FS_IMMUTABLE_FL) {
        flags &= ~FS_IMMUTABLE_FL;
        (void)ioctl(fd, FS_IOC_SETFLAGS, &flags);
    }
}

int remove_file(int root_fd, const char *path, struct error *err)
{
    cleanup_place struct place place;
    if (place_find(root_fd, path, &place, err) < 0)
        return error_prefix(err, "remove %s", path);
    if (!place.exists)
        return 0;
    if (!S_ISREG(place.st.st_mode))
        return error_set(err, "remove %s: it is no regular file", path);
    make_mutable(&place);
    if (unlinkat(place.directory_fd, place.name, 0) < 0 || fsync(place.directory_fd) < 0)
        return error_errno(err, "remove %s", path);
    return 0;
}

static int make_one(int root_fd, const char *path, char **made, struct error *err)
{
    const char *name;
    cleanup_close int parent = root_open_parent(root_fd, path, &name);
    if (parent < 0)
        return error_errno(err, "open the directory of %s", path);
    if (mkdirat(parent, name, 0755) < 0)
        return error_errno(err, "make the directory %s", path);
    if (made && !*made)
        *made = checked_copy(path);
    cleanup_close int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 || label_as_directory(parent, fd, err) < 0)
        return error_prefix(err, "make the directory %s", path);
    return fsync(parent) < 0 ? error_errno(err, "flush the directory of %s", path) : 0;
}

int make_directories(int root_fd, const char *path, char **made, struct error *err)
{
    if (made)
        *made = NULL;
    for (const char *at = path; *at;) {
        at += strspn(at, "/");
        at += strcspn(at, "/");
        cleanup_free char *part = checked_copy_bytes(path, (size_t)(at - path));
        if (!root_is_directory(root_fd, *part ? part : "/") && make_one(root_fd, part, made, err) < 0)
            return -1;
    }
    return 0;
}
