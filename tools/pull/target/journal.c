/* See journal.h. */
#include "journal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "../../base/bytes.h"
#include "../../base/text.h"
#include "../../nbd/lost.h"

#define VERSION 3u
#define DIGEST_BYTES 16

/* A slot: header, bitmap, digests, what is lost. */
#define SLOT_MAGIC "rhjourn1"
#define SLOT_HEADER 512u
#define SLOT_DIGEST 496u
#define SLOT_LOST_BYTES LOST_AREA_BYTES(LOST_RANGES_MAX)
enum { SLOT_VERSION = 8, SLOT_SEQUENCE = 16, SLOT_SOURCE_BYTES = 24, SLOT_CHUNK_BYTES = 32, SLOT_BITMAP_BYTES = 40, SLOT_SOURCE = 48, SLOT_MAP = 304, SLOT_IDENTITY = 320 };

/* The label: text, and from byte 320 a record. Bytes 510 and 511 stay zero. In the moment when the slots are gone already, what is lost stands
 * in place of the source's name. */
#define LABEL_TEXT_MAX 320u
#define LABEL_SOURCE "\nSource: "
#define LABEL_WORDS "rehost: this disk is being filled and is not usable yet. Start rehost again to go on."
#define LABEL_MAGIC "rhlabel1"
enum { LABEL_LOST = 88, LABEL_RECORD = 320, LABEL_VERSION = 328, LABEL_COMPLETE = 332, LABEL_SOURCE_BYTES = 336, LABEL_CHUNK_BYTES = 344, LABEL_IDENTITY = 352, LABEL_MAP = 432, LABEL_DIGEST = 448 };

/* The marker: CD 18 is INT 18h ("no boot here, go on"), EB FE jumps to itself should the firmware come back. */
#define HELD_CODE "\xcd\x18\xeb\xfe"
#define HELD_MAGIC "rehost: held"
enum { HELD_NAME = 4, HELD_IDENTITY = 16, HELD_SOURCE_BYTES = 96, HELD_MAP = 104, HELD_DIGEST = 120, HELD_LOST = 136 };

/* The partition table of an MBR, behind the boot code. */
enum { PARTITION_ENTRIES = 446, PARTITION_ENTRY_BYTES = 16, ENTRY_TYPE = 4, ENTRY_START = 8 };
#define TYPE_PROTECTIVE 0xee
#define PROTECTIVE_START 1u
#define PROTECTIVE_START_HELD 2u

static void digest_two(const void *first, size_t first_bytes, const void *second, size_t second_bytes, unsigned char digest[DIGEST_BYTES])
{
    XXH3_state_t *state = XXH3_createState();
    if (!state)
        abort();
    XXH3_128bits_reset(state);
    XXH3_128bits_update(state, first, first_bytes);
    XXH3_128bits_update(state, second, second_bytes);
    XXH128_canonical_t canonical;
    XXH128_canonicalFromHash(&canonical, XXH3_128bits_digest(state));
    memcpy(digest, canonical.digest, DIGEST_BYTES);
    XXH3_freeState(state);
}

uint64_t journal_chunk_bytes(uint64_t source_bytes, uint32_t request_bytes)
{
    uint64_t chunk = MIB;
    while (chunk < request_bytes || source_bytes / chunk >= JOURNAL_CHUNKS_MAX)
        chunk *= 2;
    return chunk;
}

uint64_t journal_chunk_count(const struct journal *journal)
{
    return journal->source_bytes / journal->chunk_bytes + (journal->source_bytes % journal->chunk_bytes != 0);
}

size_t journal_words(const struct journal *journal)
{
    return (size_t)((journal_chunk_count(journal) + 63) / 64);
}

uint64_t journal_settled_count(const struct journal *journal)
{
    uint64_t count = 0;
    for (size_t i = 0; i < journal_words(journal); i++)
        count += (uint64_t)__builtin_popcountll(journal->settled[i]);
    return count;
}

void journal_free(struct journal *journal)
{
    free(journal->settled);
    journal->settled = NULL;
    digests_free(&journal->digests);
    extents_free(&journal->lost);
}

