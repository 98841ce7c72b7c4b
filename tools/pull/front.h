/* A source without a partition table, made a disk that firmware can start: what is laid before its one file system. */
#ifndef REHOST_PULL_FRONT_H
#define REHOST_PULL_FRONT_H

#include <stdint.h>

#include "../base/error.h"
#include "pull.h"

/* Partition 1 starts here. That is HEAD_BYTES: the front is what is held back until the end, and nothing else is. */
#define FRONT_BYTES PULL_PARTITION_START

/* A partition table (MBR) with one partition, active, of `source_bytes` behind it, and boot code that starts that. `seed` makes the
 * disk's signature: of the same source always the same, or a copy that was cut off could not go on. The caller's, page-aligned; NULL
 * when the source is larger than such a table can say, or what makes it is missing here. */
unsigned char *front_make(uint64_t source_bytes, uint32_t seed, struct error *err);

#endif
