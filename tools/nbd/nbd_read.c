/* One read into memory, with nothing else in flight: for what has to be known before the copy. See nbd.h. */
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "../base/bytes.h"
#include "../base/clock.h"
#include "lost.h"
#include "nbd.h"
#include "piece.h"

#define PAGE 4096u
#define SMALL_READ 512u

struct memory {
    unsigned char *bytes;
    uint64_t offset;
};

static int keep_data(void *context, unsigned tag, uint64_t offset, const void *bytes, uint32_t length, struct error *err)
{
    (void)tag, (void)err;
    const struct memory *memory = context;
    memcpy(memory->bytes + (offset - memory->offset), bytes, length);
    return 0;
}

static int keep_zeroes(void *context, unsigned tag, uint64_t offset, uint32_t length, struct error *err)
{
    (void)tag, (void)err;
    const struct memory *memory = context;
    memset(memory->bytes + (offset - memory->offset), 0, length);
    return 0;
}

static int drop_data(void *context, unsigned tag, uint64_t offset, const void *bytes, uint32_t length, struct error *err)
{
    (void)context, (void)tag, (void)offset, (void)bytes, (void)length, (void)err;
    return 0;
}

static int drop_zeroes(void *context, unsigned tag, uint64_t offset, uint32_t length, struct error *err)
{
    (void)context, (void)tag, (void)offset, (void)length, (void)err;
    return 0;
}

/* One request; `error` is the server's answer. */
static enum nbd_result ask(struct nbd *nbd, const struct nbd_sink *sink, uint64_t offset, uint32_t length, int *error, struct error *err)
{
    struct nbd_finished finished = {0};
    enum nbd_result result = nbd_send(nbd, NBD_READ, offset, length, 0, err);
    while (result == NBD_OK && !finished.finished)
        result = nbd_receive(nbd, sink, &finished, err);
    *error = finished.error;
    return result;
}

struct nbd_sink nbd_nowhere(void)
{
    return (struct nbd_sink){.data = drop_data, .zeroes = drop_zeroes};
}

enum nbd_result nbd_round_trip(struct nbd *nbd, unsigned tries, double *seconds, struct error *err)
{
    const struct nbd_sink nowhere = nbd_nowhere();
    enum nbd_result result = NBD_OK;
    *seconds = HUGE_VAL;
    for (unsigned i = 0; i < tries && result == NBD_OK; i++) {
        int error; /* comes as fast as data */
        double before = clock_seconds();
        result = ask(nbd, &nowhere, nbd->front_bytes, (uint32_t)most(SMALL_READ, nbd->export.block_min), &error, err);
        *seconds = fmin(*seconds, clock_seconds() - before);
    }
    return result;
}

/* What cannot be read is lost, if that is allowed. An adapter whose own source is gone for a while reads nothing at all. */
static enum nbd_result lose(struct nbd *nbd, const struct memory *memory, const struct piece *piece, int reason, struct extents *lost, struct error *err)
{
    const struct nbd_sink nowhere = nbd_nowhere();
    int error = 0;
    enum nbd_result result = ask(nbd, &nowhere, nbd->front_bytes, piece->unit, &error, err);
    if (result != NBD_OK)
        return result;
    if (!lost || error) {
        lost_refuse(piece->offset, piece->length, reason, err);
        return error ? NBD_LOST : NBD_WRONG;
    }
    memset(memory->bytes + (piece->offset - memory->offset), 0, piece->length);
    return lost_take(lost, piece->offset, piece->length, err) < 0 ? NBD_WRONG : NBD_OK;
}

static void wait_until(int64_t due_ms)
{
    for (int64_t left; (left = due_ms - clock_ms()) > 0;)
        usleep((useconds_t)left * 1000);
}

static enum nbd_result read_piece(struct nbd *nbd, const struct memory *memory, struct piece piece, struct extents *lost, struct error *err)
{
    struct nbd_sink sink = {.context = (void *)memory, .data = keep_data, .zeroes = keep_zeroes};
    for (bool more = true; more;) {
        int error = 0;
        enum nbd_result result = ask(nbd, &sink, piece.offset, piece.length, &error, err);
        if (result == NBD_OK && !error) {
            nbd_learn_limit(nbd, &piece);
            more = piece_came(&piece);
        } else if (result == NBD_OK && piece_failed(&piece, error, clock_ms())) {
            wait_until(piece.due_ms);
        } else {
            result = result == NBD_OK ? lose(nbd, memory, &piece, error, lost, err) : result;
            more = result == NBD_OK && piece_give_up(&piece, clock_ms());
        }
        if (result != NBD_OK)
            return result;
    }
    return NBD_OK;
}

void nbd_learn_limit(struct nbd *nbd, const struct piece *piece)
{
    if (piece->refused > piece->length && piece->length >= PAGE)
        nbd->export.block_max = (uint32_t)least(nbd->export.block_max, align_down(piece->length, PAGE));
}

enum nbd_result nbd_read_at(struct nbd *nbd, void *bytes, uint64_t offset, size_t length, struct extents *lost, struct error *err)
{
    struct memory memory = {bytes, offset};
    uint64_t in_front = offset < nbd->front_bytes ? least(length, nbd->front_bytes - offset) : 0;
    if (in_front)
        memcpy(bytes, nbd->front + offset, in_front);
    for (uint64_t done = in_front; done < length;) {
        uint32_t piece = (uint32_t)least(least(nbd->buffer_bytes, nbd->export.block_max), length - done);
        enum nbd_result result = read_piece(nbd, &memory, piece_of(offset + done, piece, nbd->export.block_min), lost, err);
        if (result != NBD_OK)
            return result;
        done += piece;
    }
    return NBD_OK;
}