static bool sizes_fit(const struct journal *journal)
{
    uint64_t chunk = journal->chunk_bytes;
    return journal->source_bytes > 0 && journal->source_bytes <= INT64_MAX && chunk >= MIB && chunk <= (1ull << 62) &&
           (chunk & (chunk - 1)) == 0 && journal_chunk_count(journal) <= JOURNAL_CHUNKS_MAX;
}

size_t journal_encode(const struct journal *journal, unsigned char *slot)
{
    size_t words = journal_words(journal);
    memset(slot, 0, JOURNAL_SLOT_BYTES);
    memcpy(slot, SLOT_MAGIC, 8);
    put_le32(slot + SLOT_VERSION, VERSION);
    put_le64(slot + SLOT_SEQUENCE, journal->sequence);
    put_le64(slot + SLOT_SOURCE_BYTES, journal->source_bytes);
    put_le64(slot + SLOT_CHUNK_BYTES, journal->chunk_bytes);
    put_le64(slot + SLOT_BITMAP_BYTES, words * 8);
    memcpy(slot + SLOT_IDENTITY, journal->identity.bytes, IDENTITY_BYTES);
    memcpy(slot + SLOT_SOURCE, journal->source, SOURCE_TEXT_BYTES);
    memcpy(slot + SLOT_MAP, journal->map.bytes, MAP_DIGEST_BYTES);
    for (size_t i = 0; i < words; i++)
        put_le64(slot + SLOT_HEADER + i * 8, journal->settled[i]);
    digest_two(slot, SLOT_DIGEST, slot + SLOT_HEADER, words * 8, slot + SLOT_DIGEST);
    size_t at = SLOT_HEADER + words * 8;
    at += digests_encode(&journal->digests, slot + at);
    lost_encode(&journal->lost, slot + at, SLOT_LOST_BYTES);
    return align_up(at + LOST_AREA_BYTES(journal->lost.count), 4096);
}

/* A journal that has chunks behind the end of the disk is none that was written here, whatever its digest says. */
static bool has_chunks_beyond(const struct journal *journal)
{
    uint64_t in_last_word = journal_chunk_count(journal) % 64;
    return in_last_word && journal->settled[journal_words(journal) - 1] >> in_last_word;
}

bool journal_decode(const unsigned char *slot, struct journal *journal)
{
    *journal = (struct journal){.sequence = get_le64(slot + SLOT_SEQUENCE), .source_bytes = get_le64(slot + SLOT_SOURCE_BYTES),
                                .chunk_bytes = get_le64(slot + SLOT_CHUNK_BYTES)};
    if (memcmp(slot, SLOT_MAGIC, 8) != 0 || get_le32(slot + SLOT_VERSION) != VERSION || !sizes_fit(journal))
        return false;
    size_t words = journal_words(journal);
    unsigned char digest[DIGEST_BYTES];
    if (get_le64(slot + SLOT_BITMAP_BYTES) != words * 8)
        return false;
    digest_two(slot, SLOT_DIGEST, slot + SLOT_HEADER, words * 8, digest);
    if (memcmp(digest, slot + SLOT_DIGEST, DIGEST_BYTES) != 0)
        return false;
    const unsigned char *digests = slot + SLOT_HEADER + words * 8;
    size_t digests_bytes = digests_decode(digests, journal_chunk_count(journal), &journal->digests);
    if (!digests_bytes || !lost_decode(digests + digests_bytes, SLOT_LOST_BYTES, journal->source_bytes, &journal->lost)) {
        digests_free(&journal->digests);
        return false;
    }
    memcpy(journal->identity.bytes, slot + SLOT_IDENTITY, IDENTITY_BYTES);
    memcpy(journal->source, slot + SLOT_SOURCE, SOURCE_TEXT_BYTES - 1);
    memcpy(journal->map.bytes, slot + SLOT_MAP, MAP_DIGEST_BYTES);
    journal->settled = checked_alloc(words * 8);
    for (size_t i = 0; i < words; i++)
        journal->settled[i] = get_le64(slot + SLOT_HEADER + i * 8);
    if (!has_chunks_beyond(journal))
        return true;
    journal_free(journal);
    return false;
}

