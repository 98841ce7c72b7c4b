/* See measure.h. */
#include "measure.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../base/bytes.h"
#include "../base/cleanup.h"
#include "../base/text.h"
#include "../nbd/nbd.h"
#include "../source/source.h"
#include "scan.h"
#include "target/journal.h"
#include "target/target.h"

#define ROUND_TRIPS 8
#define WARM_UP_MS 700 /* not counted: TCP finds the link's rate */
#define COUNTED_MS 1500
#define TARGET_MS 1500
#define DRAIN_MS 10000 /* for what is still on its way: nbdkit before 1.34 dies when a client leaves in the middle of an answer */
#define DEPTH 4
#define PIECES_MAX (32u << 10) /* what is read is not more than these, of 1 MiB each */
#define SOURCE_IS_SLOWER 0.8   /* than what comes from the server's memory: its disk limits */

/* Readers of one source share a list of pieces, and take the next one each. */
struct reading {
    struct nbd_source *source;
    const uint64_t *pieces; /* offsets */
    uint64_t piece_count;
    uint32_t request_bytes;
    atomic_ullong next, received_bytes;
    atomic_bool enough; /* nothing more is asked for */
    atomic_bool stop;   /* nothing more is waited for */
    atomic_uint running;
};

static enum nbd_result ask_next(struct reading *reading, struct nbd *nbd, unsigned tag)
{
    uint64_t piece = atomic_fetch_add(&reading->next, 1) % reading->piece_count;
    return nbd_send(nbd, NBD_READ, reading->pieces[piece], reading->request_bytes, tag, NULL);
}

/* One connection, until it is stopped. What goes wrong shows as bytes that did not come. */
static void *reader_main(void *argument)
{
    struct reading *reading = argument;
    const struct nbd_sink nowhere = nbd_nowhere();
    struct nbd nbd = {.stream = {.fd = -1, .stop = &reading->stop, .received_bytes = &reading->received_bytes},
                      .buffer = aligned_alloc_checked(align_up(reading->request_bytes, PAGE_BYTES)), .buffer_bytes = reading->request_bytes};
    enum nbd_result result = nbd_connect(&nbd, reading->source, NULL);
    for (unsigned tag = 0; result == NBD_OK && tag < DEPTH; tag++)
        result = ask_next(reading, &nbd, tag);
    while (result == NBD_OK && nbd.in_flight) {
        struct nbd_finished finished;
        result = nbd_receive(&nbd, &nowhere, &finished, NULL);
        if (result == NBD_OK && finished.finished && !atomic_load(&reading->enough))
            result = ask_next(reading, &nbd, finished.tag);
    }
    if (result == NBD_OK)
        nbd_close(&nbd);
    else
        nbd_drop(&nbd);
    free(nbd.buffer);
    atomic_fetch_sub(&reading->running, 1);
    return NULL;
}

static void end_readers(struct reading *reading, pthread_t *threads, unsigned count)
{
    atomic_store(&reading->enough, true);
    for (int64_t until = clock_ms() + DRAIN_MS; atomic_load(&reading->running) && clock_ms() < until;)
        usleep(10000);
    atomic_store(&reading->stop, true);
    while (count)
        pthread_join(threads[--count], NULL);
}

/* Bytes per second over so many connections, from the first piece on. */
static double read_rate(struct reading *reading, unsigned connections)
{
    cleanup_free pthread_t *threads = checked_alloc(connections * sizeof *threads);
    unsigned started = 0;
    atomic_store(&reading->enough, false);
    atomic_store(&reading->stop, false);
    atomic_store(&reading->next, 0);
    atomic_store(&reading->running, connections);
    while (started < connections && pthread_create(&threads[started], NULL, reader_main, reading) == 0)
        started++;
    atomic_fetch_sub(&reading->running, connections - started);
    usleep(WARM_UP_MS * 1000);
    uint64_t before = atomic_load(&reading->received_bytes);
    int64_t from_ms = clock_ms();
    usleep(COUNTED_MS * 1000);
    double rate = (double)(atomic_load(&reading->received_bytes) - before) * 1000 / (double)(clock_ms() - from_ms);
    end_readers(reading, threads, started);
    return rate;
}

/* What would travel, in whole pieces, from the middle of it on: what was read before (the ends, file systems' heads) says little. */
static uint64_t *choose_pieces(const struct extents *wanted, uint32_t piece_bytes, uint64_t *count)
{
    uint64_t *pieces = checked_alloc(PIECES_MAX * sizeof *pieces);
    *count = 0;
    for (size_t i = 0; i < wanted->count && *count < PIECES_MAX; i++) {
        const struct extent *extent = &wanted->items[(wanted->count / 2 + i) % wanted->count];
        uint64_t start = wanted->count == 1 ? align_down(extent->end / 2, piece_bytes) : extent->start;
        for (; start + piece_bytes <= extent->end && *count < PIECES_MAX; start += piece_bytes)
            pieces[(*count)++] = start;
    }
    return pieces;
}

