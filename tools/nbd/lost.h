/* Ranges of the disk that the source could not read and that are zero on the target: sorted, exact, few. Pure. */
#ifndef REHOST_NBD_LOST_H
#define REHOST_NBD_LOST_H

#include <stdbool.h>
#include <stddef.h>

#include "../base/error.h"
#include "../base/extents.h"

/* A disk with more defects than this is dying: each further read may be its last, and what matters needs other tools (ddrescue). */
#define LOST_RANGES_MAX 512
#define LOST_BYTES_MAX (64ull << 20)
#define LOST_AREA_BYTES(ranges) (16 + 16 * (size_t)(ranges))

/* Adds a range; those that touch become one. */
void lost_add(struct extents *lost, uint64_t start, uint64_t end);
/* Takes a range out: it is to be read anew. */
void lost_forget(struct extents *lost, uint64_t start, uint64_t end);
/* Adds what the source cannot read; -1 when that is too much. */
int lost_take(struct extents *lost, uint64_t offset, uint32_t length, struct error *err);
/* What is said when nothing may be lost. Returns -1. `reason` is the server's errno. */
int lost_refuse(uint64_t offset, uint32_t length, int reason, struct error *err);

/* Into the journal. Where there is no room for all, neighbours are joined: what is lost is inside of what is listed. */
void lost_encode(const struct extents *lost, unsigned char *area, size_t room);
/* False when the bytes are no such list. `lost` is the caller's to free. */
bool lost_decode(const unsigned char *area, size_t room, uint64_t source_bytes, struct extents *lost);

#endif
