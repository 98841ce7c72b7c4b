/* The map of used blocks: only a whole and orderly account of free space is believed, and it lands where the volume lies on the disk. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "base/text.h"
#include "used/map.h"
#include "used/volume.h"

#define KIB 1024ull
#define MIB (1024 * KIB)

#define HEAD "# Domain logfile created by partclone.ext4 v0.3.36\n# Offset: 0x00000000\n# current_pos  current_status\n"

static bool reads(const char *map, struct free_ranges *on_disk)
{
    struct volume volume = volume_plain("partition 1", "/dev/null", "ext4", 10 * MIB, 100 * MIB);
    struct map_reader reader = {.volume = &volume, .on_disk = on_disk};
    for (const char *at = map; *at; at++)
        map_reader_take(&reader, at, 1);
    bool whole = map_reader_end(&reader);
    volume_drop(&volume);
    return whole;
}

static void a_map_tells_the_disk_what_is_free(void **state)
{
    (void)state;
    struct free_ranges free = {0};
    assert_true(reads(HEAD "0x06400000     ?\n# pos size status\n0x00000000  0x00200000  ?\n0x00200000  0x00200000  +\n0x00400000  0x06000000  ?\n", &free));
    assert_int_equal(free.count, 2);
    assert_int_equal(free_ranges_bytes_in(&free, 11 * MIB + 512 * KIB, 15 * MIB), MIB + 512 * KIB);
    assert_int_equal(free.items[0].start, 11 * MIB); /* the first MiB always travels */
    assert_int_equal(free.items[0].end, 12 * MIB);
    assert_int_equal(free.items[1].start, 14 * MIB);
    assert_int_equal(free.items[1].end, 110 * MIB);
    free_ranges_drop(&free);
}

static void a_map_that_is_odd_is_not_believed(void **state)
{
    (void)state;
    static const char *const maps[] = {
        "",
        HEAD,
        HEAD "0x06400000     ?\n",
        HEAD "0x06400000     ?\n0x00000000  0x06400000  ?",                                /* cut off */
        HEAD "0x06400000     ?\n0x00000000  0x06300000  ?\n",                              /* too short */
        HEAD "0x06400000     ?\n0x00000000  0x06500000  ?\n",                              /* beyond the volume */
        HEAD "0x06500000     ?\n0x00000000  0x06500000  ?\n",
        HEAD "0x06400000     ?\n0x00000000  0x00200000  ?\n0x00300000  0x06100000  ?\n",   /* a gap */
        HEAD "0x06400000     ?\n0x00000000  0x00200000  ?\n0x00100000  0x06300000  ?\n",   /* an overlap */
        HEAD "0x06400000     ?\n0x00000000  0x00000000  ?\n0x00000000  0x06400000  ?\n",   /* nothing */
        HEAD "0x06400000     ?\n0x00000000  0x06400000  -\n",                              /* a bad area */
        HEAD "0x06400000     ?\n0x00000000  0x06400000\n",
        HEAD "0x06400000     ?\n0x00000000  0xffffffffffffffffff  ?\n",
        HEAD "0x00000000     ?\n",
        "no map at all\n",
    };
    for (size_t i = 0; i < sizeof maps / sizeof *maps; i++) {
        struct free_ranges free = {0};
        if (reads(maps[i], &free))
            fail_msg("believed: %s", maps[i]);
        free_ranges_drop(&free);
    }
    char *endless = checked_alloc(100000);
    memset(endless, 'x', 99999);
    struct free_ranges free_of = {0};
    assert_false(reads(endless, &free_of));
    free(endless);
}

static void small_free_ranges_travel(void **state)
{
    (void)state;
    struct free_ranges free = {0};
    free_ranges_add(&free, 1, 2 * FREE_UNIT);                  /* one whole unit is in it */
    free_ranges_add(&free, 3 * FREE_UNIT + 1, 5 * FREE_UNIT - 1); /* none */
    assert_int_equal(free.count, 1);
    assert_int_equal(free_ranges_bytes(&free), FREE_UNIT);
    free_ranges_drop(&free);
}

