/* Which URIs are sources, and what they mean. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/fingerprint.h"
#include "base/text.h"
#include "nbd/uri.h"

static void means(const char *text, const char *host, const char *port, const char *socket, const char *export_name)
{
    struct nbd_uri uri;
    struct error err = {0};
    if (nbd_uri_parse(text, &uri, &err) < 0)
        fail_msg("%s: %s", text, err.message);
    assert_true(host ? string_is(uri.host, host) : uri.host == NULL);
    assert_true(port ? string_is(uri.port, port) : uri.port == NULL);
    assert_true(socket ? string_is(uri.socket, socket) : uri.socket == NULL);
    assert_string_equal(uri.export_name, export_name);
    assert_string_equal(uri.text, text);
    nbd_uri_free(&uri);
}

static void refused(const char *text, const char *why)
{
    struct nbd_uri uri;
    struct error err = {0};
    assert_int_equal(nbd_uri_parse(text, &uri, &err), -1);
    if (!strstr(err.message, why) || strncmp(err.message, text, strnlen(text, 200)) != 0 || !strstr(err.advice, "nbd://HOST"))
        fail_msg("%s: \"%s\" does not say \"%s\"", text, err.message, why);
    assert_null(uri.text);
}

static void a_host_has_the_standard_port(void **state)
{
    (void)state;
    means("nbd://source", "source", "10809", NULL, "");
    means("nbd://source/", "source", "10809", NULL, "");
    means("nbd://192.0.2.7:13000", "192.0.2.7", "13000", NULL, "");
}

static void an_ipv6_address_stands_in_brackets(void **state)
{
    (void)state;
    means("nbd://[2001:db8::7]", "2001:db8::7", "10809", NULL, "");
    means("nbd://[::1]:13000/disk", "::1", "13000", NULL, "disk");
    refused("nbd://[::1", "] of the address");
    refused("nbd://[::1]13000", "only :PORT");
}

static void an_export_name_is_what_follows_the_first_slash(void **state)
{
    (void)state;
    means("nbd://h/disk", "h", "10809", NULL, "disk");
    means("nbd://h//disk/0", "h", "10809", NULL, "/disk/0");
    means("nbd://h/my%20disk%2f%C3%A4", "h", "10809", NULL, "my disk/\xc3\xa4");
    means("nbd://h/a:b@c", "h", "10809", NULL, "a:b@c");
}

static void a_unix_socket_is_a_path(void **state)
{
    (void)state;
    means("nbd+unix:///?socket=/run/nbd.sock", NULL, NULL, "/run/nbd.sock", "");
    means("nbd+unix://?socket=relative", NULL, NULL, "relative", "");
    means("nbd+unix:///disk?socket=/tmp/a%20b", NULL, NULL, "/tmp/a b", "disk");
}

static void what_is_no_source_is_refused_with_what_would_be(void **state)
{
    (void)state;
    refused("", "no source");
    refused("/dev/sda", "no source");
    refused("http://h/disk.img", "no source");
    refused("nbdx://h", "no source");
    refused("nbd://", "host is missing");
    refused("nbd://:10809", "host is missing");
    refused("nbd://user@h", "user name");
}

static void broken_parts_are_named(void **state)
{
    (void)state;
    refused("nbd://h:0", "\"0\" is no port number");
    refused("nbd://h:65536", "no port number");
    refused("nbd://h:-1", "no port number");
    refused("nbd://h:80x", "no port number");
    refused("nbd://h/a%", "broken %");
    refused("nbd://h/a%2", "broken %");
    refused("nbd://h/a%zz", "broken %");
    refused("nbd://h/a%00b", "broken %");
    refused("nbd://h/a?tls=1", "not understood");
    refused("nbd://h/a#b", "not understood");
    refused("nbd+unix:///disk", "?socket=PATH is missing");
    refused("nbd+unix:///?socket=", "empty");
    refused("nbd+unix:///?socket", "empty");
    refused("nbd+unix:///?socket=/a&b=c", "\"b=c\" is not understood");
    refused("nbd+unix:///?socket=/a&socket=/b", "twice");
    refused("nbd+unix:///?socket=/a#b", "\"#b\" is not understood");
    refused("nbd+unix://host/disk?socket=/a", "has no host");
    refused("nbd://u@v@h", "user name");
    refused("nbds://u@v@h?tls-psk-file=/k", "only :PORT");
}

#define DIGEST "0102030405060708090a0b0c0d0e0f101112131415161718191A1B1C1D1E1F20"

static void secured(const char *text, const char *identity, const char *psk_file, const char *certificates, const char *fingerprint)
{
    struct nbd_uri uri;
    struct error err = {0};
    if (nbd_uri_parse(text, &uri, &err) < 0)
        fail_msg("%s: %s", text, err.message);
    assert_true(uri.tls);
    assert_true(identity ? string_is(uri.identity, identity) : uri.identity == NULL);
    assert_true(psk_file ? string_is(uri.psk_file, psk_file) : uri.psk_file == NULL);
    assert_true(certificates ? string_is(uri.certificates, certificates) : uri.certificates == NULL);
    assert_true(fingerprint ? string_is(uri.fingerprint, fingerprint) : uri.fingerprint == NULL);
    nbd_uri_free(&uri);
}

static void nbds_is_the_same_over_tls(void **state)
{
    (void)state;
    means("nbds://source/disk", "source", "10809", NULL, "disk");
    means("nbds+unix:///disk?socket=/run/nbd.sock", NULL, NULL, "/run/nbd.sock", "disk");
    means("nbds://me@[::1]:13000/disk?tls-psk-file=/k", "::1", "13000", NULL, "disk");
    secured("nbds://source", NULL, NULL, NULL, NULL);
    secured("nbds://a%40b@h/?tls-psk-file=/my%20keys", "a@b", "/my keys", NULL, NULL);
    secured("nbds+unix://me@/?tls-psk-file=keys&socket=/s", "me", "keys", NULL, NULL);
    secured("nbds://h?tls-certificates=/pki&tls-fingerprint=sha256:" DIGEST, NULL, NULL, "/pki", "sha256:" DIGEST);
}

static void what_tls_cannot_be_done_with_is_refused(void **state)
{
    (void)state;
    refused("nbd://h?tls-certificates=/pki", "write nbds");
    refused("nbd://h?socket=/s", "\"socket=/s\" is not understood");
    refused("nbds://h?socket=/s", "\"socket=/s\" is not understood");
    refused("nbds://h?tls-verify-peer=false", "not understood");
    refused("nbds://h?tls-psk-file=", "empty");
    refused("nbds://h?tls-psk-file=/a&tls-psk-file=/b", "twice");
    refused("nbds://me@h", "?tls-psk-file=FILE is missing");
    refused("nbds://@h?tls-psk-file=/k", "identity before the @ is empty");
    refused("nbds://me:0102@h?tls-psk-file=/k", "never in the URI");
    refused("nbds://h?tls-psk-file=/k&tls-certificates=/pki", "not both");
    refused("nbds://h?tls-fingerprint=SHA256:0102", "no SHA-256 fingerprint");
    refused("nbds://h?tls-fingerprint=" DIGEST "00", "no SHA-256 fingerprint");
    refused("nbds+unix://h/?socket=/s", "has no host");
}

static void a_fingerprint_is_read_as_people_copy_it(void **state)
{
    (void)state;
    unsigned char digest[FINGERPRINT_BYTES], again[FINGERPRINT_BYTES];
    assert_true(fingerprint_parse(DIGEST, digest));
    for (unsigned i = 0; i < sizeof digest; i++)
        assert_int_equal(digest[i], i + 1);
    char *text = fingerprint_text(digest);
    assert_int_equal(strncmp(text, "SHA256:01:02:", 13), 0);
    assert_true(fingerprint_parse(text, again));
    assert_memory_equal(digest, again, sizeof digest);
    assert_true(fingerprint_parse(text + 7, again));
    text[strlen(text) - 1] = ':';
    assert_false(fingerprint_parse(text, again));
    assert_false(fingerprint_parse("", again));
    assert_false(fingerprint_parse("SHA1:" DIGEST, again));
    free(text);
}

static void names_that_no_server_takes_are_refused(void **state)
{
    (void)state;
    char longest[5000] = "nbd://h/";
    memset(longest + 8, 'x', 4096);
    means(longest, "h", "10809", NULL, longest + 8);
    memset(longest + 8, 'x', 4097);
    refused(longest, "longer than 4096");
    char path[400] = "nbd+unix:///?socket=";
    memset(path + strlen(path), 'p', 150);
    refused(path, "too long");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_host_has_the_standard_port),
        cmocka_unit_test(an_ipv6_address_stands_in_brackets),
        cmocka_unit_test(an_export_name_is_what_follows_the_first_slash),
        cmocka_unit_test(a_unix_socket_is_a_path),
        cmocka_unit_test(what_is_no_source_is_refused_with_what_would_be),
        cmocka_unit_test(broken_parts_are_named),
        cmocka_unit_test(nbds_is_the_same_over_tls),
        cmocka_unit_test(what_tls_cannot_be_done_with_is_refused),
        cmocka_unit_test(a_fingerprint_is_read_as_people_copy_it),
        cmocka_unit_test(names_that_no_server_takes_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
