/* Reading below a root directory that is not trusted: a guest's, or this machine's /sys as seen by a test.
 *
 * Every path is resolved by openat2(RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS), so that neither an absolute symbolic link
 * nor ".." can leave the root. The descriptor is the test seam: a fixture tree is as good a root as a mounted disk. */
#ifndef REHOST_BASE_ROOT_H
#define REHOST_BASE_ROOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "error.h"
#include "text.h"

/* The largest file that is ever read whole: an initrd is streamed, everything else is a text. */
#define ROOT_READ_MAX (64u << 20)

/* A descriptor (O_CLOEXEC), or -1 with errno set. `path` is taken from the root, with or without a leading slash.
 * A FIFO or a device never blocks or acts: they are opened O_NONBLOCK | O_NOCTTY, and root_read refuses them. */
int root_open(int root_fd, const char *path, int flags, mode_t mode);
/* The whole of a regular file of at most `max_bytes`, NUL-terminated, the caller's; NULL with errno (EFBIG, EINVAL). */
char *root_read(int root_fd, const char *path, size_t max_bytes, size_t *length);
/* The file's text without its last line end (for /sys and one-line files), or NULL. */
char *root_read_line(int root_fd, const char *path);
/* Follows symbolic links inside the root. 0, or -1 with errno. */
int root_stat(int root_fd, const char *path, struct stat *st);
/* The text of the link itself, the caller's, or NULL when it is none. */
char *root_readlink(int root_fd, const char *path);
bool root_exists(int root_fd, const char *path);
bool root_is_file(int root_fd, const char *path);
bool root_is_directory(int root_fd, const char *path);
/* The same path, or two that lead to one file; NULL is none. */
bool root_is_same_file(int root_fd, const char *a, const char *b);
/* The names in a directory, sorted, without "." and ".." and those with control characters: at most 65536 of them. 0, or -1 with errno. */
int root_list(int root_fd, const char *path, struct strings *names);
/* Opens the directory that holds `path` (its last component is not resolved) and points `*name` into `path`. */
int root_open_parent(int root_fd, const char *path, const char **name);

/* How many bytes root may still write to the file system of `fd`. 0, or -1 with errno. */
int file_system_room(int fd, uint64_t *bytes);

#endif