static void what_is_left_is_all_that_is_not_free(void **state)
{
    (void)state;
    struct free_ranges free = {0};
    free_ranges_add(&free, 80 * MIB, 90 * MIB); /* in any order, overlapping, beyond the end */
    free_ranges_add(&free, 10 * MIB, 20 * MIB);
    free_ranges_add(&free, 85 * MIB, 95 * MIB);
    free_ranges_add(&free, 99 * MIB, 200 * MIB);
    struct extents left = free_ranges_left(&free, 100 * MIB);
    assert_int_equal(left.count, 3);
    assert_int_equal(left.items[0].end, 10 * MIB);
    assert_int_equal(left.items[1].start, 20 * MIB);
    assert_int_equal(left.items[1].end, 80 * MIB);
    assert_int_equal(left.items[2].start, 95 * MIB);
    assert_int_equal(left.items[2].end, 99 * MIB);
    extents_free(&left);
    free_ranges_drop(&free);
    left = free_ranges_left(&free, 5);
    assert_int_equal(extents_bytes(&left), 5);
    extents_free(&left);
}

static void too_many_free_ranges_forget_the_smallest(void **state)
{
    (void)state;
    struct free_ranges free = {0};
    uint64_t at = 0;
    for (size_t i = 0; i < EXTENTS_MAX + 10; i++, at += 3 * FREE_UNIT)
        free_ranges_add(&free, at, at + FREE_UNIT);
    free_ranges_add(&free, at, at + 100 * MIB);
    assert_true(free.count < EXTENTS_MAX);
    assert_int_equal(free.items[free.count - 1].end, at + 100 * MIB);
    free_ranges_drop(&free);
}

/* Rows of 3 × 64 KiB: what is free in the volume is so on each disk from the first whole row to the last. */
static void of_stripes_only_whole_rows_are_free(void **state)
{
    (void)state;
    struct volume volume = {.size_bytes = 30 * MIB};
    volume_add_segment(&volume, 0, 12 * MIB, 1, 12 * MIB);
    volume.segments[0].offsets[0] = 500 * MIB;
    volume_add_segment(&volume, 12 * MIB, 18 * MIB, 3, 64 * KIB);
    for (unsigned i = 0; i < 3; i++)
        volume.segments[1].offsets[i] = (100 + 10 * i) * MIB;
    struct free_ranges free = {0};
    volume_add_free(&volume, 4 * MIB, 12 * MIB + 7 * 192 * KIB + 1, &free);
    assert_int_equal(free.count, 4);
    assert_int_equal(free.items[0].start, 504 * MIB);
    assert_int_equal(free.items[0].end, 512 * MIB);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(free.items[1 + i].start, (100 + 10 * i) * MIB);
        assert_int_equal(free.items[1 + i].end, (100 + 10 * i) * MIB + 7 * 64 * KIB);
    }
    free.count = 0;
    volume_add_free(&volume, 12 * MIB + 1, 12 * MIB + 3 * 192 * KIB, &free); /* the first row only in part */
    assert_int_equal(free.items[0].start, 100 * MIB + 64 * KIB);
    free_ranges_drop(&free);
    volume_drop(&volume);
}

static void what_is_in_both_is_widened_to_whole_units(void **state)
{
    (void)state;
    struct extents a = {0}, b = {0};
    extents_add(&a, 0, 10 * MIB);
    extents_add(&a, 20 * MIB, 30 * MIB);
    extents_add(&b, 5 * MIB + 100, 25 * MIB + 100);
    extents_add(&b, 29 * MIB, 40 * MIB);
    struct extents both = extents_in_both(&a, &b, 4096, 30 * MIB);
    assert_int_equal(both.count, 3);
    assert_int_equal(both.items[0].start, 5 * MIB);
    assert_int_equal(both.items[0].end, 10 * MIB);
    assert_int_equal(both.items[1].start, 20 * MIB);
    assert_int_equal(both.items[1].end, 25 * MIB + 4096);
    assert_int_equal(both.items[2].start, 29 * MIB);
    assert_int_equal(both.items[2].end, 30 * MIB);
    extents_free(&a);
    extents_free(&b);
    extents_free(&both);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_map_tells_the_disk_what_is_free),
        cmocka_unit_test(a_map_that_is_odd_is_not_believed),
        cmocka_unit_test(small_free_ranges_travel),
        cmocka_unit_test(what_is_left_is_all_that_is_not_free),
        cmocka_unit_test(too_many_free_ranges_forget_the_smallest),
        cmocka_unit_test(of_stripes_only_whole_rows_are_free),
        cmocka_unit_test(what_is_in_both_is_widened_to_whole_units),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
