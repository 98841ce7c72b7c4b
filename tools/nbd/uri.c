/* See uri.h. The syntax is that of the NBD project's doc/uri.md. */
#include "uri.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "../base/cleanup.h"
#include "../base/fingerprint.h"
#include "../base/text.h"

#define FORMS "nbd://HOST[:PORT][/EXPORT] or nbd+unix:///EXPORT?socket=PATH, with nbds in place of nbd for TLS (rehost-pull(1))"

static int take_export(struct nbd_uri *uri, const char *path, size_t length, struct error *err)
{
    if (length && *path == '/')
        path++, length--;
    uri->export_name = string_percent_decode(path, length);
    if (!uri->export_name)
        return error_set(err, "the export name has a broken %% escape");
    if (strlen(uri->export_name) > NBD_EXPORT_NAME_MAX)
        return error_set(err, "the export name is longer than %d bytes", NBD_EXPORT_NAME_MAX);
    return 0;
}

static int take_port(struct nbd_uri *uri, const char *port, size_t length, struct error *err)
{
    uri->port = length ? checked_copy_bytes(port, length) : checked_copy(NBD_PORT);
    char *end;
    unsigned long number = strtoul(uri->port, &end, 10);
    if (!isdigit((unsigned char)*uri->port) || *end || number == 0 || number > 65535)
        return error_set(err, "\"%s\" is no port number", uri->port);
    return 0;
}

/* IDENTITY@, the name of a key. Returns what follows it, or NULL. */
static const char *take_identity(struct nbd_uri *uri, const char *text, size_t length, struct error *err)
{
    const char *at = memchr(text, '@', length);
    if (!at)
        return text;
    uri->identity = string_percent_decode(text, (size_t)(at - text));
    if (!uri->tls)
        error_set(err, "a user name has no meaning without TLS");
    else if (!uri->identity || !*uri->identity)
        error_set(err, "the identity before the @ is empty or has a broken %% escape");
    else if (strchr(uri->identity, ':'))
        error_set(err, "a key stands in a file and never in the URI: write IDENTITY@ and ?tls-psk-file=FILE");
    else
        return at + 1;
    return NULL;
}

/* HOST, HOST:PORT, [ADDRESS] or [ADDRESS]:PORT */
static int take_host(struct nbd_uri *uri, const char *host, const char *end, struct error *err)
{
    const char *host_end, *colon;
    if (*host == '[') {
        host++;
        host_end = memchr(host, ']', (size_t)(end - host));
        if (!host_end)
            return error_set(err, "the ] of the address is missing");
        colon = host_end + 1;
    } else {
        colon = host + strcspn(host, ":@/?#");
        host_end = colon;
    }
    if (host_end == host)
        return error_set(err, "the host is missing");
    if (colon < end && *colon != ':')
        return error_set(err, "after the address only :PORT may stand");
    uri->host = checked_copy_bytes(host, (size_t)(host_end - host));
    return take_port(uri, colon + 1, colon < end ? (size_t)(end - colon - 1) : 0, err);
}

/* Where the value of one of the settings goes, or NULL. */
static char **find_setting(struct nbd_uri *uri, bool is_unix, const char *name, size_t length)
{
    const struct { const char *name; char **value; bool is_known; } settings[] = {
        {"socket", &uri->socket, is_unix},
        {"tls-psk-file", &uri->psk_file, uri->tls},
        {"tls-certificates", &uri->certificates, uri->tls},
        {"tls-fingerprint", &uri->fingerprint, uri->tls},
    };
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++)
        if (settings[i].is_known && strlen(settings[i].name) == length && memcmp(settings[i].name, name, length) == 0)
            return settings[i].value;
    return NULL;
}

