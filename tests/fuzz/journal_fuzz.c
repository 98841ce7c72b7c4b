/* What stands on the target when a pull begins: label, journal, held boot code, or anything else. The digests keep a
 * fuzzer out, so they are put right where its first byte says so.
 *
 *     byte 0: which digests to mend | the first sector | header of slot 0 | header of slot 1 | bits, for both slots */
#include <string.h>
#include <xxhash.h>

#include "fuzz.h"
#include "pull/bytes.h"
#include "pull/hold.h"
#include "pull/pool.h"

#define HEADER_BYTES 512u
#define SLOT_DIGEST_AT 496u  /* as journal.c lays them out; the fuzzer finds nothing valid when these move */
#define LABEL_DIGEST_AT 432u
#define HELD_DIGEST_AT 40u
#define POOL_CHUNKS_MAX 4096u /* more take milliseconds each, and show nothing else */
enum { MEND_LABEL = 1, MEND_HELD = 2, MEND_SLOT = 4 };

static unsigned char head[HEAD_BYTES], slot[JOURNAL_SLOT_BYTES];

static void mend(unsigned char *bytes, size_t digest_at, const void *more, size_t more_bytes)
{
    XXH3_state_t *state = XXH3_createState();
    XXH128_canonical_t digest;
    XXH3_128bits_reset(state);
    XXH3_128bits_update(state, bytes, digest_at);
    XXH3_128bits_update(state, more, more_bytes);
    XXH128_canonicalFromHash(&digest, XXH3_128bits_digest(state));
    memcpy(bytes + digest_at, digest.digest, sizeof digest.digest);
    XXH3_freeState(state);
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
        uint64_t bitmap_bytes = least(get_le64(at + 40), JOURNAL_SLOT_BYTES - HEADER_BYTES);
        memcpy(at + HEADER_BYTES, data, least(size, JOURNAL_SLOT_BYTES - HEADER_BYTES));
        if (mended & MEND_SLOT << i)
            mend(at, SLOT_DIGEST_AT, at + HEADER_BYTES, bitmap_bytes);
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
        mend(head, LABEL_DIGEST_AT, NULL, 0);
    if (mended & MEND_HELD)
        mend(head, HELD_DIGEST_AT, NULL, 0);
}

/* What was read can be written, and reads the same. */
static void check_round_trip(const struct journal *journal)
{
    struct journal again;
    must(journal_encode(journal, slot) <= JOURNAL_SLOT_BYTES);
    must(journal_decode(slot, &again));
    must(again.source_bytes == journal->source_bytes && again.chunk_bytes == journal->chunk_bytes && again.sequence == journal->sequence);
    must(memcmp(again.settled, journal->settled, journal_words(journal) * 8) == 0);
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
    struct identity identity;
    uint64_t source_bytes = 0;
    lay_out(data, size);
    enum pull_state state = state_in_head(head, &journal, &identity, &source_bytes);
    if (state == PULL_HALF_DONE) {
        must(source_bytes > 0 && source_bytes == journal.source_bytes);
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
