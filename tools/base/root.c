/* See root.h. */
#include "root.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>

#include "cleanup.h"
#include "read.h"

#define NAMES_MAX 65536

int root_open(int root_fd, const char *path, int flags, mode_t mode)
{
    while (*path == '/')
        path++;
    struct open_how how = {
        .flags = (uint64_t)(flags | O_CLOEXEC),
        .mode = flags & (O_CREAT | O_TMPFILE) ? mode : 0,
        .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
    };
    if (!(flags & O_PATH))
        how.flags |= O_NONBLOCK | O_NOCTTY;
    int fd;
    do /* EAGAIN: a rename raced with the walk, and openat2(2) says to try again */
        fd = (int)syscall(SYS_openat2, root_fd, *path ? path : ".", &how, sizeof how);
    while (fd < 0 && (errno == EAGAIN || errno == EINTR));
    return fd;
}

char *root_read(int root_fd, const char *path, size_t max_bytes, size_t *length)
{
    cleanup_close int fd = root_open(root_fd, path, O_RDONLY, 0);
    struct stat st;
    if (fd < 0 || fstat(fd, &st) < 0)
        return NULL;
    if (!S_ISREG(st.st_mode)) {
        errno = EINVAL;
        return NULL;
    }
    cleanup_text struct text text = {0};
    char buffer[65536];
    for (;;) { /* not by st_size: files of /proc and /sys say 0 or 4096 */
        ssize_t got = read_at_least(fd, buffer, sizeof buffer, sizeof buffer);
        if (got < 0)
            return NULL;
        if (got == 0)
            break;
        if (text.length + (size_t)got > max_bytes) {
            errno = EFBIG;
            return NULL;
        }
        text_append_bytes(&text, buffer, (size_t)got);
    }
    if (length)
        *length = text.length;
    return text_take(&text);
}

char *root_read_line(int root_fd, const char *path)
{
    char *line = root_read(root_fd, path, 65536, NULL);
    if (line)
        line[strcspn(line, "\n")] = '\0';
    return line;
}

int root_stat(int root_fd, const char *path, struct stat *st)
{
    cleanup_close int fd = root_open(root_fd, path, O_PATH, 0);
    return fd < 0 ? -1 : fstat(fd, st);
}

char *root_readlink(int root_fd, const char *path)
{
    cleanup_close int fd = root_open(root_fd, path, O_PATH | O_NOFOLLOW, 0);
    char target[4097];
    ssize_t length = fd < 0 ? -1 : readlinkat(fd, "", target, sizeof target - 1);
    return length < 0 ? NULL : checked_copy_bytes(target, (size_t)length);
}

bool root_exists(int root_fd, const char *path)
{
    struct stat st;
    return root_stat(root_fd, path, &st) == 0;
}

bool root_is_file(int root_fd, const char *path)
{
    struct stat st;
    return root_stat(root_fd, path, &st) == 0 && S_ISREG(st.st_mode);
}

bool root_is_directory(int root_fd, const char *path)
{
    struct stat st;
    return root_stat(root_fd, path, &st) == 0 && S_ISDIR(st.st_mode);
}

bool root_is_same_file(int root_fd, const char *a, const char *b)
{
    struct stat first, second;
    if (!a || !b || strcmp(a, b) == 0)
        return a && b;
    return root_stat(root_fd, a, &first) == 0 && root_stat(root_fd, b, &second) == 0 && first.st_dev == second.st_dev && first.st_ino == second.st_ino;
}

/* No system makes a name with a line end or an escape sequence in it; in what is shown and written of it they would pass for something else. */
static bool is_listed(const char *name)
{
    for (const char *at = name; *at; at++)
        if ((unsigned char)*at < 0x20 || *at == 0x7f)
            return false;
    return strcmp(name, ".") && strcmp(name, "..");
}

int root_list(int root_fd, const char *path, struct strings *names)
{
    int fd = root_open(root_fd, path, O_RDONLY | O_DIRECTORY, 0);
    if (fd < 0)
        return -1;
    cleanup_closedir DIR *dir = fdopendir(fd);
    if (!dir) {
        close(fd);
        return -1;
    }
    for (struct dirent *entry; names->count < NAMES_MAX && (entry = readdir(dir));)
        if (is_listed(entry->d_name))
            strings_add(names, entry->d_name);
    strings_sort(names);
    return 0;
}

int root_open_parent(int root_fd, const char *path, const char **name)
{
    const char *slash = strrchr(path, '/');
    *name = slash ? slash + 1 : path;
    cleanup_free char *directory = checked_copy_bytes(path, slash ? (size_t)(slash - path) : 0);
    return root_open(root_fd, directory, O_RDONLY | O_DIRECTORY, 0);
}

/* Root may use what is held back from others; but of what ext4 keeps for its own growth (2 % and at most 4096 blocks since 3.9, which statfs counts as
 * free) nobody may. */
int file_system_room(int fd, uint64_t *bytes)
{
    struct statvfs fs;
    if (fstatvfs(fd, &fs) < 0)
        return -1;
    uint64_t held = fs.f_blocks / 50 < 4096 ? fs.f_blocks / 50 : 4096;
    *bytes = (fs.f_bfree > held ? fs.f_bfree - held : 0) * fs.f_frsize;
    return 0;
}
