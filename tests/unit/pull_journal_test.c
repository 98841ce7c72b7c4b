/* The journal, the label and the marker: what is written is read back, and nothing else is believed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "base/text.h"
#include "nbd/lost.h"
#include "pull/target/journal.h"
#include "pull/target/mark.h"

#define GIB (1ull << 30)
#define TIB (1ull << 40)

static struct journal journal_of(uint64_t source_bytes, uint64_t sequence)
{
    struct journal journal = {.source_bytes = source_bytes, .chunk_bytes = journal_chunk_bytes(source_bytes, 1 << 20),
                              .sequence = sequence, .source = "nbd://192.0.2.7"};
    memset(journal.identity.bytes, 0xa5, IDENTITY_BYTES);
    memset(journal.map.bytes, 0x5a, MAP_DIGEST_BYTES);
    journal.settled = checked_alloc(journal_words(&journal) * 8);
    for (uint64_t i = 0; i < journal_chunk_count(&journal); i += 3)
        journal.settled[i / 64] |= 1ull << (i % 64);
    return journal;
}

/* A first MiB as ends_prepare and journal_save make it: a label, and slots for the journals that are given. */
static unsigned char *head_with(const struct journal *first, const struct journal *second)
{
    unsigned char *head = checked_alloc(HEAD_BYTES);
    label_encode(first ? first : second, head);
    if (first)
        journal_encode(first, head + JOURNAL_SLOT_OFFSET(first->sequence % 2));
    if (second)
        journal_encode(second, head + JOURNAL_SLOT_OFFSET(second->sequence % 2));
    return head;
}

static void found(const unsigned char *head, uint64_t sequence)
{
    struct journal journal;
    assert_true(journal_find(head, &journal));
    assert_int_equal(journal.sequence, sequence);
    journal_free(&journal);
}

static void not_found(const unsigned char *head)
{
    struct journal journal = {0};
    assert_false(journal_find(head, &journal));
}

static void what_was_written_is_read_back(void **state)
{
    (void)state;
    struct journal journal = journal_of(10 * GIB + 512, 7), back;
    unsigned char *slot = checked_alloc(JOURNAL_SLOT_BYTES);
    size_t length = journal_encode(&journal, slot);
    assert_int_equal(length % 4096, 0);
    assert_true(journal_decode(slot, &back));
    assert_int_equal(back.source_bytes, journal.source_bytes);
    assert_int_equal(back.chunk_bytes, 1 << 20);
    assert_int_equal(back.sequence, 7);
    assert_string_equal(back.source, "nbd://192.0.2.7");
    assert_memory_equal(&back.identity, &journal.identity, sizeof back.identity);
    assert_memory_equal(&back.map, &journal.map, sizeof back.map);
    assert_memory_equal(back.settled, journal.settled, journal_words(&journal) * 8);
    assert_int_equal(journal_settled_count(&back), (10 * 1024 + 1 + 2) / 3);
    journal_free(&journal);
    journal_free(&back);
    free(slot);
}

static void the_journal_of_any_disk_fits_its_slot(void **state)
{
    (void)state;
    const uint64_t sizes[] = {2 << 20, 10 * GIB, 2 * TIB - 1, 2 * TIB, 4 * TIB + 512, 1000 * TIB, INT64_MAX};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct journal journal = journal_of(sizes[i], 1), back;
        unsigned char *slot = checked_alloc(JOURNAL_SLOT_BYTES);
        digests_open(&journal.digests, journal_chunk_count(&journal), (const unsigned char *)"0123456789abcdef");
        for (uint64_t k = 0; k < LOST_RANGES_MAX && sizes[i] > GIB; k++)
            lost_add(&journal.lost, k * 1024, k * 1024 + 512);
        assert_true(journal_encode(&journal, slot) <= JOURNAL_SLOT_BYTES);
        assert_true(journal_chunk_count(&journal) <= JOURNAL_CHUNKS_MAX);
        assert_true(journal.chunk_bytes * journal_chunk_count(&journal) >= sizes[i]);
        assert_true(journal_decode(slot, &back));
        journal_free(&journal);
        journal_free(&back);
        free(slot);
    }
    assert_int_equal(journal_chunk_bytes(2 * TIB - 1, 1 << 20), 1 << 20);
    assert_int_equal(journal_chunk_bytes(4 * TIB, 1 << 20), 4 << 20);
    assert_int_equal(journal_chunk_bytes(GIB, 3 << 20), 4 << 20);
}

static void the_newer_slot_counts(void **state)
{
    (void)state;
    struct journal older = journal_of(GIB, 4), newer = journal_of(GIB, 5);
    unsigned char *head = head_with(&older, &newer);
    found(head, 5);
    memset(head + JOURNAL_SLOT_OFFSET(5 % 2) + 600, 0xff, 8); /* a torn write */
    found(head, 4);
    memset(head + JOURNAL_SLOT_OFFSET(4 % 2), 0, 8);
    not_found(head);
    journal_free(&older);
    journal_free(&newer);
    free(head);
}

