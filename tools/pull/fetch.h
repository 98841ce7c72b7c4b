/* What a connection does about one piece until it is here: asks, asks for less after an error, and asks whether the source
 * can read anything at all before a range counts as one that cannot be read. */
#ifndef REHOST_PULL_FETCH_H
#define REHOST_PULL_FETCH_H

#include "../nbd/nbd.h"
#include "../nbd/piece.h"

struct open_chunk;

struct fetch {
    struct piece piece;
    struct open_chunk *of; /* NULL: nothing is fetched */
    bool probing;          /* the first sector is asked for, and what comes is not to land */
    int error;             /* why */
    uint64_t sum;          /* digest of what has come of the request under way … */
    bool undigested;       /* … but for parts that are no whole sectors */
};

/* DEFECT: the source can read its first sector, but not what piece.offset and piece.length say, however small the steps. */
enum fetch_state { FETCH_ASKS, FETCH_DONE, FETCH_DEFECT };

/* Sends what is to be asked for next, under this tag. */
enum nbd_result fetch_send(const struct fetch *fetch, struct nbd *nbd, unsigned tag, struct error *err);
/* A request ended, with `error` 0 or the server's. */
enum nbd_result fetch_ended(struct fetch *fetch, struct nbd *nbd, int error, enum fetch_state *state, struct error *err);
/* The defect has been dealt with: what is behind it? */
enum fetch_state fetch_skip(struct fetch *fetch);

#endif
