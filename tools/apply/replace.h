/* Replacing and removing files below a guest's root, so that a reader sees the old file or the new one, never a part. */
#ifndef REHOST_APPLY_REPLACE_H
#define REHOST_APPLY_REPLACE_H

#include <stddef.h>

#include "../base/error.h"

/* The owner, mode, times and extended attributes of an existing file are kept; a new one is root's, with `mode`
 * and the SELinux label of its directory, and missing directories above it are made. Everything is on the disk when it returns. */
int replace_file(int root_fd, const char *path, const char *content, size_t length, unsigned mode, struct error *err);
int remove_file(int root_fd, const char *path, struct error *err);
/* Puts a copy of the regular file `from_fd` in the place of `path`: content, owner, mode, attributes and times. */
int restore_file(int root_fd, const char *path, int from_fd, struct error *err);
/* The file with all that `more_fd` holds behind it. */
int append_to_file(int root_fd, const char *path, int more_fd, struct error *err);
/* Gives a file that a program of the guest made, and that has no SELinux label, that of its directory; one that is not there is
 * passed over. Does nothing in a guest without labels. */
int label_file(int root_fd, const char *path, struct error *err);
/* As mkdir -p, 0755, below the root. The first directory that had to be made is named in *made (may be NULL), NULL if none. */
int make_directories(int root_fd, const char *path, char **made, struct error *err);

#endif
