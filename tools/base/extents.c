/* See extents.h. */
#include "extents.h"

#include <stdlib.h>
#include <string.h>

#include "bytes.h"
#include "text.h"

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

struct extents extents_in_both(const struct extents *a, const struct extents *b, uint32_t unit, uint64_t end)
{
    struct extents both = {0};
    for (size_t i = 0, j = 0; i < a->count && j < b->count;) {
        uint64_t from = most(a->items[i].start, b->items[j].start), to = least(a->items[i].end, b->items[j].end);
        if (from < to)
            extents_add(&both, align_down(from, unit), least(align_up(to, unit), end));
        if (a->items[i].end < b->items[j].end)
            i++;
        else
            j++;
    }
    return both;
}

void extents_free(struct extents *extents)
{
    free(extents->items);
    *extents = (struct extents){0};
}

struct extents extents_take(struct extents *extents)
{
    struct extents taken = *extents;
    *extents = (struct extents){0};
    return taken;
}

struct extents extents_copy(const struct extents *extents)
{
    struct extents copy = {.count = extents->count, .capacity = extents->count, .gap = extents->gap};
    if (copy.count)
        copy.items = memcpy(checked_alloc(copy.count * sizeof *copy.items), extents->items, copy.count * sizeof *copy.items);
    return copy;
}
