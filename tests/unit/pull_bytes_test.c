/* Zeroes are found, and nothing else is taken for zeroes: what is taken for them is not written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"

#define LENGTH 300

static void zeroes_of_any_length_and_place_are_zero(void **state)
{
    (void)state;
    unsigned char bytes[LENGTH + 2];
    for (size_t length = 0; length <= LENGTH; length++) {
        memset(bytes, 0xff, sizeof bytes);
        memset(bytes + 1, 0, length);
        assert_true(bytes_are_zero(bytes + 1, length));
    }
}

static void one_bit_anywhere_is_seen(void **state)
{
    (void)state;
    unsigned char bytes[LENGTH] = {0};
    for (size_t bit = 0; bit < LENGTH * 8; bit++) {
        bytes[bit / 8] = (unsigned char)(1u << (bit % 8));
        assert_false(bytes_are_zero(bytes, sizeof bytes));
        assert_false(bytes_are_zero(bytes, bit / 8 + 1));
        assert_true(bytes_are_zero(bytes, bit / 8));
        bytes[bit / 8] = 0;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(zeroes_of_any_length_and_place_are_zero),
        cmocka_unit_test(one_bit_anywhere_is_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
