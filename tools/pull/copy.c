/* See copy.h. */
#include "copy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/bytes.h"
#include "../base/cleanup.h"
#include "../base/text.h"

#define TELL_EVERY_MS 250
#define FORECAST_AFTER_SECONDS 3
#define SAVE_EVERY_MS 500       /* at first; a disk whose flush takes long is asked less often … */
#define SAVE_EVERY_MAX_MS 2000
#define SAVE_SHARE 10           /* … so that saving takes at most a tenth of the time */
#define SAVE_EVERY_BYTES (256ull << 20)
#define LOOK_EVERY_MS 100
#define NEAR_SECONDS 0.002 /* there and back */
#define NEAR_REQUESTS 12u  /* in flight then, over all connections: with 1 MiB each enough for 50 Gbit/s */
#define SILENCE_TOLD_MS 10000 /* after this the operator is told that nothing moves */
#define IMPATIENCE_FIRST_MS 10000
#define ZERO_RUN_BYTES (256ull << 20)       /* at a time, so that the journal and a stop come in between */
#define ZERO_RUN_COMPARED_BYTES (16ull << 20)

void copy_fail(struct copy *copy, const struct error *err)
{
    pthread_mutex_lock(&copy->lock);
    if (!copy->failed)
        copy->error = *err;
    copy->failed = true;
    pthread_mutex_unlock(&copy->lock);
    atomic_store(&copy->stop, true);
    pool_stop(&copy->pool);
}

void copy_lost(struct copy *copy, bool was_connected, const struct error *err)
{
    pthread_mutex_lock(&copy->lock);
    if (was_connected) {
        copy->connected--;
        copy->losses++;
    }
    if (was_connected || copy->connected == 0) {
        if (!copy->trouble_since_ms)
            copy->trouble_since_ms = clock_ms();
        snprintf(copy->trouble, sizeof copy->trouble, "%.500s", err->message);
    }
    pthread_mutex_unlock(&copy->lock);
}

void copy_connected(struct copy *copy)
{
    pthread_mutex_lock(&copy->lock);
    copy->connected++;
    pthread_mutex_unlock(&copy->lock);
}

void copy_progressed(struct copy *copy)
{
    pthread_mutex_lock(&copy->lock);
    copy->trouble_since_ms = 0;
    pthread_mutex_unlock(&copy->lock);
}

/* The thread for chunks in which nothing is wanted. It ends when there is none left: nobody gives one back. */
static void *zero_main(void *argument)
{
    struct copy *copy = argument;
    unsigned char *scratch = aligned_alloc_checked(TARGET_SCRATCH_BYTES);
    struct error err = {0};
    for (uint64_t first, count; !atomic_load(&copy->stop);) {
        uint64_t run = atomic_load(&copy->target->zeroes_well) ? ZERO_RUN_BYTES : ZERO_RUN_COMPARED_BYTES;
        if (!pool_take_zeroes(&copy->pool, most(1, run / copy->pool.chunk_bytes), &first, &count))
            break;
        uint64_t start = pool_range(&copy->pool, first).start, end = pool_range(&copy->pool, first + count - 1).end;
        uint64_t zero_bytes = 0;
        if (copy_clear(copy, start, end, scratch, &zero_bytes, &err) < 0) {
            copy_fail(copy, &err);
            break;
        }
        pool_settle(&copy->pool, first, count, zero_bytes);
    }
    free(scratch);
    return NULL;
}

/* After the snapshot: what was lost of a chunk is noted before the chunk is settled. */
static void note_lost(struct copy *copy)
{
    extents_free(&copy->journal->lost);
    pthread_mutex_lock(&copy->lock);
    copy->journal->lost = extents_copy(&copy->lost);
    pthread_mutex_unlock(&copy->lock);
}

int journal_save(struct copy *copy, struct error *err)
{
    struct journal *journal = copy->journal;
    /* A failed flush may have dropped what it was to write, and the next one succeeds all the same: from then on no slot
     * may vouch for anything new. */
    if (copy->flush_failed)
        return error_set(err, "an earlier flush of %s has failed", copy->target->path);
    pool_snapshot(&copy->pool, journal, NULL);
    note_lost(copy);
    copy->flush_failed = target_flush(copy->target, err) < 0;
    if (copy->flush_failed)
        return -1;
    journal->sequence++;
    unsigned char *slot = aligned_alloc_checked(align_up(JOURNAL_SLOT_BYTES, PAGE_BYTES));
    size_t length = journal_encode(journal, slot);
    int status = target_write(copy->target, slot, JOURNAL_SLOT_OFFSET(journal->sequence % 2), length, err);
    free(slot);
    return status < 0 ? -1 : target_flush(copy->target, err);
}

