/* Which blocks of a thin pool's data are mapped, as thin_dump (thin-provisioning-tools) prints it, read as it comes. Pure.
 *
 *     <superblock uuid="" time="1" transaction="2" version="2" data_block_size="128" nr_data_blocks="1600">
 *       <device dev_id="1" mapped_blocks="51" transaction="0" creation_time="0" snap_time="0">
 *         <range_mapping origin_begin="0" data_begin="7" length="50" time="0"/>
 *         <single_mapping origin_block="60" data_block="3" time="0"/>
 *       </device>
 *     </superblock>
 *
 * What snapshots share stands once, in a <def name="…">, and is called by <ref name="…"/>. */
#ifndef REHOST_USED_THIN_MAP_H
#define REHOST_USED_THIN_MAP_H

#include <stdbool.h>
#include <stdint.h>

#include "lines.h"

struct thin_map {
    struct lines lines;
    unsigned char *bits;   /* one for each block; the caller's, zeroed, of block_count / 8 + 1 bytes */
    uint64_t block_count;
    uint64_t mapped_count; /* blocks, each counted once */
    bool has_ended;
};

void thin_map_take(struct thin_map *map, const char *bytes, size_t length);
/* After the last byte: whether all of it was there, and nothing else. */
bool thin_map_end(struct thin_map *map);
bool thin_map_has(const struct thin_map *map, uint64_t block);

#endif
