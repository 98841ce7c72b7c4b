/* See identity.h. */
#include "identity.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "../base/bytes.h"
#include "../base/cleanup.h"
#include "target/target.h"

#define FIRST_BYTES (4 * MIB) /* partition table, boot loader, and the superblock of the first file system */
#define TAIL_UNIT 65536u

static struct identity identity_from(const XXH3_state_t *state)
{
    struct identity identity;
    XXH128_canonical_t canonical;
    XXH128_canonicalFromHash(&canonical, XXH3_128bits_digest(state));
    memcpy(identity.bytes, canonical.digest, IDENTITY_BYTES);
    return identity;
}

struct identity identity_of_map(const struct extents *in_use)
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
    struct identity identity = identity_from(state);
    XXH3_freeState(state);
    return identity;
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

static enum nbd_result digest_first(struct nbd *nbd, struct ends *ends, XXH3_state_t *state, struct extents *lost, struct error *err)
{
    cleanup_free unsigned char *step = aligned_alloc_checked(MIB);
    for (uint64_t offset = 0; offset < least(FIRST_BYTES, ends->source_bytes); offset += MIB) {
        size_t length = (size_t)least(MIB, ends->source_bytes - offset);
        unsigned char *bytes = offset == 0 ? ends->head : step;
        enum nbd_result result = nbd_read_at(nbd, bytes, offset, length, lost, err);
        if (result != NBD_OK)
            return result;
        XXH3_128bits_update(state, bytes, length);
    }
    return NBD_OK;
}

enum nbd_result identity_read(struct nbd *nbd, struct ends *ends, struct identity *identity, struct extents *lost, struct error *err)
{
    XXH3_state_t *state = XXH3_createState();
    if (!state)
        abort();
    unsigned char size[8];
    put_le64(size, ends->source_bytes);
    XXH3_128bits_reset(state);
    XXH3_128bits_update(state, size, sizeof size);
    size_t tail_bytes = (size_t)(ends->source_bytes - ends->tail_start);
    enum nbd_result result = digest_first(nbd, ends, state, lost, err);
    if (result == NBD_OK)
        result = nbd_read_at(nbd, ends->tail, ends->tail_start, tail_bytes, lost, err);
    if (result == NBD_OK) {
        XXH3_128bits_update(state, ends->tail, tail_bytes);
        *identity = identity_from(state);
    }
    XXH3_freeState(state);
    return result;
}