static void *journal_main(void *argument)
{
    struct copy *copy = argument;
    struct error err = {0};
    uint64_t saved_bytes = pool_snapshot(&copy->pool, NULL, NULL);
    int64_t every_ms = SAVE_EVERY_MS;
    for (int64_t saved_ms = clock_ms(); pool_wait_end(&copy->pool, LOOK_EVERY_MS);) {
        uint64_t settled_bytes = pool_snapshot(&copy->pool, NULL, NULL);
        bool due = settled_bytes - saved_bytes >= SAVE_EVERY_BYTES || clock_ms() - saved_ms >= every_ms;
        if (!due || settled_bytes == saved_bytes)
            continue;
        int64_t started_ms = clock_ms();
        if (journal_save(copy, &err) < 0) {
            copy_fail(copy, &err);
            break;
        }
        saved_bytes = settled_bytes;
        saved_ms = clock_ms();
        every_ms = (int64_t)most(SAVE_EVERY_MS, least((uint64_t)(saved_ms - started_ms) * SAVE_SHARE, SAVE_EVERY_MAX_MS));
    }
    return NULL;
}

struct watch {
    int64_t started_ms, moved_ms;
    uint64_t to_receive_bytes; /* when the copy began */
    uint64_t moved_bytes;
    char trouble[1024];
};

/* Gives up when the source has been gone for longer than the operator's patience. */
static void check_patience(struct copy *copy, int64_t lost_ms)
{
    if (copy->patience_seconds == UINT32_MAX || lost_ms <= (int64_t)copy->patience_seconds * 1000)
        return;
    struct error err = {0};
    pthread_mutex_lock(&copy->lock);
    error_set(&err, "the source was lost and did not come back within %u s: %s", copy->patience_seconds, copy->trouble);
    pthread_mutex_unlock(&copy->lock);
    error_advise(&err, "What has arrived is kept on the target. Bring the source back and start again: it goes on from there.");
    copy_fail(copy, &err);
}

static const char *find_trouble(struct copy *copy, struct watch *watch, const struct pull_progress *progress)
{
    uint64_t moved = progress->received_bytes + progress->done_bytes;
    int64_t now = clock_ms(), lost_ms = -1;
    if (moved != watch->moved_bytes)
        watch->moved_ms = now;
    watch->moved_bytes = moved;
    pthread_mutex_lock(&copy->lock);
    unsigned connected = copy->connected;
    if (connected == 0 && copy->trouble_since_ms) {
        lost_ms = now - copy->trouble_since_ms;
        snprintf(watch->trouble, sizeof watch->trouble, "the source has been gone for %d s (%s), trying again", (int)(lost_ms / 1000), copy->trouble);
    }
    pthread_mutex_unlock(&copy->lock);
    if (lost_ms >= 0) {
        check_patience(copy, lost_ms);
        return watch->trouble;
    }
    if (now - watch->moved_ms < SILENCE_TOLD_MS)
        return NULL;
    snprintf(watch->trouble, sizeof watch->trouble, "nothing has moved for %d s: the source sends nothing, or the target takes nothing",
             (int)((now - watch->moved_ms) / 1000));
    return watch->trouble;
}

/* Once, when the rate has settled. At the end it shows whether the path was what it seemed to be. */
static void foretell(const struct watch *watch, struct pull_progress *progress)
{
    if (progress->forecast_seconds > 0 || progress->seconds < FORECAST_AFTER_SECONDS || !progress->received_bytes)
        return;
    progress->forecast_seconds = progress->seconds * (double)watch->to_receive_bytes / (double)progress->received_bytes;
}

static void tell(struct copy *copy, struct watch *watch, pull_told *told, void *context, struct pull_progress *progress)
{
    progress->done_bytes = pool_snapshot(&copy->pool, NULL, NULL);
    progress->received_bytes = atomic_load(&copy->received_bytes);
    progress->seconds = (double)(clock_ms() - watch->started_ms) / 1000;
    pthread_mutex_lock(&copy->lock);
    progress->lost_bytes = extents_bytes(&copy->lost);
    pthread_mutex_unlock(&copy->lock);
    progress->trouble = find_trouble(copy, watch, progress);
    foretell(watch, progress);
    if (told)
        told(context, progress);
    progress->trouble = NULL;
}

