/* What stands on the target when a pull begins: label, journal, held boot code, or anything else. Magic, version and digest
 * would keep a fuzzer out, so they are put right where its first byte says so.
 *
 *     byte 0: what to put right | the first sector | header of slot 0 | header of slot 1 | bits, for both slots */
#include <string.h>
#include <xxhash.h>

#include "base/bytes.h"
#include "fuzz.h"
#include "pull/pool.h"
#include "pull/target/hold.h"

#define HEADER_BYTES 512u
#define BITMAP_BYTES_AT 40u
#define POOL_CHUNKS_MAX 4096u /* more take milliseconds each, and show nothing else */

/* Where journal.c has magic and version, and the digest of all before it. */
static const struct layout {
    unsigned magic_at, magic_bytes, digest_at;
} label_layout = {320, 12, 448}, held_layout = {0, 16, 120}, slot_layout = {0, 12, 496};
enum { MEND_LABEL = 1, MEND_HELD = 2, MEND_SLOT = 4 };

static unsigned char head[HEAD_BYTES], slot[JOURNAL_SLOT_BYTES];
static unsigned char right_label[SECTOR], right_held[SECTOR], right_slot[JOURNAL_SLOT_BYTES];

static void mend(unsigned char *bytes, const unsigned char *right, const struct layout *layout, uint64_t bitmap_bytes)
{
    XXH3_state_t *state = XXH3_createState();
    XXH128_canonical_t digest;
    memcpy(bytes + layout->magic_at, right + layout->magic_at, layout->magic_bytes);
    XXH3_128bits_reset(state);
    XXH3_128bits_update(state, bytes, layout->digest_at);
    XXH3_128bits_update(state, bytes + HEADER_BYTES, bitmap_bytes);
    XXH128_canonicalFromHash(&digest, XXH3_128bits_digest(state));
    memcpy(bytes + layout->digest_at, digest.digest, sizeof digest.digest);
    XXH3_freeState(state);
}

/* What is right already stays as it is: else journal.c lays things out in another way, and the layouts above are to follow. */
static void check_layout(unsigned char *right, size_t length, const struct layout *layout, uint64_t bitmap_bytes)
{
    memcpy(slot, right, length);
    mend(slot, right, layout, bitmap_bytes);
    must(memcmp(slot, right, length) == 0);
}

static void prepare(void)
{
    uint64_t settled[2] = {5, 7};
    struct journal journal = {.source_bytes = 100 * MIB, .chunk_bytes = MIB, .sequence = 3, .source = "nbd://192.0.2.1/disk", .settled = settled};
    label_encode(&journal, right_label);
    held_encode(right_held, &journal);
    journal_encode(&journal, right_slot);
    check_layout(right_label, sizeof right_label, &label_layout, 0);
    check_layout(right_held, sizeof right_held, &held_layout, 0);
    check_layout(right_slot, sizeof right_slot, &slot_layout, sizeof settled);
}

static const uint8_t *take(const uint8_t *data, size_t *size, void *to, size_t most_bytes)
{
    size_t taken = least(*size, most_bytes);
    memcpy(to, data, taken);
    *size -= taken;
    return data + taken;
}

static void lay_out_slots(unsigned mended, const uint8_t *data, size_t size)
{
    for (unsigned i = 0; i < 2; i++)
        data = take(data, &size, head + JOURNAL_SLOT_OFFSET(i), HEADER_BYTES);
    for (unsigned i = 0; i < 2; i++) {
        unsigned char *at = head + JOURNAL_SLOT_OFFSET(i);
        uint64_t bitmap_bytes = least(get_le64(at + BITMAP_BYTES_AT), JOURNAL_SLOT_BYTES - HEADER_BYTES);
        memcpy(at + HEADER_BYTES, data, least(size, JOURNAL_SLOT_BYTES - HEADER_BYTES));
        if (mended & MEND_SLOT << i)
            mend(at, right_slot, &slot_layout, bitmap_bytes);
    }
}

static void lay_out(const uint8_t *data, size_t size)
{
    unsigned char mended = 0;
    memset(head, 0, sizeof head);
    data = take(data, &size, &mended, 1);
    data = take(data, &size, head, SECTOR);
    lay_out_slots(mended, data, size);
    if (mended & MEND_LABEL)
        mend(head, right_label, &label_layout, 0);
    if (mended & MEND_HELD)
        mend(head, right_held, &held_layout, 0);
}

/* What was read can be written, and reads the same. */
static void check_round_trip(const struct journal *journal)
{
    struct journal again;
    must(journal_encode(journal, slot) <= JOURNAL_SLOT_BYTES);
    must(journal_decode(slot, &again));
    must(again.source_bytes == journal->source_bytes && again.chunk_bytes == journal->chunk_bytes && again.sequence == journal->sequence);
    must(memcmp(again.settled, journal->settled, journal_words(journal) * 8) == 0);
    must(memcmp(&again.map, &journal->map, sizeof again.map) == 0);
    journal_free(&again);
}

/* The work that is left is what the journal does not have: never more than the disk, and each chunk at most once. */
static void check_pool(const struct journal *journal)
{
    struct extents nothing = {0};
    struct pool pool;
    uint64_t settled = journal_settled_count(journal), chunks = journal_chunk_count(journal), first, count, given = 0;
    pool_open(&pool, journal, &nothing, HEAD_BYTES, journal->source_bytes);
    must(pool_snapshot(&pool, NULL, NULL) <= journal->source_bytes);
    while (pool_take_zeroes(&pool, chunks, &first, &count))
        given += count;
    must(given <= chunks && given + settled <= chunks + 1); /* the first chunk has nothing in it but the head */
    pool_close(&pool);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct journal journal;
    if (!*right_label)
        prepare();
    lay_out(data, size);
    enum pull_state state = state_in(head, head + SECTOR, &journal);
    if (state == PULL_HALF_DONE) {
        must(journal.source_bytes > 0);
        must(memchr(journal.source, '\0', sizeof journal.source) != NULL);
        must(journal_chunk_count(&journal) <= JOURNAL_CHUNKS_MAX);
        must(journal_settled_count(&journal) <= journal_chunk_count(&journal));
        check_round_trip(&journal);
        if (journal_chunk_count(&journal) <= POOL_CHUNKS_MAX)
            check_pool(&journal);
    }
    journal_free(&journal);
    return 0;
}
