/* Whether what can be read of a source's ends is enough to know it again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "pull/identity.h"

static void set(struct identity *identity, unsigned part, uint32_t digest)
{
    put_le32(identity->bytes + part * IDENTITY_PART_BYTES, digest);
}

static struct identity whole(void)
{
    struct identity identity;
    for (unsigned part = 0; part < IDENTITY_PARTS; part++)
        set(&identity, part, part + 1);
    return identity;
}

static void a_part_that_cannot_be_read_says_nothing(void **state)
{
    (void)state;
    struct identity then = whole(), now = whole();
    assert_int_equal(identity_compare(&then, &now), IDENTITY_SAME);
    set(&then, 3, 0);
    set(&now, 19, 0);
    assert_int_equal(identity_compare(&then, &now), IDENTITY_SAME);
    set(&now, 0, 99);
    assert_int_equal(identity_compare(&then, &now), IDENTITY_OTHER);
}

static void half_of_the_parts_are_too_little(void **state)
{
    (void)state;
    struct identity then = whole(), now = whole();
    for (unsigned part = 0; part < IDENTITY_PARTS / 2 - 1; part++)
        set(part % 2 ? &then : &now, part, 0);
    assert_int_equal(identity_compare(&then, &now), IDENTITY_SAME);
    set(&now, IDENTITY_PARTS - 1, 0);
    assert_int_equal(identity_compare(&then, &now), IDENTITY_UNKNOWN);
    set(&now, IDENTITY_PARTS - 2, 99);
    assert_int_equal(identity_compare(&then, &now), IDENTITY_OTHER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_part_that_cannot_be_read_says_nothing),
        cmocka_unit_test(half_of_the_parts_are_too_little),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
