/* Which source this is, and in which state: a digest over what every mount, partitioning and file system check changes. */
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
struct identity identity_of_map(const struct extents *in_use);

/* Reads the first 4 MiB and the tail, and digests them with the size. Fills `ends` too. `lost` as for nbd_read_at. */
enum nbd_result identity_read(struct nbd *nbd, struct ends *ends, struct identity *identity, struct extents *lost, struct error *err);

#endif
