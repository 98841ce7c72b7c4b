/* Which URIs are sources and what their settings are, and what an image is taken for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "source/format.h"
#include "source/source.h"
#include "source/uri.h"

static void same(const char *is, const char *expected)
{
    if (expected ? !string_is(is, expected) : is != NULL)
        fail_msg("%s instead of %s", is ? is : "NULL", expected ? expected : "NULL");
}

static void parses(const char *text, enum scheme scheme, const char *user, const char *host, const char *port, const char *path, const char *query)
{
    cleanup_source_uri struct source_uri uri;
    struct error err = {0};
    if (source_uri_parse(text, &uri, &err) < 0)
        fail_msg("%s: %s", text, err.message);
    assert_int_equal(uri.scheme, scheme);
    same(uri.user, user);
    same(uri.host, host);
    same(uri.port, port);
    same(uri.path, path);
    same(uri.query, query);
}

static void refuses(const char *text, const char *why)
{
    struct error err = {0};
    assert_int_equal(source_check(text, &err), -1);
    if (!strstr(err.message, why) || !*err.advice)
        fail_msg("%s: \"%s\" does not say \"%s\", or there is no advice", text, err.message, why);
}

static void each_scheme_has_its_parts(void **state)
{
    (void)state;
    parses("file:disk.img", SCHEME_FILE, NULL, NULL, NULL, "disk.img", NULL);
    parses("file:///a%20b/disk%23.img", SCHEME_FILE, NULL, NULL, NULL, "/a b/disk#.img", NULL);
    parses("file:/a?b", SCHEME_FILE, NULL, NULL, NULL, "/a?b", NULL);
    parses("https://root@esx1:8443/folder/a%20b/b-flat.vmdk?dcPath=x&dsName=y", SCHEME_HTTPS, "root", "esx1", "8443", "/folder/a b/b-flat.vmdk", "?dcPath=x&dsName=y");
    parses("http://[2001:db8::1]:80/x", SCHEME_HTTP, NULL, "2001:db8::1", "80", "/x", NULL);
    parses("iscsi://h/iqn.2026-11.org.example:web/1", SCHEME_ISCSI, NULL, "h", NULL, "/iqn.2026-11.org.example:web/1", NULL);
    parses("ssh://DOM%5Cme@h/var/lib/x", SCHEME_SSH, "DOM\\me", "h", NULL, "/var/lib/x", NULL);
}

static void settings_stand_behind_the_hash(void **state)
{
    (void)state;
    cleanup_source_uri struct source_uri uri;
    struct error err = {0};
    assert_int_equal(source_uri_parse("https://h/x?a=b#format=qcow2&password-file=/a%26b&fingerprint=AA:bb", &uri, &err), 0);
    same(uri.query, "?a=b");
    same(uri.settings[SETTING_FORMAT], "qcow2");
    same(uri.settings[SETTING_PASSWORD_FILE], "/a&b");
    same(uri.settings[SETTING_FINGERPRINT], "AA:bb");
    same(uri.settings[SETTING_CAINFO], NULL);
}

static void what_is_wrong_with_a_uri_is_said(void **state)
{
    (void)state;
    refuses("10.0.0.1", "this is no source");
    refuses("ftp://h/x", "this is no source");
    refuses("https:///x", "the host is missing");
    refuses("https://h", "the path is missing");
    refuses("iscsi://h?x", "the path is missing");
    refuses("https://-oProxyCommand=x/y", "is no host");
    refuses("ssh://h;x/y", "is no host");
    refuses("ssh://[::1/y", "the ] of the address is missing");
    refuses("ssh://h:0/y", "is no port number");
    refuses("ssh://h/a%zz", "broken % escape");
    refuses("ssh://h/a%0ab", "control characters");
    refuses("ssh://h/a b", "blanks");
    refuses("https://h/x#pasword-file=/x", "the nearest is \"password-file\"");
    refuses("https://h/x#format=", "has no value");
    refuses("https://h/x#format=raw&format=vmdk", "given twice");
    refuses("https://h/x#known-hosts=/x", "means nothing for https://");
    refuses("https://root:hunter2@h/x", "a password in a URI");
}

static void a_password_in_a_uri_is_not_repeated(void **state)
{
    (void)state;
    struct error err = {0};
    assert_int_equal(source_check("ssh://root:hunter2@h/x", &err), -1);
    assert_null(strstr(err.message, "hunter2"));
    assert_null(strstr(err.advice, "hunter2"));
    assert_non_null(strstr(err.advice, "password-file"));
}

static void what_needs_no_network_is_known(void **state)
{
    (void)state;
    assert_true(source_is_local("file:/x"));
    assert_true(source_is_local("nbd+unix:///?socket=/x"));
    assert_true(source_is_local("https://127.0.0.1/x"));
    assert_true(source_is_local("nbd://localhost:10810/x"));
    assert_false(source_is_local("nbd://192.0.2.1"));
    assert_false(source_is_local("ssh://127.example.org/x"));
}

static void chosen(const char *path, const char *wanted, const char *head, const char *tail, enum format expected)
{
    struct format_ends ends = {0};
    struct error err = {0};
    enum format format;
    memcpy(ends.head, head, strlen(head));
    memcpy(ends.tail, tail, strlen(tail));
    if (format_choose(path, wanted, &ends, &format, &err) < 0)
        fail_msg("%s: %s", path, err.message);
    assert_int_equal(format, expected);
}

static void not_chosen(const char *path, const char *wanted, const char *head, const char *why)
{
    struct format_ends ends = {0};
    struct error err = {0};
    enum format format;
    memcpy(ends.head, head, strlen(head));
    assert_int_equal(format_choose(path, wanted, &ends, &format, &err), -1);
    if (!strstr(err.message, why))
        fail_msg("%s: \"%s\" does not say \"%s\"", path, err.message, why);
}

static void name_and_content_decide_together(void **state)
{
    (void)state;
    chosen("/a/web.img", NULL, "\xeb\x63\x90", "", FORMAT_RAW);
    chosen("/dev/vg/web", NULL, "", "", FORMAT_RAW);
    chosen("/a/web.QCOW2", NULL, "QFI\xfb", "", FORMAT_QCOW2);
    chosen("/a/web.vmdk", NULL, "# Disk DescriptorFile", "", FORMAT_VMDK);
    chosen("/a/web-flat.vmdk", NULL, "\xeb\x63\x90", "", FORMAT_RAW);
    chosen("/a/web.vhd", NULL, "\xeb\x63\x90", "conectix", FORMAT_VHD);
    chosen("/a/web", "qcow2", "QFI\xfb", "", FORMAT_QCOW2);
    chosen("/a/web.qcow2", "raw", "QFI\xfb", "", FORMAT_RAW);
    not_chosen("/a/web.raw", NULL, "QFI\xfb", "begins as a qcow2 image");
    not_chosen("/dev/vg/web", NULL, "vhdxfile", "begins as a vhdx image");
    not_chosen("/a/web.vmdk", NULL, "QFI\xfb", "begins as a qcow2 image");
    not_chosen("/a/web.vdi", NULL, "", "named as a vdi image");
    not_chosen("/a/web.img", "vhd", "", "is no vhd image");
    not_chosen("/a/web-s002.vmdk", NULL, "KDMV", "one part of a disk");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_scheme_has_its_parts),
        cmocka_unit_test(settings_stand_behind_the_hash),
        cmocka_unit_test(what_is_wrong_with_a_uri_is_said),
        cmocka_unit_test(a_password_in_a_uri_is_not_repeated),
        cmocka_unit_test(what_needs_no_network_is_known),
        cmocka_unit_test(name_and_content_decide_together),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
