/* See fetch.h. */
#include "fetch.h"

#include <errno.h>

#include "bytes.h"
#include "target.h"

enum nbd_result fetch_send(const struct fetch *fetch, struct nbd *nbd, unsigned tag, struct error *err)
{
    if (fetch->probing)
        return nbd_send(nbd, NBD_READ, 0, fetch->piece.unit, tag, err);
    return nbd_send(nbd, NBD_READ, fetch->piece.offset, fetch->piece.length, tag, err);
}

static enum nbd_result server_ends(struct error *err)
{
    errno = ESHUTDOWN;
    error_errno(err, "the source's NBD server is ending");
    return NBD_LOST;
}

/* The source can read its first sector, but not this range, however small the steps. */
static enum nbd_result give_up(const struct fetch *fetch, struct error *err)
{
    errno = fetch->error;
    error_errno(err, "the source cannot read %u bytes at offset %llu", fetch->piece.length, (unsigned long long)fetch->piece.offset);
    error_advise(err, "The source's disk has a defect there, or its NBD server has no right to read it: look at the source's log.");
    return NBD_WRONG;
}

/* An adapter whose own source is gone (nbdkit over ssh, https, …) answers every read with an error: that is no defect. */
static enum nbd_result probe_ended(struct fetch *fetch, int error, struct error *err)
{
    fetch->probing = false;
    if (!error)
        return give_up(fetch, err);
    errno = error;
    error_errno(err, "its server answers, but can read nothing, not even the first sector");
    return NBD_LOST;
}

static void failed(struct fetch *fetch, int error)
{
    if (error_may_mean_too_large(error))
        fetch->piece.refused = fetch->piece.length;
    if (piece_failed(&fetch->piece, clock_ms()))
        return;
    fetch->probing = true;
    fetch->error = error;
}

/* A server that named no limit has one all the same: it read here what it would not read in larger pieces. */
static void learn_limit(struct nbd *nbd, const struct piece *piece)
{
    if (piece->refused > piece->length && piece->length >= PAGE_BYTES)
        nbd->export.block_max = (uint32_t)least(nbd->export.block_max, align_down(piece->length, PAGE_BYTES));
}

enum nbd_result fetch_ended(struct fetch *fetch, struct nbd *nbd, int error, bool *done, struct error *err)
{
    *done = false;
    if (error == ESHUTDOWN)
        return server_ends(err);
    if (fetch->probing)
        return probe_ended(fetch, error, err);
    if (error) {
        failed(fetch, error);
        return NBD_OK;
    }
    learn_limit(nbd, &fetch->piece);
    *done = !piece_came(&fetch->piece);
    return NBD_OK;
}
