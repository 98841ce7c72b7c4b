/* A second process that waits for the end of this one, however that comes, and then does what has to be done after us. */
#ifndef REHOST_GUEST_DISK_KEEPER_H
#define REHOST_GUEST_DISK_KEEPER_H

#include <sys/types.h>

struct keeper {
    pid_t pid; /* 0: none */
    int fd;    /* at whose end it begins */
};

/* Calls `after_us` once we are gone. It knows what we know now: start it anew whenever that changes; the one before ends then. Without a process to
 * spare there is no keeper, and that is no error. */
void keeper_start(struct keeper *keeper, void (*after_us)(void *context), void *context);
/* It is not needed any more. */
void keeper_end(struct keeper *keeper);

#endif
