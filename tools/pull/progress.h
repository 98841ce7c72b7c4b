/* How copies are told while they run: bars on a terminal (one for each disk, and one for all of them when there are several), lines
 * in a log, or JSON. */
#ifndef REHOST_PULL_PROGRESS_H
#define REHOST_PULL_PROGRESS_H

#include <pthread.h>
#include <stdbool.h>

#include "pull.h"

#define RATE_WINDOW 32 /* tellings, of which there are four a second */

/* What one disk has told. */
struct told {
    struct progress *all;
    const char *target, *name; /* its path, and the last part of it; the caller's */
    struct pull_progress last;
    double rate, told_at, seconds[RATE_WINDOW], bytes[RATE_WINDOW];
    unsigned count;
    bool in_trouble, verifying;
};

struct progress {
    bool json, terminal, drawn;
    unsigned count;
    struct told *disks, total;
    pthread_mutex_t lock; /* each disk tells from a thread of its own */
};

void progress_open(struct progress *all, bool json, unsigned count);
struct told *progress_of(struct progress *all, unsigned i, const char *target);
/* A pull_told; the context is the struct told of the disk. */
void progress_tell(void *told, const struct pull_progress *progress);
/* What is printed from now on stands below the bars. */
void progress_end(struct progress *all);
void progress_close(struct progress *all);

#endif
