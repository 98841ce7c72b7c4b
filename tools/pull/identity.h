/* Which source this is, and in which state: digests over what every mount, partitioning and file system check changes. */
#ifndef REHOST_PULL_IDENTITY_H
#define REHOST_PULL_IDENTITY_H

#include "../base/extents.h"
#include "../nbd/nbd.h"
#include "target/journal.h"

/* The held-back ends of a disk. */
struct ends {
    uint64_t source_bytes;
    uint64_t tail_start; /* the last MiB (GPT's second header), from a multiple of 64 KiB; never inside the head */
    unsigned char *head; /* page-aligned, HEAD_BYTES */
    unsigned char *tail; /* page-aligned, source_bytes - tail_start */
};

void ends_open(struct ends *ends, uint64_t source_bytes);
void ends_close(struct ends *ends);

/* A digest over the ranges that a map says are in use. */
struct map_digest map_digest_of(const struct extents *in_use);

/* Reads the first 4 MiB and the tail, and digests them part by part. Fills `ends` too. `lost` as for nbd_read_at; it has to be empty, or NULL. */
enum nbd_result identity_read(struct nbd *nbd, struct ends *ends, struct identity *identity, struct extents *lost, struct error *err);

/* A part that could not be read, then or now, says nothing: a dying disk reads now this, now that. UNKNOWN: that holds for half of them. */
enum identity_match { IDENTITY_SAME, IDENTITY_OTHER, IDENTITY_UNKNOWN };
enum identity_match identity_compare(const struct identity *then, const struct identity *now);

/* For a connection that was made again: is it still this source? WRONG when it is not; what it cannot read in its ends is no reason. */
enum nbd_result identity_check_size(const struct nbd *nbd, uint64_t source_bytes, struct error *err);
enum nbd_result identity_check(struct nbd *nbd, uint64_t source_bytes, const struct identity *expected, struct error *err);

#endif
