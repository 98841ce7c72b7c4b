/* How a range that fails is asked for again: driven against disks that are defective in known places. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "nbd/piece.h"

#define MIB (1u << 20)

/* A disk, and what came of it. */
struct disk {
    uint64_t bad_start, bad_end;
    unsigned bad_for;        /* it reads well after so many requests; 0: never */
    uint32_t largest;        /* it refuses larger requests; 0: it takes all */
    int64_t seconds_a_failure;
    int64_t now_ms;
    unsigned requests;
    uint64_t came, given_up, first_given_up;
};

static bool reads(const struct disk *disk, const struct piece *piece)
{
    bool bad = piece->offset < disk->bad_end && piece->offset + piece->length > disk->bad_start;
    return !(disk->largest && piece->length > disk->largest) && (!bad || (disk->bad_for && disk->requests > disk->bad_for));
}

static bool next_after_failure(struct disk *disk, struct piece *piece)
{
    disk->now_ms += disk->seconds_a_failure * 1000;
    if (piece_failed(piece, disk->largest && piece->length > disk->largest ? EINVAL : EIO, disk->now_ms))
        return true;
    if (!disk->given_up)
        disk->first_given_up = piece->offset;
    disk->given_up += piece->length;
    return piece_give_up(piece, disk->now_ms);
}

static void fetch(struct disk *disk, uint64_t offset, uint32_t length, uint32_t block_min)
{
    struct piece piece = piece_of(offset, length, block_min);
    for (bool more = true; more; disk->requests++) {
        assert_in_range(disk->requests, 0, 100000);
        assert_true(piece.length > 0 && piece.offset + piece.length <= offset + length);
        disk->now_ms = (int64_t)most((uint64_t)disk->now_ms, (uint64_t)piece.due_ms);
        if (reads(disk, &piece)) {
            disk->came += piece.length;
            more = piece_came(&piece);
        } else {
            more = next_after_failure(disk, &piece);
        }
    }
    assert_int_equal(disk->came + disk->given_up, length);
}

static void a_whole_disk_is_asked_once(void **state)
{
    (void)state;
    struct disk disk = {0};
    fetch(&disk, 0, MIB, 1);
    assert_int_equal(disk.requests, 1);
}

static void only_the_sector_that_is_bad_is_given_up(void **state)
{
    (void)state;
    for (uint64_t sector = 0; sector < 2048; sector += 89) {
        struct disk disk = {.bad_start = 5 * MIB + sector * 512 + 100, .bad_end = 5 * MIB + sector * 512 + 101};
        fetch(&disk, 5 * MIB, MIB, 1);
        assert_int_equal(disk.given_up, 512);
        assert_int_equal(disk.first_given_up, 5 * MIB + sector * 512);
        assert_in_range(disk.requests, 12, 60);
        assert_in_range(disk.now_ms, 1000, 2000); /* the pauses */
    }
}

static void the_servers_smallest_block_is_kept(void **state)
{
    (void)state;
    struct disk disk = {.bad_start = 70000, .bad_end = 70001};
    fetch(&disk, 0, MIB, 65536);
    assert_int_equal(disk.given_up, 65536);
    assert_int_equal(disk.first_given_up, 65536);
}

static void the_last_odd_bytes_of_a_disk_are_a_range_too(void **state)
{
    (void)state;
    struct disk disk = {.bad_start = 4096 + 700, .bad_end = 4096 + 701};
    fetch(&disk, 4096, 701, 1);
    assert_int_equal(disk.first_given_up, 4096 + 512);
    assert_int_equal(disk.given_up, 189);
}

static void an_error_that_passes_costs_nothing(void **state)
{
    (void)state;
    struct disk disk = {.bad_start = 0, .bad_end = MIB, .bad_for = 13};
    fetch(&disk, 0, MIB, 1);
    assert_int_equal(disk.given_up, 0);
}

static void a_size_that_is_refused_is_not_tried_again(void **state)
{
    (void)state;
    struct disk disk = {.largest = 65536};
    fetch(&disk, 0, MIB, 1);
    assert_int_equal(disk.given_up, 0);
    assert_int_equal(disk.requests, 4 + 16);
}

static void a_dying_disk_is_not_read_sector_by_sector_for_hours(void **state)
{
    (void)state;
    struct disk disk = {.bad_start = MIB / 4, .bad_end = MIB, .seconds_a_failure = 8};
    fetch(&disk, 0, MIB, 1);
    assert_in_range(disk.given_up, MIB * 3 / 4, MIB * 3 / 4 + 65536);
    assert_in_range(disk.now_ms, 60000, 300000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_whole_disk_is_asked_once),
        cmocka_unit_test(only_the_sector_that_is_bad_is_given_up),
        cmocka_unit_test(the_servers_smallest_block_is_kept),
        cmocka_unit_test(the_last_odd_bytes_of_a_disk_are_a_range_too),
        cmocka_unit_test(an_error_that_passes_costs_nothing),
        cmocka_unit_test(a_size_that_is_refused_is_not_tried_again),
        cmocka_unit_test(a_dying_disk_is_not_read_sector_by_sector_for_hours),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