void label_encode(const struct journal *journal, unsigned char sector[SECTOR])
{
    memset(sector, 0, SECTOR);
    bool tells_lost = journal->complete && journal->lost.count;
    int length = snprintf((char *)sector, LABEL_TEXT_MAX, LABEL_WORDS "%s%.220s\n", tells_lost ? "" : LABEL_SOURCE, tells_lost ? "" : journal->source);
    if (length < 0)
        sector[0] = '\0';
    if (tells_lost)
        lost_encode(&journal->lost, sector + LABEL_LOST, LABEL_RECORD - LABEL_LOST);
    memcpy(sector + LABEL_RECORD, LABEL_MAGIC, 8);
    put_le32(sector + LABEL_VERSION, VERSION);
    put_le32(sector + LABEL_COMPLETE, journal->complete);
    put_le64(sector + LABEL_SOURCE_BYTES, journal->source_bytes);
    put_le64(sector + LABEL_CHUNK_BYTES, journal->chunk_bytes);
    memcpy(sector + LABEL_IDENTITY, journal->identity.bytes, IDENTITY_BYTES);
    memcpy(sector + LABEL_MAP, journal->map.bytes, MAP_DIGEST_BYTES);
    digest_two(sector, LABEL_DIGEST, NULL, 0, sector + LABEL_DIGEST);
}

bool label_decode(const unsigned char sector[SECTOR], struct journal *journal)
{
    *journal = (struct journal){.source_bytes = get_le64(sector + LABEL_SOURCE_BYTES), .chunk_bytes = get_le64(sector + LABEL_CHUNK_BYTES),
                                .complete = get_le32(sector + LABEL_COMPLETE) == 1};
    unsigned char digest[DIGEST_BYTES];
    digest_two(sector, LABEL_DIGEST, NULL, 0, digest);
    if (memcmp(sector + LABEL_RECORD, LABEL_MAGIC, 8) != 0 || memcmp(digest, sector + LABEL_DIGEST, DIGEST_BYTES) != 0 ||
        get_le32(sector + LABEL_VERSION) != VERSION || !sizes_fit(journal))
        return false;
    memcpy(journal->identity.bytes, sector + LABEL_IDENTITY, IDENTITY_BYTES);
    memcpy(journal->map.bytes, sector + LABEL_MAP, MAP_DIGEST_BYTES);
    if (journal->complete)
        (void)lost_decode(sector + LABEL_LOST, LABEL_RECORD - LABEL_LOST, journal->source_bytes, &journal->lost);
    char text[LABEL_TEXT_MAX + 1] = {0};
    memcpy(text, sector, LABEL_TEXT_MAX);
    const char *source = strstr(text, LABEL_SOURCE);
    if (source)
        snprintf(journal->source, sizeof journal->source, "%.*s", (int)strcspn(source + strlen(LABEL_SOURCE), "\n"), source + strlen(LABEL_SOURCE));
    return true;
}

static bool same_copy(const struct journal *a, const struct journal *b)
{
    return a->source_bytes == b->source_bytes && memcmp(&a->identity, &b->identity, sizeof a->identity) == 0;
}

static void settle_all(struct journal *journal)
{
    free(journal->settled);
    journal->settled = checked_alloc(journal_words(journal) * 8);
    for (uint64_t i = 0; i < journal_chunk_count(journal); i++)
        journal->settled[i / 64] |= 1ull << (i % 64);
}

