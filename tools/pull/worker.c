/* One connection of a copy: keeps requests in flight, and writes what comes to the target. See copy.h. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../base/bytes.h"
#include "../base/text.h"
#include "copy.h"
#include "fetch.h"

#define ZERO_BLOCK 65536u /* zeroes inside received data are looked for in blocks of this size */
#define BACKOFF_FIRST_MS 500
#define BACKOFF_MAX_MS 30000

/* A chunk that this connection is at. */
struct open_chunk {
    bool used;
    uint64_t chunk, at, end; /* up to `at` everything was asked for, or zeroed */
    uint64_t zero_bytes;
    unsigned pending;        /* pieces that are not here yet */
    uint64_t sum;            /* digest of what is here … */
    bool undigested;         /* … but for parts that are no whole sectors */
};

struct worker_state {
    struct open_chunk chunks[DEPTH + 1], *current;
    struct fetch fetches[DEPTH];
    unsigned char *scratch;
    int64_t backoff_ms;
};

static void pause_ms(struct copy *copy, int64_t duration)
{
    for (int64_t until = clock_ms() + duration; clock_ms() < until && !atomic_load(&copy->stop);)
        usleep(50000);
}

/* Writes what came, leaving out blocks of zeroes where the target has them already. */
static int land_data(void *context, unsigned tag, uint64_t offset, const void *bytes, uint32_t length, struct error *err)
{
    const struct worker *worker = context;
    struct fetch *fetch = &worker->state->fetches[tag];
    if (fetch->probing)
        return 0;
    const struct digests *digests = &worker->copy->pool.digests;
    if (digests->group_count && !digests_sum_in(digests, worker->copy->in_use, offset, bytes, length, &fetch->sum))
        fetch->undigested = true;
    struct target *target = worker->copy->target;
    for (uint32_t at = 0; at < length;) {
        uint32_t end = at;
        bool zero = bytes_are_zero((const char *)bytes + at, (size_t)least(ZERO_BLOCK, length - at));
        do
            end += (uint32_t)least(ZERO_BLOCK, length - end);
        while (end < length && bytes_are_zero((const char *)bytes + end, (size_t)least(ZERO_BLOCK, length - end)) == zero);
        int status = zero ? target_zero(target, offset + at, end - at, worker->state->scratch, err)
                          : target_write(target, (const char *)bytes + at, offset + at, end - at, err);
        if (status < 0)
            return -1;
        at = end;
    }
    return 0;
}

static int land_zeroes(void *context, unsigned tag, uint64_t offset, uint32_t length, struct error *err)
{
    const struct worker *worker = context;
    if (worker->state->fetches[tag].probing)
        return 0;
    return target_zero(worker->copy->target, offset, length, worker->state->scratch, err);
}

static void settle_if_done(struct worker *worker, struct open_chunk *open)
{
    if (open->pending || open->at < open->end)
        return;
    pool_settle_digested(&worker->copy->pool, open->chunk, open->zero_bytes, open->sum, !open->undigested);
    open->used = false;
}

static bool open_next_chunk(struct worker *worker)
{
    struct worker_state *state = worker->state;
    struct open_chunk *open = state->chunks;
    while (open->used)
        open++; /* there is one more than requests in flight, and each open chunk but the current has one of these */
    uint64_t chunk;
    if (!pool_take_data(&worker->copy->pool, &chunk))
        return false;
    struct extent range = pool_range(&worker->copy->pool, chunk);
    *open = (struct open_chunk){.used = true, .chunk = chunk, .at = range.start, .end = range.end};
    state->current = open;
    return true;
}

/* Settles what lies before the next wanted range of the current chunk, and says where that ends. */
static int skip_gap(struct worker *worker, uint64_t *wanted_end, struct error *err)
{
    struct open_chunk *open = worker->state->current;
    const struct extents *wanted = worker->copy->wanted;
    size_t i = extents_find(wanted, open->at);
    uint64_t start = i < wanted->count ? least(most(wanted->items[i].start, open->at), open->end) : open->end;
    *wanted_end = i < wanted->count ? least(wanted->items[i].end, open->end) : open->end;
    if (start > open->at && copy_clear(worker->copy, open->at, start, worker->state->scratch, &open->zero_bytes, err) < 0)
        return -1;
    open->at = start;
    return 0;
}

/* 1: a piece to ask for; 0: there is no work left; -1: the target failed. */
static int next_piece(struct worker *worker, struct fetch *fetch, struct error *err)
{
    struct worker_state *state = worker->state;
    const struct nbd_export *export = &worker->nbd.export;
    while (state->current || open_next_chunk(worker)) {
        struct open_chunk *open = state->current;
        uint64_t wanted_end;
        if (skip_gap(worker, &wanted_end, err) < 0)
            return -1;
        if (open->at < open->end) {
            uint32_t length = (uint32_t)least(wanted_end - open->at, least(worker->copy->request_bytes, export->block_max));
            *fetch = (struct fetch){.piece = piece_of(open->at, length, export->block_min), .of = open};
            open->at += length;
            open->pending++;
            return 1;
        }
        state->current = NULL;
        settle_if_done(worker, open);
    }
    return 0;
}

