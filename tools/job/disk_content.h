/* What is on a disk now, in the words of someone who is asked whether it may be destroyed. */
#ifndef REHOST_JOB_DISK_CONTENT_H
#define REHOST_JOB_DISK_CONTENT_H

#include <stdbool.h>

/* "nothing (blank)", "dos table: 1 ext4 \"root\" 9.0 GiB, 2 swap 1.0 GiB", "a half-done move of …"; the caller's. Only reads. */
char *disk_content(const char *device);
/* The label of a file system that covers the whole disk, the caller's; NULL: none. */
char *disk_label(const char *device);
/* NULL when it can be written to and nobody uses it; else why not, the caller's: "/dev/sda1 is mounted on /srv". */
char *disk_in_use(const char *device);

#endif
