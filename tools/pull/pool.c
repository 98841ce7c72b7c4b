/* See pool.h. */
#include "pool.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../base/bytes.h"
#include "../base/text.h"

#define WAIT_MS 250 /* so that a worker sees a stop that came without a broadcast */

static bool bit_is_set(const uint64_t *bits, uint64_t i)
{
    return bits[i / 64] >> (i % 64) & 1;
}

static void bit_set(uint64_t *bits, uint64_t i)
{
    bits[i / 64] |= 1ull << (i % 64);
}

static size_t word_count(const struct pool *pool)
{
    return (size_t)((pool->chunk_count + 63) / 64);
}

struct extent pool_range(const struct pool *pool, uint64_t chunk)
{
    uint64_t start = chunk * pool->chunk_bytes;
    return (struct extent){most(start, pool->body_start), least(start + pool->chunk_bytes, pool->body_end)};
}

static uint64_t range_bytes(const struct pool *pool, uint64_t chunk)
{
    struct extent range = pool_range(pool, chunk);
    return range.start < range.end ? range.end - range.start : 0;
}

static void mark_data(struct pool *pool, const struct extents *wanted)
{
    for (size_t i = 0; i < wanted->count; i++) {
        uint64_t start = most(wanted->items[i].start, pool->body_start), end = least(wanted->items[i].end, pool->body_end);
        for (uint64_t chunk = start / pool->chunk_bytes; start < end && chunk <= (end - 1) / pool->chunk_bytes; chunk++)
            bit_set(pool->data, chunk);
    }
}

/* Chunks that hold nothing but held-back bytes have no work in them. */
static void settle_empty(struct pool *pool, uint64_t chunk)
{
    if (range_bytes(pool, chunk) == 0)
        bit_set(pool->settled, chunk);
}

void pool_open(struct pool *pool, const struct journal *journal, const struct extents *wanted, uint64_t body_start, uint64_t body_end)
{
    *pool = (struct pool){.chunk_bytes = journal->chunk_bytes, .chunk_count = journal_chunk_count(journal),
                          .body_start = body_start, .body_end = body_end};
    pthread_mutex_init(&pool->lock, NULL);
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&pool->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    digests_copy(&pool->digests, &journal->digests);
    size_t bytes = word_count(pool) * 8;
    pool->data = checked_alloc(bytes);
    pool->taken = checked_alloc(bytes);
    pool->settled = checked_alloc(bytes);
    memcpy(pool->settled, journal->settled, bytes);
    settle_empty(pool, 0);
    for (uint64_t chunk = body_end / pool->chunk_bytes; chunk < pool->chunk_count; chunk++)
        settle_empty(pool, chunk);
    memcpy(pool->taken, pool->settled, bytes);
    mark_data(pool, wanted);
    for (uint64_t chunk = 0; chunk < pool->chunk_count; chunk++)
        if (bit_is_set(pool->settled, chunk)) {
            pool->settled_count++;
            pool->settled_bytes += range_bytes(pool, chunk);
        }
}

void pool_close(struct pool *pool)
{
    free(pool->data);
    free(pool->taken);
    free(pool->settled);
    digests_free(&pool->digests);
    pthread_mutex_destroy(&pool->lock);
    pthread_cond_destroy(&pool->changed);
    *pool = (struct pool){0};
}

/* The first free chunk at or after `from` whose data bit is `data`; chunk_count when there is none. */
static uint64_t find_free(const struct pool *pool, uint64_t from, bool data)
{
    for (uint64_t i = from; i < pool->chunk_count;) {
        uint64_t free_here = ~pool->taken[i / 64] & (data ? pool->data[i / 64] : ~pool->data[i / 64]);
        free_here &= ~0ull << (i % 64);
        if (free_here)
            return least(align_down(i, 64) + (uint64_t)__builtin_ctzll(free_here), pool->chunk_count);
        i = align_down(i, 64) + 64;
    }
    return pool->chunk_count;
}

bool pool_take_data(struct pool *pool, uint64_t *chunk)
{
    pthread_mutex_lock(&pool->lock);
    *chunk = find_free(pool, pool->data_cursor, true);
    bool found = *chunk < pool->chunk_count && !pool->stopped;
    if (found)
        bit_set(pool->taken, *chunk);
    pool->data_cursor = found ? *chunk + 1 : *chunk;
    pthread_mutex_unlock(&pool->lock);
    return found;
}

