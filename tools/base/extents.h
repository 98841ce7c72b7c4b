/* Which ranges of a disk are wanted: sorted, not touching, bounded in number. */
#ifndef REHOST_BASE_EXTENTS_H
#define REHOST_BASE_EXTENTS_H

#include <stddef.h>
#include <stdint.h>

struct extents {
    struct extent { uint64_t start, end; } *items;
    size_t count, capacity;
    uint64_t gap; /* ranges nearer than this are joined; starts at EXTENTS_GAP, doubles when there are too many */
};

#define EXTENTS_GAP 65536u      /* reading a smaller gap costs less than one more request */
#define EXTENTS_MAX (256u << 10) /* 4 MiB of memory */

/* Ranges come in ascending order. */
void extents_add(struct extents *extents, uint64_t start, uint64_t end);
/* The index of the first range that ends after `offset`; extents->count when there is none. */
size_t extents_find(const struct extents *extents, uint64_t offset);
uint64_t extents_bytes(const struct extents *extents);
/* What is in both, widened to multiples of `unit` and to at most `end`. */
struct extents extents_in_both(const struct extents *a, const struct extents *b, uint32_t unit, uint64_t end);
void extents_free(struct extents *extents);
struct extents extents_copy(const struct extents *extents);
/* Hands them to the caller, and leaves none. */
struct extents extents_take(struct extents *extents);

#endif
