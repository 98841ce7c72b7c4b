/* A complete disk whose boot code is held back: what is on it, and letting it go. */
#ifndef REHOST_PULL_TARGET_HOLD_H
#define REHOST_PULL_TARGET_HOLD_H

#include "../pull.h"
#include "journal.h"
#include "target.h"

/* What rehost has left on a disk, by its first MiB and the sector at mark_place() (mark.h): with PULL_HALF_DONE all of the journal, which is the caller's
 * to free; with PULL_HELD its identity, map and source_bytes. */
enum pull_state state_in(const unsigned char head[HEAD_BYTES], const unsigned char mark[SECTOR], struct journal *journal);
/* Replaces the marker, flushes, and reads it back from the disk; and removes a mark. */
int write_boot_code(struct target *target, const unsigned char boot_code[BOOT_CODE_BYTES], struct error *err);

#endif
