/* The pull, from the first question to the last sector. See pull.h.
 *
 *     connect → identify the source → open the target → what is on it already? → prepare its ends
 *             → ask what is zero → copy the body → write the ends, the first sector last */
#include "pull.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "../base/bytes.h"
#include "../base/cleanup.h"
#include "../base/text.h"
#include "../nbd/lost.h"
#include "../source/source.h"
#include "copy.h"
#include "front.h"
#include "lone.h"
#include "reach.h"
#include "resume.h"
#include "scan.h"
#include "target/ends.h"
#include "target/hold.h"
#include "verify/verify.h"

#define BUFFERS_BYTES_MAX (24ull << 20) /* of all connections: the whole program stays below 32 MB */
#define GLITCH_SECONDS 5u /* a source that was not heard before is not waited for longer: it may be the wrong one */

struct pull {
    const struct pull_options *options;
    pull_told *told; /* and with what */
    void *told_context;
    struct nbd_source source;
    struct nbd nbd;
    unsigned char *front;     /* laid before the source, when it is put into a partition; owned */
    struct ends ends;
    struct identity identity;
    struct target target;
    struct journal journal;
    struct map_digest map;    /* of the map of blocks in use; all zero: everything is */
    struct extents in_use, wanted;
    struct copy copy;
    enum pull_state state;
    bool other_map;           /* an earlier run copied more than what is in use by this map */
};

static void tell_trouble(void *context, const char *trouble)
{
    const struct pull *pull = context;
    if (pull->told)
        pull->told(pull->told_context, &(struct pull_progress){.total_bytes = pull->ends.source_bytes, .trouble = trouble});
}

static struct lone before_copy(struct pull *pull, bool is_identified)
{
    const struct pull_options *options = pull->options;
    return (struct lone){.nbd = &pull->nbd, .source = &pull->source, .opened = options->opened,
                         .patience_seconds = options->heard ? options->patience_seconds : (unsigned)least(options->patience_seconds, GLITCH_SECONDS),
                         .source_bytes = pull->ends.source_bytes, .identity = is_identified ? &pull->identity : NULL,
                         .tell = tell_trouble, .context = pull};
}

static enum nbd_result only_connect(struct nbd *nbd, void *context, struct error *err)
{
    (void)nbd, (void)context, (void)err;
    return NBD_OK;
}

static int connect_source(struct pull *pull, struct error *err)
{
    const struct pull_options *options = pull->options;
    if (options->opened && source_revive(options->opened, err) < 0)
        return error_prefix(err, "%s", options->source);
    if (reach_open(&pull->source, &pull->nbd, options->nbd_uri ? options->nbd_uri : options->source, err) < 0)
        return -1;
    struct lone lone = before_copy(pull, false);
    enum nbd_result result = options->heard ? lone_do(&lone, only_connect, NULL, err) : nbd_connect(&pull->nbd, &pull->source, err);
    return result == NBD_OK ? 0 : error_prefix(err, "%s", options->source);
}

/* From here on the source is a disk with a partition table. */
static int lay_front(struct pull *pull, struct error *err)
{
    unsigned char start[PAGE_BYTES] = {0}; /* with the superblock of ext, XFS and others */
    struct nbd *nbd = &pull->nbd;
    if (nbd_read_at(nbd, start, 0, (size_t)least(sizeof start, nbd->export.size_bytes), NULL, err) != NBD_OK)
        return error_prefix(err, "%s: read its first blocks", pull->options->source);
    pull->front = front_make(nbd->export.size_bytes, XXH32(start, sizeof start, 0), err);
    if (!pull->front)
        return -1;
    pull->source.front = nbd->front = pull->front;
    pull->source.front_bytes = nbd->front_bytes = FRONT_BYTES;
    nbd->export.size_bytes += FRONT_BYTES;
    return 0;
}

