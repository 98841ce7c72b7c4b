/* Digests of what was received: in any order and in any pieces the same, and different for whatever else stands there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "pull/target/journal.h"
#include "pull/verify/digests.h"

static const unsigned char key[DIGEST_KEY_BYTES] = "0123456789abcdef";

static unsigned char *noise(size_t length)
{
    unsigned char *bytes = checked_alloc(length);
    srand(3);
    for (size_t i = 0; i < length; i++)
        bytes[i] = (unsigned char)(rand() >> 7);
    return bytes;
}

static void order_and_pieces_do_not_matter(void **state)
{
    (void)state;
    struct digests digests;
    unsigned char *bytes = noise(MIB);
    memset(bytes + 70 * 512, 0, 512 * 200);
    digests_open(&digests, 10, key);
    uint64_t whole = digests_sum(&digests, 5 * MIB, bytes, MIB), parts = 0;
    parts += digests_sum(&digests, 5 * MIB + 270 * 512, bytes + 270 * 512, MIB - 270 * 512);
    parts += digests_sum(&digests, 5 * MIB, bytes, 70 * 512); /* what is zero was never sent */
    assert_int_equal(whole, parts);
    free(bytes);
    digests_free(&digests);
}

static void every_change_is_seen(void **state)
{
    (void)state;
    struct digests digests, other;
    unsigned char *bytes = noise(65536), sector[512];
    digests_open(&digests, 10, key);
    digests_open(&other, 10, (const unsigned char *)"another key 1234");
    uint64_t right = digests_sum(&digests, 0, bytes, 65536);
    assert_int_not_equal(right, digests_sum(&other, 0, bytes, 65536));
    assert_int_not_equal(right, digests_sum(&digests, 65536, bytes, 65536)); /* another place */
    for (size_t at = 0; at < 65536; at += 61) {
        bytes[at] ^= 1;
        assert_int_not_equal(right, digests_sum(&digests, 0, bytes, 65536));
        bytes[at] ^= 1;
    }
    memcpy(sector, bytes + 512, 512); /* two sectors that changed places */
    memcpy(bytes + 512, bytes + 1024, 512);
    memcpy(bytes + 1024, sector, 512);
    assert_int_not_equal(right, digests_sum(&digests, 0, bytes, 65536));
    free(bytes);
    digests_free(&digests);
    digests_free(&other);
}

static void only_what_is_in_use_counts(void **state)
{
    (void)state;
    struct digests digests;
    struct extent items[] = {{1000, 4096}, {8192, 9000}};
    struct extents in_use = {.items = items, .count = 2};
    unsigned char *bytes = noise(65536);
    uint64_t sum = 0;
    digests_open(&digests, 10, key);
    assert_true(digests_sum_in(&digests, &in_use, 0, bytes, 65536, &sum));
    assert_int_equal(sum, digests_sum(&digests, 1024, bytes + 1024, 4096 - 1024) + digests_sum(&digests, 8192, bytes + 8192, 512));
    assert_false(digests_sum_in(&digests, &in_use, 1500, bytes, 1000, &sum)); /* a piece that cuts sectors */
    assert_true(digests_sum_in(&digests, &in_use, 5000, bytes, 1000, &sum));  /* but not of what is in use */
    free(bytes);
    digests_free(&digests);
}

static void any_disk_fits_the_journal(void **state)
{
    (void)state;
    const uint64_t counts[] = {3, DIGEST_GROUPS_MAX, DIGEST_GROUPS_MAX + 1, 1000000, JOURNAL_CHUNKS_MAX};
    unsigned char *area = checked_alloc(JOURNAL_SLOT_BYTES);
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        struct digests digests, back;
        digests_open(&digests, counts[i], key);
        assert_true(digests.group_count <= DIGEST_GROUPS_MAX && digests.group_count * digests.chunks_per_group >= counts[i]);
        digests_add(&digests, counts[i] - 1, 77, false);
        digests_add(&digests, 0, 5, true);
        size_t length = digests_encode(&digests, area);
        assert_int_equal(digests_decode(area, counts[i], &back), length);
        assert_int_equal(back.sums[back.group_count - 1], 77);
        assert_false(digests_known(&back, back.group_count - 1));
        assert_true(digests_known(&back, 0));
        assert_memory_equal(back.secret, digests.secret, sizeof back.secret);
        digests_free(&back);
        assert_int_equal(digests_decode(area, counts[i] * 3, &back), 0); /* of another disk */
        area[48] ^= 1;
        assert_int_equal(digests_decode(area, counts[i], &back), 0);
        digests_free(&digests);
    }
    free(area);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(order_and_pieces_do_not_matter),
        cmocka_unit_test(every_change_is_seen),
        cmocka_unit_test(only_what_is_in_use_counts),
        cmocka_unit_test(any_disk_fits_the_journal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
