/* See extents.h. */
#include "extents.h"

#include <stdlib.h>

#include "../base/text.h"
#include "bytes.h"

/* Joins what is nearer than the gap, in place. */
static void join_near(struct extents *extents)
{
    size_t kept = 0;
    for (size_t i = 1; i < extents->count; i++) {
        if (extents->items[i].start - extents->items[kept].end < extents->gap)
            extents->items[kept].end = extents->items[i].end;
        else
            extents->items[++kept] = extents->items[i];
    }
    extents->count = kept + 1;
}

static void make_room(struct extents *extents)
{
    while (extents->count >= EXTENTS_MAX) {
        extents->gap *= 2;
        join_near(extents);
    }
    if (extents->count == extents->capacity) {
        extents->capacity = extents->capacity ? extents->capacity * 2 : 64;
        extents->items = checked_grow(extents->items, extents->capacity, sizeof *extents->items);
    }
}

void extents_add(struct extents *extents, uint64_t start, uint64_t end)
{
    if (!extents->gap)
        extents->gap = EXTENTS_GAP;
    struct extent *last = extents->count ? &extents->items[extents->count - 1] : NULL;
    if (last && start < last->end + extents->gap) {
        last->end = most(last->end, end);
        return;
    }
    make_room(extents);
    extents->items[extents->count++] = (struct extent){start, end};
}

size_t extents_find(const struct extents *extents, uint64_t offset)
{
    size_t low = 0, high = extents->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (extents->items[middle].end > offset)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

uint64_t extents_bytes(const struct extents *extents)
{
    uint64_t total = 0;
    for (size_t i = 0; i < extents->count; i++)
        total += extents->items[i].end - extents->items[i].start;
    return total;
}

void extents_free(struct extents *extents)
{
    free(extents->items);
    *extents = (struct extents){0};
}