/* The same pieces twice: the second time the server has them in memory, so what is slower the first time is its disk. */
static int measure_source(struct nbd_source *source, const struct extents *wanted, uint32_t request_bytes, struct measured *measured, struct error *err)
{
    struct reading reading = {.source = source, .request_bytes = request_bytes};
    cleanup_free uint64_t *pieces = choose_pieces(wanted, request_bytes, &reading.piece_count);
    if (!reading.piece_count)
        return error_set(err, "there is too little on the source to measure anything");
    reading.pieces = pieces;
    measured->source = read_rate(&reading, measured->connections);
    reading.piece_count = most(1, least(reading.piece_count, atomic_load(&reading.next)));
    measured->network = read_rate(&reading, measured->connections);
    measured->one_connection = measured->connections > 1 ? read_rate(&reading, 1) : measured->network;
    return measured->network > 0 ? 0 : error_set(err, "the source answers, but sends no data");
}

static int find_travelling(struct nbd *nbd, const struct pull_options *options, struct extents *wanted, struct error *err)
{
    __attribute__((cleanup(extents_free))) struct extents not_zero = {0}, all = {0};
    uint64_t size = nbd->export.size_bytes;
    if (scan_source(nbd, &not_zero, err) != NBD_OK)
        return -1;
    extents_add(&all, 0, size);
    *wanted = extents_in_both(&not_zero, options->in_use ? options->in_use : &all, (uint32_t)most(PAGE_BYTES, nbd->export.block_min), size);
    return 0;
}

static int look_at_source(const struct pull_options *options, struct nbd_source *source, struct nbd *nbd, struct measured *measured, struct error *err)
{
    __attribute__((cleanup(extents_free))) struct extents wanted = {0};
    if (nbd_connect(nbd, source, err) != NBD_OK || nbd_round_trip(nbd, ROUND_TRIPS, &measured->round_trip_seconds, err) != NBD_OK || find_travelling(nbd, options, &wanted, err) < 0)
        return -1;
    measured->source_bytes = nbd->export.size_bytes;
    measured->travels_bytes = extents_bytes(&wanted);
    measured->connections = nbd_connections(&nbd->export, options->connections);
    uint32_t request_bytes = (uint32_t)align_down(least(nbd->buffer_bytes, nbd->export.block_max), nbd->export.block_min);
    nbd_close(nbd); /* some servers take no more than the copy would have */
    if (measure_source(source, &wanted, request_bytes, measured, err) < 0)
        return -1;
    return nbd_connect(nbd, source, err) == NBD_OK ? measure_compression(nbd, &wanted, &measured->compressed_share, err) : -1;
}

/* Bytes per second of one pass from the middle on, as long as there is time and room. */
static int target_rate(struct target *target, bool write, double *rate, struct error *err)
{
    cleanup_free unsigned char *bytes = aligned_alloc_checked(MIB);
    int64_t from_ms = clock_ms();
    uint64_t start = align_down(target->size_bytes / 2, MIB), at = start;
    for (uint64_t i = 0, random = 1; i < MIB; i += sizeof random, random = random * 6364136223846793005u + 1442695040888963407u)
        put_le64(bytes + i, random ^ random >> 29); /* so that no storage makes less of it */
    for (; at + MIB <= target->size_bytes && clock_ms() < from_ms + TARGET_MS; at += MIB)
        if ((write ? target_write(target, bytes, at, MIB, err) : target_read(target, bytes, at, MIB, err)) < 0)
            return -1;
    if (write && target_flush(target, err) < 0)
        return -1;
    *rate = (double)(at - start) * 1000 / (double)most(1, (uint64_t)(clock_ms() - from_ms));
    return 0;
}

static int measure_target(const char *path, bool write, struct measured *measured, struct error *err)
{
    struct target target;
    cleanup_free char *copy = NULL;
    if (write && pull_state_of(path, &copy) != PULL_NONE) {
        error_set(err, "%s holds %s, which --write would damage", path, copy);
        return error_advise(err, "Measure without --write, or go on with that copy.");
    }
    if (access(path, F_OK) < 0)
        return error_errno(err, "open %s", path);
    if (target_open(&target, path, 2 * MIB, err) < 0)
        return -1;
    int status = target_rate(&target, write, &measured->target, err);
    measured->target_written = write;
    target_close(&target);
    return status;
}

static void foretell(struct measured *measured)
{
    bool source_limits = measured->source > 0 && measured->source < measured->network * SOURCE_IS_SLOWER;
    double rate = source_limits ? measured->source : measured->network;
    measured->limit = source_limits ? "source" : "network";
    if (measured->target > 0 && measured->target < rate) {
        rate = measured->target;
        measured->limit = "target";
    }
    measured->forecast_seconds = (double)measured->travels_bytes / rate;
}

int measure_path(const struct pull_options *options, bool write, struct measured *measured, struct error *err)
{
    struct nbd_source source;
    struct nbd nbd = {.stream.fd = -1, .buffer = aligned_alloc_checked(MIB), .buffer_bytes = MIB};
    *measured = (struct measured){0};
    int status = write ? source_spare(options->opened, options->target, err) : 0;
    if (status == 0)
        status = nbd_source_open(&source, options->nbd_uri ? options->nbd_uri : options->source, err);
    if (status == 0) {
        status = look_at_source(options, &source, &nbd, measured, err);
        if (status < 0)
            error_prefix(err, "%s", options->source);
        nbd_drop(&nbd);
        nbd_source_free(&source);
    }
    free(nbd.buffer);
    if (status == 0 && options->target)
        status = measure_target(options->target, write, measured, err);
    if (status == 0)
        foretell(measured);
    return status;
}
