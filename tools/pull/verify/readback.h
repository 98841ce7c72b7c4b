/* Reads ranges of the target in order, by a thread that is some steps ahead, so that the disk and the digests work at the same time. */
#ifndef REHOST_PULL_VERIFY_READBACK_H
#define REHOST_PULL_VERIFY_READBACK_H

#include <pthread.h>

#include "../../base/extents.h"
#include "../target/target.h"

#define READBACK_STEP (1u << 20)
#define READBACK_STEPS 8u

struct readback_step {
    uint64_t start, end;
    unsigned char *bytes;  /* what stands there */
    unsigned char *buffer; /* somewhere in it */
};

struct readback {
    const struct target *target;
    const struct extents *ranges;
    uint64_t start, end;       /* only what lies in between */
    pthread_t thread;
    pthread_mutex_t lock;      /* of what follows */
    pthread_cond_t changed;
    struct readback_step steps[READBACK_STEPS];
    uint64_t read, taken;      /* steps */
    bool started, holds;       /* the thread runs; the caller has a step */
    bool ended, stopped, failed;
    struct error error;
};

int readback_start(struct readback *readback, const struct target *target, const struct extents *ranges, uint64_t start, uint64_t end, struct error *err);
/* The next step, which never crosses a multiple of READBACK_STEP; it is valid until the next call. 1, 0 at the end, -1. */
int readback_next(struct readback *readback, const struct readback_step **step, struct error *err);
void readback_stop(struct readback *readback);

#endif
