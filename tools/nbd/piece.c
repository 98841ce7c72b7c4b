/* See piece.h. */
#include "piece.h"

#include <errno.h>

#include "../base/bytes.h"

struct piece piece_of(uint64_t offset, uint32_t length, uint32_t block_min)
{
    return (struct piece){.offset = offset, .end = offset + length, .length = length, .unit = (uint32_t)most(PIECE_UNIT_MIN, block_min)};
}

/* After a success twice as much, as the defect may lie behind; the same when it is the size that did not fit. */
static bool move_on(struct piece *piece, uint64_t next_length)
{
    piece->offset += piece->length;
    piece->length = (uint32_t)least(next_length, piece->end - piece->offset);
    piece->tries = 0;
    return piece->offset < piece->end;
}

bool piece_came(struct piece *piece)
{
    return move_on(piece, piece->refused ? piece->length : (uint64_t)piece->length * 2);
}

/* Then a smaller request tells. */
static bool may_mean_too_large(int error)
{
    return error == EINVAL || error == EOVERFLOW || error == ENOMEM;
}

bool piece_failed(struct piece *piece, int error, int64_t now_ms)
{
    if (may_mean_too_large(error))
        piece->refused = piece->length;
    if (!piece->effort_until_ms)
        piece->effort_until_ms = now_ms + PIECE_EFFORT_MS;
    if (now_ms >= piece->effort_until_ms)
        return false;
    if (piece->length > piece->unit) {
        piece->length = (uint32_t)align_up(piece->length / 2, piece->unit);
        return true;
    }
    if (++piece->tries >= (piece->unreadable ? PIECE_TRIES_LATER : PIECE_TRIES))
        return false;
    piece->due_ms = piece->unreadable ? now_ms : now_ms + ((int64_t)PIECE_PAUSE_MS << (piece->tries - 1));
    return true;
}

bool piece_give_up(struct piece *piece, int64_t now_ms)
{
    piece->unreadable++;
    return move_on(piece, now_ms >= piece->effort_until_ms ? (uint64_t)piece->length * 2 : piece->length);
}
