/* A range that a connection fetches with one request; and when the source cannot read all of it, with several: smaller after
 * a failure, larger again after a success, so that in the end only what really cannot be read is missing. Pure. */
#ifndef REHOST_NBD_PIECE_H
#define REHOST_NBD_PIECE_H

#include <stdbool.h>
#include <stdint.h>

struct piece {
    uint64_t offset, end;  /* what is left of it */
    uint32_t length;       /* of the request under way, or the next; it starts at `offset` */
    uint32_t unit;         /* the smallest length that is asked for */
    unsigned tries;        /* failures of the smallest length at this offset */
    unsigned unreadable;   /* ranges that were given up */
    uint32_t refused;      /* the source said that this length is too large; 0: it did not */
    int64_t due_ms;        /* the next request is not to be sent before */
    int64_t effort_until_ms; /* from then on what fails is given up as it is; 0: nothing has failed yet */
};

#define PIECE_UNIT_MIN 512u
#define PIECE_TRIES 5         /* of the first smallest range that fails, with growing pauses: it may pass … */
#define PIECE_TRIES_LATER 2   /* … and of those after it */
#define PIECE_PAUSE_MS 100
#define PIECE_EFFORT_MS 60000 /* a dying disk takes seconds for each sector that it cannot read */

/* `block_min` is the server's. */
struct piece piece_of(uint64_t offset, uint32_t length, uint32_t block_min);
/* What was asked for has come. False when that was the rest. */
bool piece_came(struct piece *piece);
/* What was asked for cannot be read, for the reason `error` (an errno). True: ask again, for less or later; false: offset and length are to be given up. */
bool piece_failed(struct piece *piece, int error, int64_t now_ms);
/* Goes on behind what is given up. False when that was the rest. */
bool piece_give_up(struct piece *piece, int64_t now_ms);
#endif