static enum nbd_result send_ahead(struct worker *worker, struct error *err)
{
    bool more = true;
    for (unsigned tag = 0; tag < worker->copy->depth && worker->nbd.in_flight < worker->copy->depth; tag++) {
        struct fetch *fetch = &worker->state->fetches[tag];
        if (worker->nbd.requests[tag].in_flight || (fetch->of && clock_ms() < fetch->piece.due_ms))
            continue;
        if (!fetch->of) {
            int found = more ? next_piece(worker, fetch, err) : 0;
            if (found < 0)
                return NBD_WRONG;
            more = found > 0;
            if (!more)
                continue;
        }
        fetch->sum = 0; /* what came of a request that failed in the middle comes again */
        enum nbd_result result = fetch_send(fetch, &worker->nbd, tag, err);
        if (result != NBD_OK)
            return result;
    }
    return NBD_OK;
}

static void finish_fetch(struct worker *worker, struct fetch *fetch)
{
    struct open_chunk *open = fetch->of;
    fetch->of = NULL;
    open->pending--;
    if (open != worker->state->current)
        settle_if_done(worker, open);
}

static enum nbd_result receive_one(struct worker *worker, struct error *err)
{
    struct nbd_sink sink = {.context = worker, .data = land_data, .zeroes = land_zeroes};
    struct nbd_finished finished;
    enum nbd_result result = nbd_receive(&worker->nbd, &sink, &finished, err);
    if (result != NBD_OK || !finished.finished)
        return result;
    struct fetch *fetch = &worker->state->fetches[finished.tag];
    if (!finished.error) {
        fetch->of->sum += fetch->sum;
        fetch->of->undigested |= fetch->undigested;
        copy_progressed(worker->copy);
        worker->state->backoff_ms = BACKOFF_FIRST_MS;
    }
    enum fetch_state state;
    result = fetch_ended(fetch, &worker->nbd, finished.error, &state, err);
    if (result != NBD_OK)
        return result;
    if (state == FETCH_DEFECT) {
        if (copy_lose(worker->copy, fetch->piece.offset, fetch->piece.length, fetch->error, worker->state->scratch, err) < 0)
            return NBD_WRONG;
        state = fetch_skip(fetch);
    }
    if (state == FETCH_DONE)
        finish_fetch(worker, fetch);
    return NBD_OK;
}

/* What was not answered goes back to the pool, for whichever connection is there first. */
static void give_all_back(struct worker *worker)
{
    struct worker_state *state = worker->state;
    for (unsigned i = 0; i <= DEPTH; i++)
        if (state->chunks[i].used) {
            copy_forget_lost(worker->copy, state->chunks[i].chunk);
            pool_give_back(&worker->copy->pool, state->chunks[i].chunk);
        }
    memset(state->chunks, 0, sizeof state->chunks);
    memset(state->fetches, 0, sizeof state->fetches);
    state->current = NULL;
}

static bool others_stand(struct copy *copy)
{
    pthread_mutex_lock(&copy->lock);
    bool stand = copy->connected > 0;
    pthread_mutex_unlock(&copy->lock);
    return stand;
}

/* False: this worker ends. */
static bool worker_connect(struct worker *worker)
{
    struct error err = {0};
    enum nbd_result result = worker_reconnect(worker, &err);
    if (result == NBD_OK) {
        copy_connected(worker->copy);
        return true;
    }
    bool refused_more = worker->nbd.stream.fd < 0 && others_stand(worker->copy);
    nbd_drop(&worker->nbd);
    if (result == NBD_WRONG && refused_more)
        return false; /* the server allows no more connections: fewer do as well */
    if (result == NBD_WRONG) {
        copy_fail(worker->copy, &err);
        return false;
    }
    copy_lost(worker->copy, false, &err);
    pause_ms(worker->copy, worker->state->backoff_ms);
    worker->state->backoff_ms = (int64_t)least((uint64_t)worker->state->backoff_ms * 2, BACKOFF_MAX_MS);
    return true;
}

/* Nothing is under way: a piece waits to be asked for again, or others are at the last chunks, which may come back. */
static void wait_for_work(struct worker *worker)
{
    for (unsigned tag = 0; tag < DEPTH; tag++)
        if (worker->state->fetches[tag].of) {
            usleep(PIECE_PAUSE_MS * 1000 / 4);
            return;
        }
    copy_hurry(worker->copy);
    pool_wait_change(&worker->copy->pool);
}

static enum nbd_result worker_step(struct worker *worker, struct error *err)
{
    enum nbd_result result = send_ahead(worker, err);
    if (result == NBD_OK && worker->nbd.in_flight)
        return receive_one(worker, err);
    if (result == NBD_OK)
        wait_for_work(worker);
    return result;
}

static void worker_run(struct worker *worker)
{
    struct copy *copy = worker->copy;
    while (!atomic_load(&copy->stop) && !pool_is_done(&copy->pool)) {
        if (worker->nbd.stream.fd < 0) {
            if (!worker_connect(worker))
                return;
            continue;
        }
        struct error err = {0};
        enum nbd_result result = worker_step(worker, &err);
        if (result == NBD_OK)
            continue;
        nbd_drop(&worker->nbd);
        copy_relent(copy);
        give_all_back(worker);
        if (result == NBD_WRONG)
            copy_fail(copy, &err);
        else
            copy_lost(copy, true, &err);
    }
}

void *worker_main(void *argument)
{
    struct worker *worker = argument;
    struct worker_state state = {.backoff_ms = BACKOFF_FIRST_MS, .scratch = aligned_alloc_checked(TARGET_SCRATCH_BYTES)};
    worker->state = &state;
    worker->nbd.stream.stop = &worker->copy->stop;
    worker->nbd.stream.received_bytes = &worker->copy->received_bytes;
    worker->nbd.stream.silence_limit_ms = &worker->copy->silence_limit_ms;
    worker_run(worker);
    nbd_close(&worker->nbd);
    free(state.scratch);
    return NULL;
}
