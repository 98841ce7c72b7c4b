/* The map that partclone prints (ddrescue's format), read as it comes and believed only when all of it fits. Pure. */
#ifndef REHOST_USED_MAP_H
#define REHOST_USED_MAP_H

#include <stdbool.h>

#include "lines.h"
#include "volume.h"

struct map_reader {
    const struct volume *volume;
    struct free_ranges *on_disk; /* what is free; of no worth until map_reader_end() says so */
    struct lines lines;
    uint64_t at;                 /* up to here the ranges follow each other without a gap */
    uint64_t total;              /* where the head of the map says that it ends */
    bool has_total;
};

void map_reader_take(struct map_reader *reader, const char *bytes, size_t length);
/* After the last byte: whether the map was whole, in order, inside of the volume, and ended where its head says. */
bool map_reader_end(const struct map_reader *reader);

#endif
