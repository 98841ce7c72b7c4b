/* See volume.h. */
#include "volume.h"

#include <stdlib.h>

#include "../base/bytes.h"
#include "../base/text.h"

static void forget_smallest(struct free_ranges *ranges)
{
    while (ranges->count >= EXTENTS_MAX) {
        size_t kept = 0;
        ranges->least_bytes *= 2;
        for (size_t i = 0; i < ranges->count; i++)
            if (ranges->items[i].end - ranges->items[i].start >= ranges->least_bytes)
                ranges->items[kept++] = ranges->items[i];
        ranges->count = kept;
    }
}

void free_ranges_add(struct free_ranges *ranges, uint64_t start, uint64_t end)
{
    ranges->least_bytes = most(ranges->least_bytes, FREE_UNIT);
    start = align_up(start, FREE_UNIT);
    end = align_down(end, FREE_UNIT);
    if (start >= end || end - start < ranges->least_bytes)
        return;
    forget_smallest(ranges);
    if (ranges->count == ranges->capacity) {
        ranges->capacity = ranges->capacity ? ranges->capacity * 2 : 64;
        ranges->items = checked_grow(ranges->items, ranges->capacity, sizeof *ranges->items);
    }
    ranges->items[ranges->count++] = (struct extent){start, end};
}

void free_ranges_add_all(struct free_ranges *ranges, const struct free_ranges *more)
{
    for (size_t i = 0; i < more->count; i++)
        free_ranges_add(ranges, more->items[i].start, more->items[i].end);
}

uint64_t free_ranges_bytes(const struct free_ranges *ranges)
{
    uint64_t bytes = 0;
    for (size_t i = 0; i < ranges->count; i++)
        bytes += ranges->items[i].end - ranges->items[i].start;
    return bytes;
}

uint64_t free_ranges_bytes_in(const struct free_ranges *ranges, uint64_t start, uint64_t end)
{
    uint64_t bytes = 0;
    for (size_t i = 0; i < ranges->count; i++) {
        uint64_t from = most(ranges->items[i].start, start), to = least(ranges->items[i].end, end);
        bytes += from < to ? to - from : 0;
    }
    return bytes;
}

static int by_start(const void *a, const void *b)
{
    uint64_t left = ((const struct extent *)a)->start, right = ((const struct extent *)b)->start;
    return left < right ? -1 : left > right;
}

struct extents free_ranges_left(struct free_ranges *ranges, uint64_t disk_bytes)
{
    struct extents left = {0};
    uint64_t at = 0;
    if (ranges->count)
        qsort(ranges->items, ranges->count, sizeof *ranges->items, by_start);
    for (size_t i = 0; i < ranges->count && at < disk_bytes; i++) {
        if (ranges->items[i].start > at)
            extents_add(&left, at, least(ranges->items[i].start, disk_bytes));
        at = most(at, ranges->items[i].end);
    }
    if (at < disk_bytes)
        extents_add(&left, at, disk_bytes);
    return left;
}

void free_ranges_drop(struct free_ranges *ranges)
{
    free(ranges->items);
    *ranges = (struct free_ranges){0};
}

struct volume volume_plain(const char *name, const char *device, const char *fs_type, uint64_t disk_offset, uint64_t size_bytes)
{
    struct volume volume = {.name = checked_copy(name), .device = checked_copy(device), .fs_type = checked_copy(fs_type), .size_bytes = size_bytes};
    volume_add_segment(&volume, 0, size_bytes, 1, size_bytes);
    volume.segments[0].offsets[0] = disk_offset;
    return volume;
}

void volume_add_segment(struct volume *volume, uint64_t start, uint64_t length, unsigned stripe_count, uint64_t stripe_bytes)
{
    volume->segments = checked_grow(volume->segments, volume->segment_count + 1, sizeof *volume->segments);
    volume->segments[volume->segment_count++] = (struct segment){start, length, stripe_count, stripe_bytes, checked_alloc(stripe_count * sizeof(uint64_t))};
}

static void add_free_of(const struct segment *segment, uint64_t start, uint64_t end, struct free_ranges *on_disk)
{
    uint64_t row = segment->stripe_count == 1 ? 1 : segment->stripe_count * segment->stripe_bytes; /* bytes of the volume … */
    uint64_t depth = segment->stripe_count == 1 ? 1 : segment->stripe_bytes;                       /* … and of each stripe's disk */
    uint64_t first = align_up(start - segment->start, row) / row, last = (end - segment->start) / row;
    for (unsigned i = 0; i < segment->stripe_count && first < last; i++)
        free_ranges_add(on_disk, segment->offsets[i] + first * depth, segment->offsets[i] + last * depth);
}

void volume_add_free(const struct volume *volume, uint64_t start, uint64_t end, struct free_ranges *on_disk)
{
    for (size_t i = 0; i < volume->segment_count; i++) {
        const struct segment *segment = &volume->segments[i];
        uint64_t from = most(start, segment->start), to = least(end, segment->start + segment->length);
        if (from < to)
            add_free_of(segment, from, to, on_disk);
    }
}

void volume_drop(struct volume *volume)
{
    for (size_t i = 0; i < volume->segment_count; i++)
        free(volume->segments[i].offsets);
    free(volume->segments);
    free(volume->name);
    free(volume->device);
    free(volume->fs_type);
    *volume = (struct volume){0};
}
