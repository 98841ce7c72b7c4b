/* The mark of a complete copy whose first sector has no place for one, as the superblock of an XFS, LUKS or md 1.1 stands there. It lies in the last page
 * of the disk, if nothing of the copy does. What overwrites it there, as a file system may that has the space for free, costs a copy and nothing else.
 *
 * Pure: bytes in, bytes out. */
#ifndef REHOST_PULL_TARGET_MARK_H
#define REHOST_PULL_TARGET_MARK_H

#include "../../base/extents.h"
#include "journal.h"

/* Where its sector is, in bytes from the start of a disk of so many. */
uint64_t mark_place(uint64_t target_bytes);
/* Whether it would lie behind the source's end, or in what is not copied of it. */
bool mark_hides_nothing(uint64_t target_bytes, uint64_t source_bytes, const struct extents *in_use);
/* `first` is the disk's first sector: a mark is one of what stands there, and of nothing that comes there later. */
void mark_encode(unsigned char sector[SECTOR], const unsigned char first[SECTOR], const struct journal *journal);
/* Fills what held_decode does. */
bool mark_decode(const unsigned char sector[SECTOR], const unsigned char first[SECTOR], struct journal *journal);

#endif
