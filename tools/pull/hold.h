/* A complete disk whose boot code is held back: what is on it, and letting it go. */
#ifndef REHOST_PULL_HOLD_H
#define REHOST_PULL_HOLD_H

#include "journal.h"
#include "pull.h"
#include "target.h"

/* What rehost has left in the first MiB of a disk. With PULL_HALF_DONE the journal is the caller's to free. */
enum pull_state state_in_head(const unsigned char head[HEAD_BYTES], struct journal *journal, struct identity *identity, uint64_t *source_bytes);
/* Replaces the marker, flushes, and reads it back from the disk. */
int write_boot_code(struct target *target, const unsigned char boot_code[BOOT_CODE_BYTES], struct error *err);

#endif
