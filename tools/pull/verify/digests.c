/* See digests.h. */
#include "digests.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "../../base/bytes.h"
#include "../../base/text.h"

/* An area: digest of what follows, number of groups, chunks in a group, key, sums, bits. */
enum { AREA_DIGEST = 0, AREA_GROUPS = 8, AREA_CHUNKS = 16, AREA_KEY = 24, AREA_SUMS = 40 };

static size_t unknown_words(const struct digests *digests)
{
    return (size_t)((digests->group_count + 63) / 64);
}

static void allocate(struct digests *digests)
{
    digests->sums = checked_alloc((size_t)digests->group_count * 8);
    digests->unknown = checked_alloc(unknown_words(digests) * 8);
    for (size_t at = 0; at < sizeof digests->secret; at += 8)
        put_le64(digests->secret + at, XXH3_64bits_withSeed(digests->key, sizeof digests->key, at));
}

static uint64_t chunks_in_group(uint64_t chunk_count)
{
    return (chunk_count + DIGEST_GROUPS_MAX - 1) / DIGEST_GROUPS_MAX;
}

void digests_open(struct digests *digests, uint64_t chunk_count, const unsigned char key[DIGEST_KEY_BYTES])
{
    uint64_t in_group = chunks_in_group(chunk_count);
    *digests = (struct digests){.group_count = (chunk_count + in_group - 1) / in_group, .chunks_per_group = in_group};
    memcpy(digests->key, key, DIGEST_KEY_BYTES);
    allocate(digests);
}

void digests_copy(struct digests *digests, const struct digests *from)
{
    digests_free(digests);
    *digests = *from;
    if (!from->group_count)
        return;
    allocate(digests);
    memcpy(digests->sums, from->sums, (size_t)from->group_count * 8);
    memcpy(digests->unknown, from->unknown, unknown_words(from) * 8);
}

void digests_free(struct digests *digests)
{
    free(digests->sums);
    free(digests->unknown);
    *digests = (struct digests){0};
}

/* The place is part of it, so that two sectors that changed places are found. */
static uint64_t unit_sum(const struct digests *digests, uint64_t offset, const unsigned char *unit)
{
    uint64_t placed[2] = {offset, XXH3_64bits_withSecret(unit, DIGEST_UNIT, digests->secret, sizeof digests->secret)};
    return XXH3_64bits_withSecret(placed, sizeof placed, digests->secret, sizeof digests->secret);
}

uint64_t digests_sum(const struct digests *digests, uint64_t offset, const void *bytes, size_t length)
{
    uint64_t sum = 0;
    for (size_t at = 0; at < length; at += DIGEST_UNIT) {
        const unsigned char *unit = (const unsigned char *)bytes + at;
        if (!bytes_are_zero(unit, DIGEST_UNIT))
            sum += unit_sum(digests, offset + at, unit);
    }
    return sum;
}

/* Of a range in use that does not end with a sector, the part of a sector is never digested: no more of it is read back. */
static struct extent whole_units(const struct extent *extent)
{
    return (struct extent){align_up(extent->start, DIGEST_UNIT), align_down(extent->end, DIGEST_UNIT)};
}

bool digests_sum_in(const struct digests *digests, const struct extents *in_use, uint64_t offset, const void *bytes, size_t length, uint64_t *sum)
{
    bool whole = true;
    for (size_t i = extents_find(in_use, offset); i < in_use->count && in_use->items[i].start < offset + length; i++) {
        struct extent part = whole_units(&in_use->items[i]);
        part = (struct extent){most(part.start, offset), least(part.end, offset + length)};
        if (part.start >= part.end)
            continue;
        if ((part.start | part.end) % DIGEST_UNIT)
            whole = false;
        else
            *sum += digests_sum(digests, part.start, (const char *)bytes + (part.start - offset), (size_t)(part.end - part.start));
    }
    return whole;
}

void digests_add(struct digests *digests, uint64_t chunk, uint64_t sum, bool known)
{
    if (!digests->group_count)
        return;
    uint64_t group = chunk / digests->chunks_per_group;
    digests->sums[group] += sum;
    if (!known)
        digests_forget(digests, group);
}

void digests_forget(struct digests *digests, uint64_t group)
{
    digests->unknown[group / 64] |= 1ull << (group % 64);
}

bool digests_known(const struct digests *digests, uint64_t group)
{
    return !(digests->unknown[group / 64] >> (group % 64) & 1);
}

size_t digests_encode(const struct digests *digests, unsigned char *area)
{
    size_t length = DIGESTS_AREA_BYTES(digests->group_count);
    put_le64(area + AREA_GROUPS, digests->group_count);
    put_le64(area + AREA_CHUNKS, digests->chunks_per_group);
    memcpy(area + AREA_KEY, digests->key, DIGEST_KEY_BYTES);
    for (size_t i = 0; i < digests->group_count; i++)
        put_le64(area + AREA_SUMS + i * 8, digests->sums[i]);
    for (size_t i = 0; i < unknown_words(digests); i++)
        put_le64(area + AREA_SUMS + (digests->group_count + i) * 8, digests->unknown[i]);
    put_le64(area + AREA_DIGEST, XXH3_64bits(area + AREA_GROUPS, length - AREA_GROUPS));
    return length;
}

size_t digests_decode(const unsigned char *area, uint64_t chunk_count, struct digests *digests)
{
    *digests = (struct digests){.group_count = get_le64(area + AREA_GROUPS), .chunks_per_group = get_le64(area + AREA_CHUNKS)};
    uint64_t in_group = chunks_in_group(chunk_count);
    bool fits = digests->group_count == 0 || (digests->chunks_per_group == in_group && digests->group_count == (chunk_count + in_group - 1) / in_group);
    size_t length = fits ? DIGESTS_AREA_BYTES(digests->group_count) : 0;
    if (!fits || get_le64(area + AREA_DIGEST) != XXH3_64bits(area + AREA_GROUPS, length - AREA_GROUPS)) {
        *digests = (struct digests){0};
        return 0;
    }
    if (!digests->group_count)
        return length;
    memcpy(digests->key, area + AREA_KEY, DIGEST_KEY_BYTES);
    allocate(digests);
    for (size_t i = 0; i < digests->group_count; i++)
        digests->sums[i] = get_le64(area + AREA_SUMS + i * 8);
    for (size_t i = 0; i < unknown_words(digests); i++)
        digests->unknown[i] = get_le64(area + AREA_SUMS + (digests->group_count + i) * 8);
    return length;
}
