/* See lost.h. */
#include "lost.h"

#include <errno.h>
#include <string.h>
#include <xxhash.h>

#include "../base/bytes.h"
#include "../base/text.h"

/* An area: digest of what follows, number of ranges, ranges. */
enum { AREA_DIGEST = 0, AREA_COUNT = 8, AREA_RANGES = 16, RANGE_BYTES = 16 };

static void append(struct extents *lost, uint64_t start, uint64_t end)
{
    lost->items = checked_grow(lost->items, lost->count + 1, sizeof *lost->items);
    lost->items[lost->count++] = (struct extent){start, end};
}

void lost_forget(struct extents *lost, uint64_t start, uint64_t end)
{
    struct extents kept = {0};
    for (size_t i = 0; i < lost->count; i++) {
        struct extent range = lost->items[i];
        if (range.start < least(range.end, start))
            append(&kept, range.start, least(range.end, start));
        if (most(range.start, end) < range.end)
            append(&kept, most(range.start, end), range.end);
    }
    extents_free(lost);
    *lost = kept;
}

void lost_add(struct extents *lost, uint64_t start, uint64_t end)
{
    struct extents with = {0};
    bool placed = false;
    for (size_t i = 0; i < lost->count; i++) {
        struct extent range = lost->items[i];
        if (range.end < start) {
            append(&with, range.start, range.end);
        } else if (range.start > end) {
            if (!placed)
                append(&with, start, end);
            placed = true;
            append(&with, range.start, range.end);
        } else {
            start = least(start, range.start);
            end = most(end, range.end);
        }
    }
    if (!placed)
        append(&with, start, end);
    extents_free(lost);
    *lost = with;
}

int lost_take(struct extents *lost, uint64_t offset, uint32_t length, struct error *err)
{
    lost_add(lost, offset, offset + length);
    if (lost->count <= LOST_RANGES_MAX && extents_bytes(lost) <= LOST_BYTES_MAX)
        return 0;
    lost_forget(lost, offset, offset + length); /* so that the journal can hold the list */
    error_set(err, "the source cannot read more than %d ranges, or %llu MiB, the last of them at offset %llu: its disk is dying", LOST_RANGES_MAX,
              LOST_BYTES_MAX >> 20, (unsigned long long)offset);
    return error_advise(err, "Save what can be saved with ddrescue first, and move its image.");
}

int lost_refuse(uint64_t offset, uint32_t length, int reason, struct error *err)
{
    errno = reason;
    error_errno(err, "the source cannot read %u bytes at offset %llu", length, (unsigned long long)offset);
    return error_advise(err, "The source's disk has a defect there, or its NBD server has no right to read it: look at the source's log. "
                        "With --read-errors=zero (in a job: read-errors=zero) such places become zeroes and are listed.");
}

static void join_nearest(struct extents *lost)
{
    size_t best = 1;
    for (size_t i = 2; i < lost->count; i++)
        if (lost->items[i].start - lost->items[i - 1].end < lost->items[best].start - lost->items[best - 1].end)
            best = i;
    lost->items[best - 1].end = lost->items[best].end;
    memmove(&lost->items[best], &lost->items[best + 1], (--lost->count - best) * sizeof *lost->items);
}

void lost_encode(const struct extents *lost, unsigned char *area, size_t room)
{
    struct extents listed = {0};
    for (size_t i = 0; i < lost->count; i++)
        append(&listed, lost->items[i].start, lost->items[i].end);
    while (LOST_AREA_BYTES(listed.count) > room)
        join_nearest(&listed);
    memset(area, 0, LOST_AREA_BYTES(listed.count));
    put_le64(area + AREA_COUNT, listed.count);
    for (size_t i = 0; i < listed.count; i++) {
        put_le64(area + AREA_RANGES + i * RANGE_BYTES, listed.items[i].start);
        put_le64(area + AREA_RANGES + i * RANGE_BYTES + 8, listed.items[i].end);
    }
    put_le64(area + AREA_DIGEST, XXH3_64bits(area + AREA_COUNT, LOST_AREA_BYTES(listed.count) - AREA_COUNT));
    extents_free(&listed);
}

bool lost_decode(const unsigned char *area, size_t room, uint64_t source_bytes, struct extents *lost)
{
    *lost = (struct extents){0};
    uint64_t count = get_le64(area + AREA_COUNT), before = 0;
    if (count > LOST_RANGES_MAX || LOST_AREA_BYTES(count) > room ||
        get_le64(area + AREA_DIGEST) != XXH3_64bits(area + AREA_COUNT, LOST_AREA_BYTES(count) - AREA_COUNT))
        return false;
    for (size_t i = 0; i < count; i++) {
        uint64_t start = get_le64(area + AREA_RANGES + i * RANGE_BYTES), end = get_le64(area + AREA_RANGES + i * RANGE_BYTES + 8);
        if (start < before || start >= end || end > source_bytes) {
            extents_free(lost);
            return false;
        }
        append(lost, start, end);
        before = end;
    }
    return true;
}
