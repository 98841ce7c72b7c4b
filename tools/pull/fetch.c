/* See fetch.h. */
#include "fetch.h"

#include <errno.h>

enum nbd_result fetch_send(const struct fetch *fetch, struct nbd *nbd, unsigned tag, struct error *err)
{
    if (fetch->probing)
        return nbd_send(nbd, NBD_READ, nbd->front_bytes, fetch->piece.unit, tag, err);
    return nbd_send(nbd, NBD_READ, fetch->piece.offset, fetch->piece.length, tag, err);
}

static enum nbd_result server_ends(struct error *err)
{
    errno = ESHUTDOWN;
    error_errno(err, "the source's NBD server is ending");
    return NBD_LOST;
}

/* An adapter whose own source is gone (nbdkit over ssh, https, …) answers every read with an error: that is no defect. */
static enum nbd_result probe_ended(struct fetch *fetch, int error, enum fetch_state *state, struct error *err)
{
    fetch->probing = false;
    *state = FETCH_DEFECT;
    if (!error)
        return NBD_OK;
    errno = error;
    error_errno(err, "its server answers, but can read nothing, not even the first sector");
    return NBD_LOST;
}

static void failed(struct fetch *fetch, int error)
{
    if (piece_failed(&fetch->piece, error, clock_ms()))
        return;
    fetch->probing = true;
    fetch->error = error;
}

enum nbd_result fetch_ended(struct fetch *fetch, struct nbd *nbd, int error, enum fetch_state *state, struct error *err)
{
    *state = FETCH_ASKS;
    if (error == ESHUTDOWN)
        return server_ends(err);
    if (fetch->probing)
        return probe_ended(fetch, error, state, err);
    if (error) {
        failed(fetch, error);
        return NBD_OK;
    }
    nbd_learn_limit(nbd, &fetch->piece);
    *state = piece_came(&fetch->piece) ? FETCH_ASKS : FETCH_DONE;
    return NBD_OK;
}

enum fetch_state fetch_skip(struct fetch *fetch)
{
    return piece_give_up(&fetch->piece, clock_ms()) ? FETCH_ASKS : FETCH_DONE;
}