static void any_changed_byte_makes_a_slot_void(void **state)
{
    (void)state;
    struct journal journal = journal_of(GIB, 1), back;
    unsigned char *slot = checked_alloc(JOURNAL_SLOT_BYTES);
    journal_encode(&journal, slot);
    for (size_t at = 0; at < 512 + journal_words(&journal) * 8; at++) {
        slot[at] ^= 0x10;
        if (journal_decode(slot, &back))
            fail_msg("a slot whose byte %zu was changed is believed", at);
        slot[at] ^= 0x10;
    }
    assert_true(journal_decode(slot, &back));
    journal_free(&back);
    journal_free(&journal);
    free(slot);
}

static void garbage_is_no_journal(void **state)
{
    (void)state;
    unsigned char *head = checked_alloc(HEAD_BYTES);
    not_found(head);
    srand(1);
    for (int round = 0; round < 20; round++) {
        for (size_t i = 0; i < HEAD_BYTES; i++)
            head[i] = (unsigned char)rand();
        not_found(head);
        memcpy(head + JOURNAL_SLOT_OFFSET(0), "rhjourn1\1\0\0\0", 12);
        put_le64(head + JOURNAL_SLOT_OFFSET(0) + 24, UINT64_MAX >> (round * 3)); /* wild sizes */
        put_le64(head + JOURNAL_SLOT_OFFSET(0) + 32, 1ull << (round * 3));
        not_found(head);
    }
    free(head);
}

static void slots_of_another_copy_than_the_label_are_ignored(void **state)
{
    (void)state;
    struct journal old = journal_of(GIB, 9), new = journal_of(GIB, 1);
    memset(new.identity.bytes, 0x5a, IDENTITY_BYTES);
    unsigned char *head = head_with(&new, NULL);
    journal_encode(&old, head + JOURNAL_SLOT_OFFSET(0)); /* left from before a restart */
    not_found(head);
    memset(head, 0, SECTOR); /* no label: the copy was finished over it, or a partitioner was here */
    not_found(head);
    journal_free(&old);
    journal_free(&new);
    free(head);
}

static void a_complete_label_needs_no_slots(void **state)
{
    (void)state;
    struct journal journal = journal_of(3 * GIB + 5, 8), back;
    journal.complete = true;
    unsigned char *head = head_with(&journal, NULL);
    memset(head + 4096, 0x77, HEAD_BYTES - 4096); /* the source's own first MiB is there by now */
    assert_true(journal_find(head, &back));
    assert_true(back.complete);
    assert_memory_equal(&back.map, &journal.map, sizeof back.map);
    assert_int_equal(journal_settled_count(&back), journal_chunk_count(&back));
    assert_string_equal(back.source, "nbd://192.0.2.7");
    journal_free(&back);
    journal_free(&journal);
    free(head);
}

static void a_label_reads_as_text_and_does_not_boot(void **state)
{
    (void)state;
    struct journal journal = journal_of(GIB, 1);
    memset(journal.source, 'x', sizeof journal.source - 1);
    unsigned char sector[SECTOR];
    label_encode(&journal, sector);
    assert_memory_equal(sector, "rehost: this disk is being filled", 33);
    assert_false(sector_boots(sector));
    struct journal back;
    assert_true(label_decode(sector, &back));
    for (size_t at = 0; at < 464; at++) {
        sector[at] ^= 1;
        assert_false(label_decode(sector, &back));
        sector[at] ^= 1;
    }
    journal_free(&journal);
}

static void the_marker_hides_no_superblock(void **state)
{
    (void)state;
    unsigned char sector[SECTOR] = {0};
    assert_true(held_fits(sector)); /* before ext, btrfs, LVM */
    memcpy(sector + 440, "ID\0\0\0\0\x80", 7);
    assert_true(held_fits(sector));
    memcpy(sector, "XFSB", 4);
    assert_false(held_fits(sector));
    memcpy(sector, "\xeb\x63\x90", 4);
    assert_false(held_fits(sector));
    memcpy(sector + 510, "\x55\xaa", 2); /* boot code */
    assert_true(held_fits(sector));
}