static enum nbd_result read_identity(struct nbd *nbd, void *context, struct error *err)
{
    struct pull *pull = context;
    uint64_t size = nbd->export.size_bytes;
    if (size < 2 * MIB) {
        error_set(err, "the source has only %llu bytes: that is no server's disk", (unsigned long long)size);
        return NBD_WRONG;
    }
    ends_close(&pull->ends);
    ends_open(&pull->ends, size);
    extents_free(&pull->copy.lost);
    enum nbd_result result = identity_read(nbd, &pull->ends, &pull->identity, pull->options->zero_unreadable ? &pull->copy.lost : NULL, err);
    if (result != NBD_OK)
        error_prefix(err, "read its first and last blocks");
    return result;
}

static int identify_source(struct pull *pull, struct error *err)
{
    struct lone lone = before_copy(pull, false);
    return lone_do(&lone, read_identity, pull, err) == NBD_OK ? 0 : error_prefix(err, "%s", pull->options->source);
}

static int refuse_resized(const struct pull *pull, struct error *err)
{
    error_set(err, "%s had %llu bytes a moment ago, and now it has %llu", pull->options->source,
              (unsigned long long)pull->options->in_use_of_bytes, (unsigned long long)(pull->ends.source_bytes - pull->source.front_bytes));
    return error_advise(err, "Stop what changes the source, then start again.");
}

/* Which blocks are in use is part of what a half-done copy is: what the first run left out, a later one must not take for copied. */
static int take_map(struct pull *pull, struct error *err)
{
    const struct extents *in_use = pull->options->in_use;
    uint64_t size = pull->ends.source_bytes, front = pull->source.front_bytes;
    if (in_use && pull->options->in_use_of_bytes != align_down(size - front, SECTOR))
        return refuse_resized(pull, err);
    if (front)
        extents_add(&pull->in_use, 0, front);
    for (size_t i = 0; in_use && i < in_use->count; i++)
        extents_add(&pull->in_use, front + in_use->items[i].start, front + in_use->items[i].end);
    extents_add(&pull->in_use, align_down(size - 1, SECTOR), size); /* what is less than a sector, the map's view of the disk does not have */
    if (!in_use || extents_bytes(&pull->in_use) >= size) {
        extents_free(&pull->in_use);
        extents_add(&pull->in_use, 0, size);
        return 0;
    }
    pull->map = map_digest_of(&pull->in_use);
    return 0;
}

static int look_at_target(struct pull *pull, struct error *err)
{
    const struct wanted_copy wanted = {pull->options, pull->ends.source_bytes, &pull->identity, &pull->map};
    return resume_find(&wanted, &pull->target, &pull->journal, &pull->state, &pull->other_map, err);
}

/* Requests have the server's size limits, and pages where it lets us. */
static uint32_t choose_request_bytes(const struct pull *pull)
{
    const struct nbd_export *export = &pull->nbd.export;
    uint64_t bytes = least(pull->options->request_bytes ? pull->options->request_bytes : REQUEST_BYTES, export->block_max);
    uint64_t unit = most(PAGE_BYTES, export->block_min);
    return (uint32_t)(bytes >= unit ? align_down(bytes, unit) : align_down(most(bytes, export->block_min), export->block_min));
}

static unsigned choose_connections(const struct pull *pull, uint32_t request_bytes)
{
    uint64_t each = request_bytes + (uint64_t)TARGET_SCRATCH_BYTES;
    return (unsigned)most(1, least(nbd_connections(&pull->nbd.export, pull->options->connections), BUFFERS_BYTES_MAX / most(1, pull->options->disks) / each));
}

static int prepare_target(struct pull *pull, uint32_t request_bytes, struct error *err)
{
    if (pull->state == PULL_HALF_DONE)
        return 0;
    pull->journal = (struct journal){.identity = pull->identity, .map = pull->map, .source_bytes = pull->ends.source_bytes,
                                     .chunk_bytes = journal_chunk_bytes(pull->ends.source_bytes, request_bytes)};
    strncpy(pull->journal.source, pull->options->source, sizeof pull->journal.source - 1);
    pull->journal.settled = checked_alloc(journal_words(&pull->journal) * 8);
    return ends_prepare(&pull->target, &pull->journal, &pull->ends, err);
}

