/* What was received, as keyed digests, so that the target can be read back and compared without a second transfer.
 *
 * A digest is a sum over sectors, modulo 2^64; a sector of zeroes adds nothing. So it does not matter in which order and pieces the
 * sectors came, or by which run; nothing has to be done for zeroes that are never sent; and the sum of a group of chunks stands for any
 * part of it that is settled. All of them fit the journal, whatever the size of the disk. The key is made for each copy; the digests are
 * against the mistakes of disks, controllers and ourselves, and not against somebody who can write to the target. */
#ifndef REHOST_PULL_VERIFY_DIGESTS_H
#define REHOST_PULL_VERIFY_DIGESTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../base/extents.h"

#define DIGEST_UNIT 512u
#define DIGEST_KEY_BYTES 16
#define DIGEST_SECRET_BYTES 192
#define DIGEST_GROUPS_MAX 24576u
#define DIGESTS_AREA_BYTES(groups) (40 + (size_t)(groups) * 8 + ((size_t)(groups) + 63) / 64 * 8)

struct digests {
    uint64_t group_count;      /* 0: nothing is digested */
    uint64_t chunks_per_group; /* of the journal's chunks */
    unsigned char key[DIGEST_KEY_BYTES], secret[DIGEST_SECRET_BYTES];
    uint64_t *sums;            /* one for each group; owned */
    uint64_t *unknown;         /* bit: something of the group was settled undigested; owned */
};

/* Of a disk of so many chunks. The key has to be random. */
void digests_open(struct digests *digests, uint64_t chunk_count, const unsigned char key[DIGEST_KEY_BYTES]);
void digests_copy(struct digests *digests, const struct digests *from);
void digests_free(struct digests *digests);

/* The sum over `length` bytes at `offset` of the disk, both multiples of DIGEST_UNIT. */
uint64_t digests_sum(const struct digests *digests, uint64_t offset, const void *bytes, size_t length);
/* Adds the sum over what of these bytes is in use. False when they begin or end within a sector. */
bool digests_sum_in(const struct digests *digests, const struct extents *in_use, uint64_t offset, const void *bytes, size_t length, uint64_t *sum);
/* A chunk is settled. */
void digests_add(struct digests *digests, uint64_t chunk, uint64_t sum, bool known);
void digests_forget(struct digests *digests, uint64_t group);
bool digests_known(const struct digests *digests, uint64_t group);

/* Into the journal and back; each returns the length of the area. 0: the bytes are none, or not of a disk of so many chunks. */
size_t digests_encode(const struct digests *digests, unsigned char *area);
size_t digests_decode(const unsigned char *area, uint64_t chunk_count, struct digests *digests);

#endif