static void a_mark_lies_where_nothing_of_the_copy_does(void **state)
{
    (void)state;
    const uint64_t size = 100ull << 20, place = size - 4096;
    struct extents whole = {0}, parts = {0};
    extents_add(&whole, 0, size);
    extents_add(&parts, 0, 10ull << 20);
    extents_add(&parts, size - 512, size); /* as the pull keeps the last sector of every source */
    assert_int_equal(mark_place(size), place);
    assert_int_equal(mark_place(size + 512), place);
    assert_false(mark_hides_nothing(size, size, &whole));
    assert_false(mark_hides_nothing(size, place + 1, &whole));
    assert_true(mark_hides_nothing(size, place, &whole));
    assert_true(mark_hides_nothing(size, size, &parts));
    extents_free(&parts);
    extents_add(&parts, 0, place + 1);
    assert_false(mark_hides_nothing(size, size, &parts));
    extents_free(&parts);
    extents_free(&whole);
}

static void a_mark_is_one_of_what_stands_in_the_first_sector(void **state)
{
    (void)state;
    unsigned char first[SECTOR] = "XFSB", mark[SECTOR];
    memcpy(first + 32, "the UUID of this", 16);
    struct journal journal = {.identity = {{1, 2, 3}}, .map = {{4, 5, 6}}, .source_bytes = 12345}, back;
    mark_encode(mark, first, &journal);
    assert_true(mark_decode(mark, first, &back));
    assert_memory_equal(&back.identity, &journal.identity, sizeof back.identity);
    assert_memory_equal(&back.map, &journal.map, sizeof back.map);
    assert_int_equal(back.source_bytes, 12345);
    first[150] ^= 1; /* sb_fdblocks: it was mounted */
    assert_true(mark_decode(mark, first, &back));
    first[32] ^= 1; /* it was made anew */
    assert_false(mark_decode(mark, first, &back));
    first[32] ^= 1;
    first[170] ^= 1; /* of LUKS the UUID */
    assert_false(mark_decode(mark, first, &back));
    first[170] ^= 1;
    for (size_t at = 0; at < 136; at++) {
        mark[at] ^= 1;
        assert_false(mark_decode(mark, first, &back));
        mark[at] ^= 1;
    }
}

static void the_marker_keeps_the_partition_table(void **state)
{
    (void)state;
    unsigned char sector[SECTOR], before[SECTOR];
    for (size_t i = 0; i < SECTOR; i++)
        before[i] = sector[i] = (unsigned char)(i * 7);
    struct journal journal = {.identity = {{1, 2, 3}}, .map = {{4, 5, 6}}, .source_bytes = 12345}, back;
    assert_false(held_decode(sector, &back));
    held_encode(sector, &journal);
    assert_memory_equal(sector, "\xcd\x18\xeb\xfe", 4);
    assert_memory_equal(sector + 440, before + 440, SECTOR - 440);
    assert_true(held_decode(sector, &back));
    assert_memory_equal(&back.identity, &journal.identity, sizeof back.identity);
    assert_memory_equal(&back.map, &journal.map, sizeof back.map);
    assert_int_equal(back.source_bytes, 12345);
    for (size_t at = 0; at < 136; at++) {
        sector[at] ^= 1;
        assert_false(held_decode(sector, &back));
        sector[at] ^= 1;
    }
}

static void the_marker_hides_a_gpt_until_it_goes(void **state)
{
    (void)state;
    static const unsigned char protective[16] = {0, 0, 2, 0, 0xee, 0xff, 0xff, 0xff, 1, 0, 0, 0, 0xff, 0xff, 0x7f, 0};
    unsigned char sector[SECTOR] = {"boot code"}, before[SECTOR];
    memcpy(sector + 446, protective, sizeof protective);
    memcpy(sector + 462, "\x80\0\0\0\x83\0\0\0\1\0\0\0", 12); /* of another type: its place is its own business */
    memcpy(before, sector, SECTOR);
    struct journal journal = {.source_bytes = 12345};
    held_encode(sector, &journal);
    assert_int_equal(sector[446 + 4], 0xee);
    assert_int_equal(sector[446 + 8], 2);
    assert_memory_equal(sector + 462, before + 462, SECTOR - 462);
    held_release(sector, before);
    assert_memory_equal(sector, before, SECTOR);
}

static void ranges_are(const struct extents *lost, const struct extent *expected, size_t count)
{
    assert_int_equal(lost->count, count);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(lost->items[i].start, expected[i].start);
        assert_int_equal(lost->items[i].end, expected[i].end);
    }
}

static void what_is_lost_is_kept_sorted_and_exact(void **state)
{
    (void)state;
    struct extents lost = {0};
    lost_add(&lost, 4096, 4608);
    lost_add(&lost, 1024, 1536);
    lost_add(&lost, 8192, 9216);
    ranges_are(&lost, (struct extent[]){{1024, 1536}, {4096, 4608}, {8192, 9216}}, 3);
    lost_add(&lost, 4608, 5120);
    lost_add(&lost, 1024, 1536);
    ranges_are(&lost, (struct extent[]){{1024, 1536}, {4096, 5120}, {8192, 9216}}, 3);
    lost_add(&lost, 1536, 8192);
    ranges_are(&lost, (struct extent[]){{1024, 9216}}, 1);
    lost_forget(&lost, 2048, 4096);
    ranges_are(&lost, (struct extent[]){{1024, 2048}, {4096, 9216}}, 2);
    lost_forget(&lost, 0, 1024);
    lost_forget(&lost, 8704, UINT64_MAX);
    ranges_are(&lost, (struct extent[]){{1024, 2048}, {4096, 8704}}, 2);
    lost_forget(&lost, 0, 8704);
    ranges_are(&lost, NULL, 0);
}