static enum nbd_result find_not_zero(struct nbd *nbd, void *context, struct error *err)
{
    extents_free(context);
    return scan_source(nbd, context, err);
}

static int find_wanted(struct pull *pull, struct error *err)
{
    __attribute__((cleanup(extents_free))) struct extents not_zero = {0};
    struct lone lone = before_copy(pull, true);
    if (lone_do(&lone, find_not_zero, &not_zero, err) != NBD_OK)
        return -1;
    uint32_t unit = (uint32_t)most(PAGE_BYTES, pull->nbd.export.block_min);
    pull->wanted = extents_in_both(&not_zero, &pull->in_use, unit, pull->ends.source_bytes);
    return 0;
}

/* What an earlier run lost stays lost; but a chunk that it did not settle is read anew. The ends were read just now. */
static void take_lost(struct pull *pull)
{
    struct copy *copy = &pull->copy;
    lost_forget(&copy->lost, copy->pool.body_start, copy->pool.body_end);
    for (size_t i = 0; i < pull->journal.lost.count; i++) {
        const struct extent *range = &pull->journal.lost.items[i];
        uint64_t start = most(range->start, copy->pool.body_start), end = least(range->end, copy->pool.body_end);
        if (start >= end)
            continue;
        lost_add(&copy->lost, start, end);
        for (uint64_t chunk = start / copy->pool.chunk_bytes; chunk * copy->pool.chunk_bytes < end; chunk++)
            if (!pool_is_settled(&copy->pool, chunk))
                lost_forget(&copy->lost, pool_range(&copy->pool, chunk).start, pool_range(&copy->pool, chunk).end);
    }
}

static int copy_body(struct pull *pull, pull_told *told, void *context, struct pull_result *result, struct error *err)
{
    struct copy *copy = &pull->copy;
    if (find_wanted(pull, err) < 0)
        return error_prefix(err, "%s", pull->options->source);
    copy->source = &pull->source;
    copy->opened = pull->options->opened;
    copy->target = &pull->target;
    copy->wanted = &pull->wanted;
    copy->in_use = &pull->in_use;
    copy->journal = &pull->journal;
    copy->patience_seconds = pull->options->patience_seconds;
    copy->request_bytes = (uint32_t)least(choose_request_bytes(pull), pull->journal.chunk_bytes);
    copy->connections = choose_connections(pull, copy->request_bytes);
    copy->zero_unreadable = pull->options->zero_unreadable;
    pool_open(&copy->pool, &pull->journal, &pull->wanted, HEAD_BYTES, pull->ends.tail_start);
    take_lost(pull);
    result->connections = copy->connections;
    result->progress.resumed_bytes = pool_snapshot(&copy->pool, NULL, NULL);
    int status = copy_run(copy, &pull->nbd, told, context, &result->progress, err);
    if (status == 0 && pull->options->before_ends)
        status = journal_save(copy, err); /* what is waited for now may take long, or never come */
    pool_snapshot(&copy->pool, &pull->journal, &result->zero_bytes);
    extents_free(&pull->journal.lost);
    pull->journal.lost = extents_copy(&copy->lost);
    result->lost = extents_take(&copy->lost);
    pool_close(&copy->pool);
    return status < 0 ? error_prefix(err, "copy %s to %s", pull->options->source, pull->options->target) : 0;
}

static int verify_body(struct pull *pull, pull_told *told, void *context, struct pull_result *result, struct error *err)
{
    struct verify verify = {.nbd = &pull->nbd, .source = &pull->source, .target = &pull->target, .journal = &pull->journal,
                            .in_use = &pull->in_use, .ends = &pull->ends, .zero_unreadable = pull->options->zero_unreadable,
                            .opened = pull->options->opened, .patience_seconds = pull->options->patience_seconds};
    return verify_run(&verify, told, context, result, err);
}

