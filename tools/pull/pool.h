/* Which chunks of the disk are still to be done, shared by all threads of a pull. */
#ifndef REHOST_PULL_POOL_H
#define REHOST_PULL_POOL_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "../base/extents.h"
#include "target/journal.h"

struct pool {
    pthread_mutex_t lock;
    pthread_cond_t changed;   /* something was given back, or everything is settled */
    uint64_t chunk_bytes, chunk_count;
    uint64_t body_start, body_end; /* what lies between the held-back ends of the disk */
    uint64_t *data;           /* bit: there is something to read in it */
    uint64_t *taken;          /* bit: someone is at it, or it is settled */
    uint64_t *settled;        /* bit: it has been written to the target */
    uint64_t data_cursor, zero_cursor; /* nothing before them is free */
    uint64_t settled_count;
    uint64_t settled_bytes;
    uint64_t zero_bytes;      /* of these, never sent */
    struct digests digests;   /* of what is settled */
    bool stopped;
};

/* Takes over what the journal says is settled. `wanted` says what has to be read. */
void pool_open(struct pool *pool, const struct journal *journal, const struct extents *wanted, uint64_t body_start, uint64_t body_end);
void pool_close(struct pool *pool);

/* The part of a chunk that lies in the body; empty (start >= end) for one that only holds held-back bytes. */
struct extent pool_range(const struct pool *pool, uint64_t chunk);
/* A chunk to read; false when none is free. */
bool pool_take_data(struct pool *pool, uint64_t *chunk);
/* A run of chunks that are all zero, of at most `max` chunks. */
bool pool_take_zeroes(struct pool *pool, uint64_t max, uint64_t *first, uint64_t *count);
void pool_give_back(struct pool *pool, uint64_t chunk);
void pool_settle(struct pool *pool, uint64_t first, uint64_t count, uint64_t zero_bytes);
/* One chunk, with the digest of what was received for it. */
void pool_settle_digested(struct pool *pool, uint64_t chunk, uint64_t zero_bytes, uint64_t sum, bool known);
/* Waits a moment for a chunk to come back, or for the end. */
void pool_wait_change(struct pool *pool);
/* Waits for the end: false when everything is settled, or the pull was stopped. */
bool pool_wait_end(struct pool *pool, unsigned milliseconds);
/* Before the copy runs. */
bool pool_is_settled(const struct pool *pool, uint64_t chunk);
bool pool_is_done(struct pool *pool);
void pool_stop(struct pool *pool);
/* What is still to be read, in whole chunks. */
uint64_t pool_data_left(struct pool *pool);
/* Copies the settled bits and their digests into the journal, unless it is NULL; returns how many bytes they stand for. */
uint64_t pool_snapshot(struct pool *pool, struct journal *journal, uint64_t *zero_bytes);

#endif