static void too_much_that_is_lost_is_refused_and_not_kept(void **state)
{
    (void)state;
    struct extents lost = {0};
    struct error err;
    for (uint64_t i = 0; i < LOST_RANGES_MAX; i++)
        assert_int_equal(lost_take(&lost, i * 1024, 512, &err), 0);
    assert_int_equal(lost_take(&lost, GIB, 512, &err), -1);
    assert_int_equal(lost.count, LOST_RANGES_MAX);
    assert_int_equal(lost_take(&lost, 512, 512, &err), 0); /* closes a gap */
    assert_int_equal(lost.count, LOST_RANGES_MAX - 1);
    assert_int_equal(lost_take(&lost, GIB, 65 << 20, &err), -1);
    extents_free(&lost);
}

/* Wherever the end of a copy is cut off, the next run knows of what was lost: in the slots, in the label, in the marker. */
static void what_is_lost_goes_along(void **state)
{
    (void)state;
    struct journal journal = journal_of(3000 * GIB, 8), back;
    for (uint64_t i = 0; i < 100; i++)
        lost_add(&journal.lost, i * i * GIB / 8, i * i * GIB / 8 + 512);
    unsigned char *head = head_with(NULL, &journal);
    assert_true(journal_find(head, &back));
    ranges_are(&back.lost, journal.lost.items, 100);
    journal_free(&back);
    journal.complete = true;
    label_encode(&journal, head);
    memset(head + 4096, 0x77, HEAD_BYTES - 4096);
    assert_true(journal_find(head, &back));
    assert_int_equal(back.lost.count, 13); /* joined where they are near */
    assert_int_equal(back.lost.items[12].end, journal.lost.items[99].end);
    journal_free(&back);
    held_encode(head, &journal);
    assert_true(held_decode(head, &back));
    assert_int_equal(back.lost.count, 18);
    for (size_t i = 0; i < 100; i++) {
        size_t at = extents_find(&back.lost, journal.lost.items[i].start);
        assert_true(at < 18 && back.lost.items[at].start <= journal.lost.items[i].start && back.lost.items[at].end >= journal.lost.items[i].end);
    }
    journal_free(&back);
    journal_free(&journal);
    free(head);
}

static void a_list_that_cannot_be_is_not_believed(void **state)
{
    (void)state;
    struct extents lost = {0}, back;
    unsigned char area[LOST_AREA_BYTES(2)];
    lost_add(&lost, 512, 1024);
    lost_add(&lost, 4096, 8192);
    lost_encode(&lost, area, sizeof area);
    assert_false(lost_decode(area, sizeof area, 8191, &back));
    for (size_t at = 0; at < sizeof area; at++) {
        area[at] ^= 1;
        assert_false(lost_decode(area, sizeof area, GIB, &back));
        area[at] ^= 1;
    }
    assert_true(lost_decode(area, sizeof area, 8192, &back));
    extents_free(&back);
    extents_free(&lost);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_written_is_read_back),
        cmocka_unit_test(the_journal_of_any_disk_fits_its_slot),
        cmocka_unit_test(the_newer_slot_counts),
        cmocka_unit_test(any_changed_byte_makes_a_slot_void),
        cmocka_unit_test(garbage_is_no_journal),
        cmocka_unit_test(slots_of_another_copy_than_the_label_are_ignored),
        cmocka_unit_test(a_complete_label_needs_no_slots),
        cmocka_unit_test(a_label_reads_as_text_and_does_not_boot),
        cmocka_unit_test(the_marker_hides_no_superblock),
        cmocka_unit_test(a_mark_lies_where_nothing_of_the_copy_does),
        cmocka_unit_test(a_mark_is_one_of_what_stands_in_the_first_sector),
        cmocka_unit_test(the_marker_keeps_the_partition_table),
        cmocka_unit_test(the_marker_hides_a_gpt_until_it_goes),
        cmocka_unit_test(what_is_lost_is_kept_sorted_and_exact),
        cmocka_unit_test(too_much_that_is_lost_is_refused_and_not_kept),
        cmocka_unit_test(what_is_lost_goes_along),
        cmocka_unit_test(a_list_that_cannot_be_is_not_believed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