struct threads {
    unsigned char *buffers; /* of all workers, in one piece, so that it can be of huge pages */
    struct worker *workers;
    unsigned worker_count;
    pthread_t others[2];
    unsigned other_count;
};

static int start_thread(pthread_t *thread, void *(*main)(void *), void *argument, struct error *err)
{
    int failure = pthread_create(thread, NULL, main, argument);
    return failure ? error_set(err, "start a thread: %s", strerror(failure)) : 0;
}

static int start_threads(struct copy *copy, struct nbd *first, struct threads *threads, struct error *err)
{
    size_t buffer_bytes = align_up(copy->request_bytes, PAGE_BYTES);
    threads->workers = checked_alloc(copy->connections * sizeof *threads->workers);
    threads->buffers = aligned_alloc_checked(copy->connections * buffer_bytes);
    void *(*const mains[2])(void *) = {zero_main, journal_main};
    for (; threads->other_count < 2; threads->other_count++)
        if (start_thread(&threads->others[threads->other_count], mains[threads->other_count], copy, err) < 0)
            return -1;
    for (unsigned i = 0; i < copy->connections; i++, threads->worker_count++) {
        struct worker *worker = &threads->workers[i];
        worker->copy = copy;
        if (i == 0)
            worker->nbd = *first;
        else
            worker->nbd.stream.fd = -1;
        worker->nbd.buffer = threads->buffers + i * buffer_bytes;
        worker->nbd.buffer_bytes = copy->request_bytes;
        if (start_thread(&worker->thread, worker_main, worker, err) < 0)
            return -1;
        if (i == 0)
            stream_forget(&first->stream); /* the worker's now */
    }
    return 0;
}

static void join_threads(struct threads *threads)
{
    for (unsigned i = 0; i < threads->worker_count; i++)
        pthread_join(threads->workers[i].thread, NULL);
    for (unsigned i = 0; i < threads->other_count; i++)
        pthread_join(threads->others[i], NULL);
    free(threads->workers);
    free(threads->buffers);
}

/* After a failure of the source the journal is written once more, so that nothing that has arrived is sent again. */
static int end_copy(struct copy *copy, struct error *err)
{
    if (!copy->failed)
        return 0;
    *err = copy->error;
    (void)journal_save(copy, NULL); /* when it is the target that fails, the slot before is as good as it gets */
    return -1;
}

/* Few requests of a near source, so that what is on its way stays in the processor's cache: a fifth of the client's time. A connection
 * that is lost over this is made anew by its worker. */
static unsigned choose_depth(const struct copy *copy, struct nbd *first)
{
    double seconds;
    if (nbd_round_trip(first, 1, &seconds, NULL) != NBD_OK)
        nbd_drop(first);
    bool is_near = first->stream.fd >= 0 && seconds < NEAR_SECONDS;
    return is_near ? (unsigned)most(2, least(DEPTH, NEAR_REQUESTS / copy->connections)) : DEPTH;
}

int copy_run(struct copy *copy, struct nbd *first, pull_told *told, void *context, struct pull_progress *progress, struct error *err)
{
    struct threads threads = {0};
    struct watch watch = {.started_ms = clock_ms(), .moved_ms = clock_ms(), .to_receive_bytes = pool_data_left(&copy->pool)};
    struct error start_err = {0};
    atomic_init(&copy->silence_limit_ms, STREAM_SILENCE_LIMIT_MS);
    copy->impatience_ms = IMPATIENCE_FIRST_MS;
    copy->depth = choose_depth(copy, first);
    copy->connected = first->stream.fd >= 0 ? 1 : 0;
    pthread_mutex_init(&copy->lock, NULL);
    pthread_mutex_init(&copy->verifying, NULL);
    if (start_threads(copy, first, &threads, &start_err) < 0)
        copy_fail(copy, &start_err);
    do {
        tell(copy, &watch, told, context, progress);
        copy_revive_source(copy);
    } while (pool_wait_end(&copy->pool, TELL_EVERY_MS));
    atomic_store(&copy->stop, true); /* a connection that is still being made is not waited for */
    join_threads(&threads);
    tell(copy, &watch, told, context, progress);
    int status = end_copy(copy, err);
    pthread_mutex_destroy(&copy->lock);
    pthread_mutex_destroy(&copy->verifying);
    return status;
}
