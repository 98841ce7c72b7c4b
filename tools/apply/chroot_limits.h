/* How much memory and how many processes a sealed program may take, as this machine has to live on beside it. Where the kernel has no
 * control groups of version 2 with these controllers, it is only the first to go when memory runs out. */
#ifndef REHOST_APPLY_CHROOT_LIMITS_H
#define REHOST_APPLY_CHROOT_LIMITS_H

#include <stdint.h>

#include "../base/error.h"

struct limits {
    int groups_fd, group_fd; /* the root of all control groups, and ours; -1: there are none */
    uint64_t memory_bytes;
    char name[32];
};

void limits_make(struct limits *limits);
/* In the child, before it starts any other. -1 with errno. */
int limits_enter(const struct limits *limits);
/* Ends whatever is left in it, and returns `result`, that of the program; when it failed for taking too much, the error says so. */
int limits_end(struct limits *limits, const char *name, int result, struct error *err);

#endif
