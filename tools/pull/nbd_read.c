/* One read into memory, with nothing else in flight: for what has to be known before the copy. See nbd.h. */
#include <errno.h>
#include <string.h>

#include "bytes.h"
#include "nbd.h"
#include "piece.h"

#define PAGE 4096u

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

/* One request, tried again when the server reports an error; `error` is the last one. */
static enum nbd_result read_once(struct nbd *nbd, const struct nbd_sink *sink, uint64_t offset, uint32_t length, int *error, struct error *err)
{
    struct nbd_finished finished = {0};
    for (unsigned tries = 0; tries < PIECE_TRIES; tries++) {
        enum nbd_result result = nbd_send(nbd, NBD_READ, offset, length, 0, err);
        for (finished.finished = false; result == NBD_OK && !finished.finished;)
            result = nbd_receive(nbd, sink, &finished, err);
        *error = finished.error;
        if (result != NBD_OK || !finished.error)
            return result;
    }
    errno = *error;
    error_errno(err, "the source cannot read %u bytes at offset %llu", length, (unsigned long long)offset);
    return NBD_LOST;
}

/* One request of at most the buffer's size; a smaller one when that is what the server wants. `length` becomes what was read. */
static enum nbd_result read_piece(struct nbd *nbd, const struct nbd_sink *sink, uint64_t offset, uint32_t *length, struct error *err)
{
    uint32_t unit = (uint32_t)most(PAGE, nbd->export.block_min);
    for (bool refused = false;; refused = true) {
        int error = 0;
        enum nbd_result result = read_once(nbd, sink, offset, *length, &error, err);
        if (result == NBD_OK && refused)
            nbd->export.block_max = *length;
        if (!error || !error_may_mean_too_large(error) || *length <= unit)
            return result;
        *length = (uint32_t)align_up(*length / 2, unit);
    }
}

enum nbd_result nbd_read_at(struct nbd *nbd, void *bytes, uint64_t offset, size_t length, struct error *err)
{
    struct memory memory = {bytes, offset};
    struct nbd_sink sink = {.context = &memory, .data = keep_data, .zeroes = keep_zeroes};
    for (uint64_t done = 0; done < length;) {
        uint32_t piece = (uint32_t)least(least(nbd->buffer_bytes, nbd->export.block_max), length - done);
        enum nbd_result result = read_piece(nbd, &sink, offset + done, &piece, err);
        if (result != NBD_OK)
            return result;
        done += piece;
    }
    return NBD_OK;
}
