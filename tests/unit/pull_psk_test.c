/* Files of keys that both sides know. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "nbd/psk.h"

static void has(const char *text, const char *identity, const char *name, unsigned length, unsigned char first)
{
    struct psk psk;
    struct error err = {0};
    if (psk_find(text, identity, &psk, &err) < 0)
        fail_msg("%s", err.message);
    assert_string_equal(psk.identity, name);
    assert_int_equal(psk.key_length, length);
    assert_int_equal(psk.key[0], first);
}

/* And never with a word of the key in the message. */
static void lacks(const char *text, const char *identity, const char *why)
{
    struct psk psk;
    struct error err = {0};
    assert_int_equal(psk_find(text, identity, &psk, &err), -1);
    if (!strstr(err.message, why) || strstr(err.message, "5ec7e7"))
        fail_msg("\"%s\" does not say \"%s\"", err.message, why);
}

static void a_key_is_found_by_its_name(void **state)
{
    (void)state;
    has("alice:0a0b0c\nbob:ff\n", "bob", "bob", 1, 0xff);
    has("alice:0a0b0c\nbob:ff", "alice", "alice", 3, 10);
    has("# alice:01\n\nalice:0A\r\n", "alice", "alice", 1, 10);
}

static void the_only_key_needs_no_name(void **state)
{
    (void)state;
    has("alice:0a0b0c\n", NULL, "alice", 3, 10);
    lacks("alice:0a\nbob:ff\n", NULL, "it has 2 keys");
    lacks("", NULL, "no line IDENTITY:KEY");
    lacks("no colon here\n", NULL, "no line IDENTITY:KEY");
}

static void what_is_no_key_is_refused_without_being_shown(void **state)
{
    (void)state;
    char long_key[300] = "alice:", long_name[300];
    lacks("alice:0a\n", "bob", "no key of the name \"bob\"");
    lacks("alice:0a\nalice:0b\n", "alice", "several keys of the name");
    lacks("alice:5ec7e7x", NULL, "the key of \"alice\" is not 1 to 64 bytes");
    lacks("alice:5ec7e7f", NULL, "the key of \"alice\"");
    lacks("alice:\n", NULL, "the key of \"alice\"");
    memset(long_key + 6, '1', 130);
    lacks(long_key, NULL, "the key of \"alice\"");
    memset(long_name, 'n', 200);
    strcpy(long_name + 200, ":00");
    lacks(long_name, NULL, "an identity is longer than 128 bytes");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key_is_found_by_its_name),
        cmocka_unit_test(the_only_key_needs_no_name),
        cmocka_unit_test(what_is_no_key_is_refused_without_being_shown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
