/* A volume is a run of bytes that holds something: a partition, the data of a RAID member, a logical volume. It knows where it lies on the disk, so
 * that what is free in it can be told of the disk. Pure. */
#ifndef REHOST_USED_VOLUME_H
#define REHOST_USED_VOLUME_H

#include <stdbool.h>

#include "../base/extents.h"

#define FREE_UNIT 65536u /* smaller free ranges are not told: a request more costs more than reading them */

/* Free ranges in any order, bounded in number: when there are too many, the smallest are forgotten. */
struct free_ranges {
    struct extent *items;
    size_t count, capacity;
    uint64_t least_bytes; /* 0 at first: FREE_UNIT */
};

/* Narrowed to multiples of FREE_UNIT. */
void free_ranges_add(struct free_ranges *ranges, uint64_t start, uint64_t end);
void free_ranges_add_all(struct free_ranges *ranges, const struct free_ranges *more);
uint64_t free_ranges_bytes(const struct free_ranges *ranges);
/* Of those, what lies in [start, end). */
uint64_t free_ranges_bytes_in(const struct free_ranges *ranges, uint64_t start, uint64_t end);
/* What is left of a disk of that size; `ranges` comes back sorted. */
struct extents free_ranges_left(struct free_ranges *ranges, uint64_t disk_bytes);
void free_ranges_drop(struct free_ranges *ranges);

/* A part of a volume that lies on the disk in one piece, or in rows over several stripes. */
struct segment {
    uint64_t start, length; /* in the volume */
    unsigned stripe_count;  /* 1: one piece */
    uint64_t stripe_bytes;  /* of one stripe in one row */
    uint64_t *offsets;      /* where each stripe begins on the disk; owned */
};

struct volume {
    char *name, *device, *fs_type; /* the node that it is read by */
    uint64_t size_bytes;
    unsigned depth;
    bool is_logical; /* of a volume group */
    struct segment *segments;
    size_t segment_count;
};

/* One that lies on the disk in one piece. The strings are copied. */
struct volume volume_plain(const char *name, const char *device, const char *fs_type, uint64_t disk_offset, uint64_t size_bytes);
void volume_add_segment(struct volume *volume, uint64_t start, uint64_t length, unsigned stripe_count, uint64_t stripe_bytes);
/* Tells the disk that [start, end) of the volume is free. Of a row of stripes only a whole one is. */
void volume_add_free(const struct volume *volume, uint64_t start, uint64_t end, struct free_ranges *on_disk);
void volume_drop(struct volume *volume);

#endif
