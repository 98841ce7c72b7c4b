/* See identity.h. */
#include "identity.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "../base/bytes.h"
#include "../base/cleanup.h"
#include "target/target.h"

#define FIRST_BYTES (4 * MIB) /* partition table, boot loader, and the superblock of the first file system */
#define FIRST_PARTS 16u
#define FIRST_PART_BYTES (FIRST_BYTES / FIRST_PARTS)
#define TAIL_PARTS (IDENTITY_PARTS - FIRST_PARTS)
#define TAIL_UNIT 65536u

struct map_digest map_digest_of(const struct extents *in_use)
{
    XXH3_state_t *state = XXH3_createState();
    if (!state)
        abort();
    XXH3_128bits_reset(state);
    for (size_t i = 0; i < in_use->count; i++) {
        unsigned char range[16];
        put_le64(range, in_use->items[i].start);
        put_le64(range + 8, in_use->items[i].end);
        XXH3_128bits_update(state, range, sizeof range);
    }
    struct map_digest digest;
    XXH128_canonical_t canonical;
    XXH128_canonicalFromHash(&canonical, XXH3_128bits_digest(state));
    memcpy(digest.bytes, canonical.digest, MAP_DIGEST_BYTES);
    XXH3_freeState(state);
    return digest;
}

void ends_open(struct ends *ends, uint64_t source_bytes)
{
    *ends = (struct ends){.source_bytes = source_bytes};
    ends->tail_start = source_bytes > 2 * MIB ? align_down(source_bytes - MIB, TAIL_UNIT) : least(HEAD_BYTES, source_bytes);
    ends->head = aligned_alloc_checked(HEAD_BYTES);
    memset(ends->head, 0, HEAD_BYTES);
    ends->tail = aligned_alloc_checked(align_up(source_bytes - ends->tail_start + 1, PAGE_BYTES));
}

void ends_close(struct ends *ends)
{
    free(ends->head);
    free(ends->tail);
    *ends = (struct ends){0};
}

static bool has_lost(const struct extents *lost, uint64_t start, uint64_t end)
{
    size_t i = lost ? extents_find(lost, start) : 0;
    return lost && i < lost->count && lost->items[i].start < end;
}

static void note_part(struct identity *identity, unsigned part, uint64_t offset, const unsigned char *bytes, size_t length, const struct extents *lost)
{
    uint32_t digest = (uint32_t)XXH3_64bits(bytes, length);
    put_le32(identity->bytes + part * IDENTITY_PART_BYTES, has_lost(lost, offset, offset + length) ? 0 : digest ? digest : 1);
}

/* A source of less than 4 MiB has parts of no bytes. */
static enum nbd_result read_first(struct nbd *nbd, struct ends *ends, struct identity *identity, struct extents *lost, struct error *err)
{
    cleanup_free unsigned char *step = aligned_alloc_checked(MIB);
    for (uint64_t offset = 0; offset < FIRST_BYTES; offset += MIB) {
        size_t length = (size_t)least(MIB, ends->source_bytes - least(offset, ends->source_bytes));
        unsigned char *bytes = offset == 0 ? ends->head : step;
        enum nbd_result result = length ? nbd_read_at(nbd, bytes, offset, length, lost, err) : NBD_OK;
        if (result != NBD_OK)
            return result;
        for (size_t at = 0; at < MIB; at += FIRST_PART_BYTES)
            note_part(identity, (unsigned)((offset + at) / FIRST_PART_BYTES), offset + at, bytes + at,
                      (size_t)least(FIRST_PART_BYTES, length - least(at, length)), lost);
    }
    return NBD_OK;
}

static enum nbd_result read_tail(struct nbd *nbd, struct ends *ends, struct identity *identity, struct extents *lost, struct error *err)
{
    size_t length = (size_t)(ends->source_bytes - ends->tail_start), each = (length + TAIL_PARTS - 1) / TAIL_PARTS;
    enum nbd_result result = nbd_read_at(nbd, ends->tail, ends->tail_start, length, lost, err);
    for (unsigned part = 0; part < TAIL_PARTS && result == NBD_OK; part++) {
        size_t at = (size_t)least(part * each, length);
        note_part(identity, FIRST_PARTS + part, ends->tail_start + at, ends->tail + at, (size_t)least(each, length - at), lost);
    }
    return result;
}

enum nbd_result identity_read(struct nbd *nbd, struct ends *ends, struct identity *identity, struct extents *lost, struct error *err)
{
    enum nbd_result result = read_first(nbd, ends, identity, lost, err);
    return result == NBD_OK ? read_tail(nbd, ends, identity, lost, err) : result;
}

enum identity_match identity_compare(const struct identity *then, const struct identity *now)
{
    unsigned known = 0;
    for (size_t at = 0; at < IDENTITY_BYTES; at += IDENTITY_PART_BYTES) {
        uint32_t first = get_le32(then->bytes + at), second = get_le32(now->bytes + at);
        if (first && second && first != second)
            return IDENTITY_OTHER;
        known += first && second;
    }
    return known > IDENTITY_PARTS / 2 ? IDENTITY_SAME : IDENTITY_UNKNOWN;
}

static enum nbd_result judge(enum identity_match match, struct error *err)
{
    if (match == IDENTITY_SAME)
        return NBD_OK;
    if (match == IDENTITY_UNKNOWN) {
        error_set(err, "the source came back, and can read too little of its first and last MiB to tell whether it is the same");
        return NBD_LOST;
    }
    error_set(err, "the source came back in another state: it was written to in between");
    error_advise(err, "The copy would mix both states. Stop what writes on the source, then start over with --restart.");
    return NBD_WRONG;
}

enum nbd_result identity_check_size(const struct nbd *nbd, uint64_t source_bytes, struct error *err)
{
    if (nbd->export.size_bytes == source_bytes)
        return NBD_OK;
    error_set(err, "the source came back with another size: %llu bytes instead of %llu", (unsigned long long)nbd->export.size_bytes,
              (unsigned long long)source_bytes);
    error_advise(err, "Is another disk served at this address now? What has arrived is kept.");
    return NBD_WRONG;
}

enum nbd_result identity_check(struct nbd *nbd, uint64_t source_bytes, const struct identity *expected, struct error *err)
{
    struct ends ends;
    struct identity identity;
    struct extents lost = {0};
    enum nbd_result result = identity_check_size(nbd, source_bytes, err);
    if (result != NBD_OK)
        return result;
    ends_open(&ends, source_bytes);
    result = identity_read(nbd, &ends, &identity, &lost, err);
    ends_close(&ends);
    extents_free(&lost);
    return result == NBD_OK ? judge(identity_compare(expected, &identity), err) : result;
}