bool journal_find(const unsigned char head[HEAD_BYTES], struct journal *journal)
{
    struct journal label, slots[2];
    bool valid[2];
    for (unsigned i = 0; i < 2; i++)
        valid[i] = journal_decode(head + JOURNAL_SLOT_OFFSET(i), &slots[i]);
    unsigned newest = valid[1] && (!valid[0] || slots[1].sequence > slots[0].sequence);
    if (valid[!newest])
        journal_free(&slots[!newest]);
    /* The label is written first at the start and overwritten last at the end: without it there is no copy under way. */
    bool labelled = label_decode(head, &label);
    if (!labelled || (valid[newest] && !same_copy(&label, &slots[newest]))) {
        if (valid[newest])
            journal_free(&slots[newest]);
        valid[newest] = false;
    }
    if (labelled && label.complete) {
        label.sequence = valid[newest] ? slots[newest].sequence : 0;
        if (valid[newest])
            journal_free(&slots[newest]);
        *journal = label;
        settle_all(journal);
        return true;
    }
    if (valid[newest])
        *journal = slots[newest];
    return valid[newest];
}

bool sector_boots(const unsigned char sector[SECTOR])
{
    return sector[510] == 0x55 && sector[511] == 0xaa;
}

/* UEFI firmware believes a GPT only behind a partition of type EE that starts in sector 1 (UEFI 2.10, 5.2.3; EDK2's PartitionDxe); Linux
 * too. libblkid looks at the type alone, so that the guest behind it can be read and changed. */
static void move_protective_partition(unsigned char sector[SECTOR], uint32_t from, uint32_t to)
{
    for (unsigned char *entry = sector + PARTITION_ENTRIES; entry < sector + PARTITION_ENTRIES + 4 * PARTITION_ENTRY_BYTES; entry += PARTITION_ENTRY_BYTES)
        if (entry[ENTRY_TYPE] == TYPE_PROTECTIVE && get_le32(entry + ENTRY_START) == from)
            put_le32(entry + ENTRY_START, to);
}

bool held_fits(const unsigned char sector[SECTOR])
{
    static const unsigned char nothing[HELD_CODE_AREA];
    return sector_boots(sector) || memcmp(sector, nothing, HELD_CODE_AREA) == 0;
}

void held_encode(unsigned char sector[SECTOR], const struct journal *journal)
{
    move_protective_partition(sector, PROTECTIVE_START, PROTECTIVE_START_HELD);
    memset(sector, 0, HELD_CODE_AREA);
    memcpy(sector, HELD_CODE, 4);
    memcpy(sector + HELD_NAME, HELD_MAGIC, 12);
    memcpy(sector + HELD_IDENTITY, journal->identity.bytes, IDENTITY_BYTES);
    put_le64(sector + HELD_SOURCE_BYTES, journal->source_bytes);
    memcpy(sector + HELD_MAP, journal->map.bytes, MAP_DIGEST_BYTES);
    lost_encode(&journal->lost, sector + HELD_LOST, HELD_CODE_AREA - HELD_LOST);
    digest_two(sector, HELD_DIGEST, NULL, 0, sector + HELD_DIGEST);
}

void held_release(unsigned char sector[SECTOR], const unsigned char boot_code[HELD_CODE_AREA])
{
    memcpy(sector, boot_code, HELD_CODE_AREA);
    move_protective_partition(sector, PROTECTIVE_START_HELD, PROTECTIVE_START);
}

bool held_decode(const unsigned char sector[SECTOR], struct journal *journal)
{
    unsigned char digest[DIGEST_BYTES];
    digest_two(sector, HELD_DIGEST, NULL, 0, digest);
    if (memcmp(sector, HELD_CODE, 4) != 0 || memcmp(sector + HELD_NAME, HELD_MAGIC, 12) != 0 ||
        memcmp(sector + HELD_DIGEST, digest, DIGEST_BYTES) != 0)
        return false;
    *journal = (struct journal){.source_bytes = get_le64(sector + HELD_SOURCE_BYTES)};
    memcpy(journal->identity.bytes, sector + HELD_IDENTITY, IDENTITY_BYTES);
    memcpy(journal->map.bytes, sector + HELD_MAP, MAP_DIGEST_BYTES);
    (void)lost_decode(sector + HELD_LOST, HELD_CODE_AREA - HELD_LOST, journal->source_bytes, &journal->lost);
    return true;
}
