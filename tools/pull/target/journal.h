/* What stands in the first MiB of a disk while it is being filled, and in its first sector while its boot code is held.
 *
 *     0        label: readable text, and what the copy is of. No 55AA, so no firmware boots it
 *     4 KiB    slot 0 ┐ written in turn, each with its own checksum: a torn write leaves the other one
 *     512 KiB  slot 1 ┘
 *
 * All of this is pure: bytes in, bytes out. Numbers are little-endian. */
#ifndef REHOST_PULL_TARGET_JOURNAL_H
#define REHOST_PULL_TARGET_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../base/extents.h"
#include "../verify/digests.h"

#define MIB (1u << 20)
#define SECTOR 512u
#define HEAD_BYTES MIB               /* held back until the end */
#define JOURNAL_SLOT_BYTES 520192u   /* 127 × 4096 */
#define JOURNAL_SLOT_OFFSET(n) (4096u + (n) * JOURNAL_SLOT_BYTES)
#define JOURNAL_CHUNKS_MAX (2u << 20) /* a bitmap of 256 KiB: half of a slot */
#define SOURCE_TEXT_BYTES 256
#define IDENTITY_PARTS 20u
#define IDENTITY_PART_BYTES 4u
#define IDENTITY_BYTES (IDENTITY_PARTS * IDENTITY_PART_BYTES)
#define MAP_DIGEST_BYTES 16

/* A digest for each part of a source's ends (../identity.h); 0: not all of it could be read. */
struct identity {
    unsigned char bytes[IDENTITY_BYTES];
};

struct map_digest {
    unsigned char bytes[MAP_DIGEST_BYTES];
};

struct journal {
    struct identity identity; /* of the source's content */
    struct map_digest map;    /* of the map of its blocks in use that the copy follows; all zero: everything is copied */
    uint64_t source_bytes;
    uint64_t chunk_bytes;     /* a power of two, at least 1 MiB */
    uint64_t sequence;        /* of the slot; the higher one counts */
    bool complete;            /* everything but the held-back ends is in place */
    char source[SOURCE_TEXT_BYTES]; /* URI, for people */
    uint64_t *settled;        /* one bit per chunk; owned */
    struct digests digests;   /* of what is settled; owned */
    struct extents lost;      /* what the source could not read of what is settled; owned */
};

/* 1 MiB up to 2 TiB, then as large as the bitmap needs; at least `request_bytes`. */
uint64_t journal_chunk_bytes(uint64_t source_bytes, uint32_t request_bytes);
uint64_t journal_chunk_count(const struct journal *journal);
size_t journal_words(const struct journal *journal);
uint64_t journal_settled_count(const struct journal *journal);
void journal_free(struct journal *journal);

/* Encodes a slot; `slot` has JOURNAL_SLOT_BYTES, the return value says how many of them are to be written. */
size_t journal_encode(const struct journal *journal, unsigned char *slot);
/* False when the bytes are no valid slot. */
bool journal_decode(const unsigned char *slot, struct journal *journal);

/* The first sector of a disk that is being filled; `complete` goes into it. */
void label_encode(const struct journal *journal, unsigned char sector[SECTOR]);
bool label_decode(const unsigned char sector[SECTOR], struct journal *journal);

/* What the first MiB tells: the newest valid slot; or, when the slots are gone already, a label that says complete. */
bool journal_find(const unsigned char head[HEAD_BYTES], struct journal *journal);

#define HELD_CODE_AREA 440 /* the boot code of an MBR */
/* Does the marker hide nothing there: in place of boot code, or of nothing at all? On a disk without a table there may be the superblock of an XFS, or LUKS. */
bool held_fits(const unsigned char sector[SECTOR]);
/* Puts the marker over the boot code: INT 18h, so that a BIOS tries the next disk. The protective partition of a GPT is moved by a sector, so that
 * UEFI sees no partitions. */
void held_encode(unsigned char sector[SECTOR], const struct journal *journal);
/* The boot code in the marker's place, and the protective partition in its own. */
void held_release(unsigned char sector[SECTOR], const unsigned char boot_code[HELD_CODE_AREA]);
/* Fills the journal's identity, map, source_bytes and what is lost. */
bool held_decode(const unsigned char sector[SECTOR], struct journal *journal);
/* Only a sector with the 55AA signature is booted by a firmware. */
bool sector_boots(const unsigned char sector[SECTOR]);

#endif