/* The copy is there already, only its boot code is held back. */
static int finish_held(struct pull *pull, struct pull_result *result, struct error *err)
{
    result->progress.resumed_bytes = pull->ends.source_bytes;
    result->lost = extents_copy(&pull->journal.lost);
    result->progress.lost_bytes = extents_bytes(&result->lost);
    return pull->options->hold_boot_code ? 0 : write_boot_code(&pull->target, pull->ends.head, err);
}

static int ask_before_ends(const struct pull *pull, struct error *err)
{
    return pull->options->before_ends ? pull->options->before_ends(pull->options->context, err) : 0;
}

/* What is asked for is more than the source has, where a partition table is laid before it. */
static int open_target(struct pull *pull, struct error *err)
{
    if (target_open(&pull->target, pull->options->target, pull->ends.source_bytes, err) == 0)
        return 0;
    return pull->front ? error_prefix(err, "a source with a partition table of 1 MiB before it") : -1;
}

static int pull_all(struct pull *pull, pull_told *told, void *context, struct pull_result *result, struct error *err)
{
    if (connect_source(pull, err) < 0)
        return -1;
    if ((pull->options->into_partition && lay_front(pull, err) < 0) || identify_source(pull, err) < 0)
        return -1;
    result->progress.total_bytes = pull->ends.source_bytes;
    if (take_map(pull, err) < 0)
        return -1;
    result->free_bytes = pull->ends.source_bytes - extents_bytes(&pull->in_use);
    memcpy(result->boot_code, pull->ends.head, BOOT_CODE_BYTES);
    if (open_target(pull, err) < 0 || look_at_target(pull, err) < 0)
        return -1;
    if (pull->state == PULL_HELD)
        return ask_before_ends(pull, err) < 0 ? -1 : finish_held(pull, result, err);
    if (prepare_target(pull, choose_request_bytes(pull), err) < 0)
        return -1;
    if (pull->options->verify && verify_prepare(&pull->journal, pull->other_map, err) < 0)
        return -1;
    if (copy_body(pull, told, context, result, err) < 0 || (pull->options->verify && verify_body(pull, told, context, result, err) < 0))
        return -1;
    if (ask_before_ends(pull, err) < 0)
        return -1;
    const struct ending ending = {pull->options->hold_boot_code, pull->options->verify, &pull->in_use};
    if (ends_finish(&pull->target, &pull->journal, &pull->ends, &ending, err) < 0)
        return -1;
    target_reread_partitions(&pull->target);
    return 0;
}

void pull_result_free(struct pull_result *result)
{
    extents_free(&result->lost);
    extents_free(&result->mended);
}

int pull_run(const struct pull_options *options, pull_told *told, void *context, struct pull_result *result, struct error *err)
{
    struct pull *pull = checked_alloc(sizeof *pull);
    *result = (struct pull_result){0};
    pull->options = options;
    pull->told = told;
    pull->told_context = context;
    pull->target.fd = pull->target.direct_fd = -1;
    atomic_init(&pull->copy.received_bytes, 0);
    pull->nbd.stream.received_bytes = &pull->copy.received_bytes;
    int status = pull_all(pull, told, context, result, err);
    result->progress.received_bytes = atomic_load(&pull->copy.received_bytes);
    if (status == 0)
        result->progress.done_bytes = result->progress.total_bytes;
    if (status == 0 && told)
        told(context, &result->progress);
    reach_close(&pull->source, &pull->nbd);
    target_close(&pull->target);
    ends_close(&pull->ends);
    journal_free(&pull->journal);
    extents_free(&pull->wanted);
    extents_free(&pull->copy.lost);
    extents_free(&pull->in_use);
    free(pull->front);
    free(pull);
    return status;
}