/* NAME=VALUE, of which each name stands once. */
static int take_setting(struct nbd_uri *uri, bool is_unix, const char *text, size_t length, struct error *err)
{
    const char *equals = memchr(text, '=', length);
    size_t name_length = equals ? (size_t)(equals - text) : length;
    char **value = find_setting(uri, is_unix, text, name_length);
    if (!value && !uri->tls && string_starts(text, "tls-"))
        return error_set(err, "\"%.*s\" asks for TLS: write nbds", (int)length, text);
    if (!value)
        return error_set(err, "\"%.*s\" is not understood", (int)length, text);
    if (*value)
        return error_set(err, "%.*s stands there twice", (int)name_length, text);
    *value = equals ? string_percent_decode(equals + 1, length - name_length - 1) : NULL;
    if (!*value || !**value)
        return error_set(err, "the value of %.*s is empty or has a broken %% escape", (int)name_length, text);
    return 0;
}

static int take_settings(struct nbd_uri *uri, bool is_unix, const char *text, struct error *err)
{
    if (*text == '#' || strchr(text, '#'))
        return error_set(err, "\"%s\" is not understood", strchr(text, '#'));
    for (; *text; text += strcspn(text, "&")) {
        text++; /* the ? or the & */
        if (take_setting(uri, is_unix, text, strcspn(text, "&"), err) < 0)
            return -1;
    }
    return 0;
}

static int check_socket(const struct nbd_uri *uri, struct error *err)
{
    if (!uri->socket)
        return error_set(err, "?socket=PATH is missing");
    if (strlen(uri->socket) >= sizeof ((struct sockaddr_un *)0)->sun_path)
        return error_set(err, "the socket's path is too long for a Unix socket");
    return 0;
}

static int check_tls(const struct nbd_uri *uri, struct error *err)
{
    unsigned char digest[FINGERPRINT_BYTES];
    if (uri->identity && !uri->psk_file)
        return error_set(err, "%s@ is the name of a key: ?tls-psk-file=FILE is missing", uri->identity);
    if (uri->psk_file && (uri->certificates || uri->fingerprint))
        return error_set(err, "it is either a key that both sides know (tls-psk-file) or certificates, not both");
    if (uri->fingerprint && !fingerprint_parse(uri->fingerprint, digest))
        return error_set(err, "\"%s\" is no SHA-256 fingerprint: 32 bytes in hexadecimal are needed, with or without colons", uri->fingerprint);
    return 0;
}

/* What stands behind the ://, for both kinds of address. */
static int parse_rest(struct nbd_uri *uri, bool is_unix, const char *rest, struct error *err)
{
    size_t authority = strcspn(rest, "/?#"), path = strcspn(rest + authority, "?#");
    const char *end = rest + authority, *host = take_identity(uri, rest, authority, err);
    if (!host)
        return -1;
    if (is_unix && host < end)
        return error_set(err, "a Unix socket has no host: write nbd+unix:///EXPORT?socket=PATH");
    if (!is_unix && take_host(uri, host, end, err) < 0)
        return -1;
    if (take_settings(uri, is_unix, end + path, err) < 0 || (is_unix && check_socket(uri, err) < 0) || check_tls(uri, err) < 0)
        return -1;
    return take_export(uri, end, path, err);
}

int nbd_uri_parse(const char *text, struct nbd_uri *uri, struct error *err)
{
    static const struct { const char *scheme; bool is_unix, tls; } schemes[] = {
        {"nbd://", false, false}, {"nbds://", false, true}, {"nbd+unix://", true, false}, {"nbds+unix://", true, true},
    };
    *uri = (struct nbd_uri){.text = checked_copy(text)};
    int status = 1;
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes && status > 0; i++)
        if (string_starts(text, schemes[i].scheme)) {
            uri->tls = schemes[i].tls;
            status = parse_rest(uri, schemes[i].is_unix, text + strlen(schemes[i].scheme), err);
        }
    if (status > 0)
        status = error_set(err, "this is no source that rehost can read");
    if (status < 0) {
        error_prefix(err, "%.200s", text); /* what is wrong has to fit behind it */
        error_advise(err, "A source is %s.", FORMS);
        nbd_uri_free(uri);
    }
    return status;
}

void nbd_uri_free(struct nbd_uri *uri)
{
    free(uri->host);
    free(uri->port);
    free(uri->socket);
    free(uri->export_name);
    free(uri->identity);
    free(uri->psk_file);
    free(uri->certificates);
    free(uri->fingerprint);
    free(uri->text);
    *uri = (struct nbd_uri){0};
}