bool pool_take_zeroes(struct pool *pool, uint64_t max, uint64_t *first, uint64_t *count)
{
    pthread_mutex_lock(&pool->lock);
    *first = find_free(pool, pool->zero_cursor, false);
    uint64_t end = *first;
    while (!pool->stopped && end < pool->chunk_count && end - *first < max && !bit_is_set(pool->taken, end) && !bit_is_set(pool->data, end))
        bit_set(pool->taken, end++);
    pool->zero_cursor = end;
    *count = end - *first;
    pthread_mutex_unlock(&pool->lock);
    return *count > 0;
}

void pool_give_back(struct pool *pool, uint64_t chunk)
{
    pthread_mutex_lock(&pool->lock);
    pool->taken[chunk / 64] &= ~(1ull << (chunk % 64));
    pool->data_cursor = least(pool->data_cursor, chunk);
    pthread_cond_broadcast(&pool->changed);
    pthread_mutex_unlock(&pool->lock);
}

static void settle_locked(struct pool *pool, uint64_t first, uint64_t count, uint64_t zero_bytes)
{
    for (uint64_t chunk = first; chunk < first + count; chunk++) {
        bit_set(pool->settled, chunk);
        pool->settled_bytes += range_bytes(pool, chunk);
    }
    pool->settled_count += count;
    pool->zero_bytes += zero_bytes;
    if (pool->settled_count == pool->chunk_count)
        pthread_cond_broadcast(&pool->changed);
}

void pool_settle(struct pool *pool, uint64_t first, uint64_t count, uint64_t zero_bytes)
{
    pthread_mutex_lock(&pool->lock);
    settle_locked(pool, first, count, zero_bytes);
    pthread_mutex_unlock(&pool->lock);
}

void pool_settle_digested(struct pool *pool, uint64_t chunk, uint64_t zero_bytes, uint64_t sum, bool known)
{
    pthread_mutex_lock(&pool->lock);
    digests_add(&pool->digests, chunk, sum, known);
    settle_locked(pool, chunk, 1, zero_bytes);
    pthread_mutex_unlock(&pool->lock);
}

static bool is_open(const struct pool *pool)
{
    return !pool->stopped && pool->settled_count < pool->chunk_count;
}

static struct timespec in_ms(unsigned duration)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += duration * 1000000L;
    until.tv_sec += until.tv_nsec / 1000000000L;
    until.tv_nsec %= 1000000000L;
    return until;
}

void pool_wait_change(struct pool *pool)
{
    struct timespec until = in_ms(WAIT_MS);
    pthread_mutex_lock(&pool->lock);
    if (is_open(pool))
        pthread_cond_timedwait(&pool->changed, &pool->lock, &until);
    pthread_mutex_unlock(&pool->lock);
}

bool pool_wait_end(struct pool *pool, unsigned milliseconds)
{
    struct timespec until = in_ms(milliseconds);
    pthread_mutex_lock(&pool->lock);
    while (is_open(pool) && pthread_cond_timedwait(&pool->changed, &pool->lock, &until) == 0)
        ;
    bool more = is_open(pool);
    pthread_mutex_unlock(&pool->lock);
    return more;
}

bool pool_is_settled(const struct pool *pool, uint64_t chunk)
{
    return bit_is_set(pool->settled, chunk);
}

bool pool_is_done(struct pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    bool done = pool->settled_count == pool->chunk_count;
    pthread_mutex_unlock(&pool->lock);
    return done;
}

void pool_stop(struct pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    pool->stopped = true;
    pthread_cond_broadcast(&pool->changed);
    pthread_mutex_unlock(&pool->lock);
}

uint64_t pool_data_left(struct pool *pool)
{
    uint64_t bytes = 0;
    pthread_mutex_lock(&pool->lock);
    for (uint64_t chunk = 0; chunk < pool->chunk_count; chunk++)
        if (bit_is_set(pool->data, chunk) && !bit_is_set(pool->settled, chunk))
            bytes += range_bytes(pool, chunk);
    pthread_mutex_unlock(&pool->lock);
    return bytes;
}

uint64_t pool_snapshot(struct pool *pool, struct journal *journal, uint64_t *zero_bytes)
{
    pthread_mutex_lock(&pool->lock);
    if (journal) {
        memcpy(journal->settled, pool->settled, word_count(pool) * 8);
        digests_copy(&journal->digests, &pool->digests);
    }
    if (zero_bytes)
        *zero_bytes = pool->zero_bytes;
    uint64_t bytes = pool->settled_bytes;
    pthread_mutex_unlock(&pool->lock);
    return bytes;
}
