/* See uri.h. The syntax is that of the NBD project's doc/uri.md. */
#include "uri.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "../base/cleanup.h"
#include "../base/text.h"

#define FORMS "nbd://HOST[:PORT][/EXPORT] or nbd+unix:///EXPORT?socket=PATH"

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

/* HOST, HOST:PORT, [ADDRESS] or [ADDRESS]:PORT */
static int take_authority(struct nbd_uri *uri, const char *text, size_t length, struct error *err)
{
    if (memchr(text, '@', length))
        return error_set(err, "a user name has no meaning without TLS");
    const char *host = text, *end = text + length, *host_end, *colon;
    if (length && *text == '[') {
        host = text + 1;
        host_end = memchr(host, ']', (size_t)(end - host));
        if (!host_end)
            return error_set(err, "the ] of the address is missing");
        colon = host_end + 1;
    } else {
        colon = memchr(text, ':', length);
        colon = colon ? colon : end;
        host_end = colon;
    }
    if (host_end == host)
        return error_set(err, "the host is missing");
    if (colon < end && *colon != ':')
        return error_set(err, "after the address only :PORT may stand");
    uri->host = checked_copy_bytes(host, (size_t)(host_end - host));
    return take_port(uri, colon + 1, colon < end ? (size_t)(end - colon - 1) : 0, err);
}

static int parse_tcp(struct nbd_uri *uri, const char *rest, struct error *err)
{
    size_t authority = strcspn(rest, "/?#"), path = strcspn(rest + authority, "?#");
    if (rest[authority + path])
        return error_set(err, "\"%s\" is not understood", rest + authority + path);
    if (take_authority(uri, rest, authority, err) < 0)
        return -1;
    return take_export(uri, rest + authority, path, err);
}

static int parse_unix(struct nbd_uri *uri, const char *rest, struct error *err)
{
    size_t path = strcspn(rest, "?#");
    if (!string_starts(rest + path, "?socket="))
        return error_set(err, "?socket=PATH is missing");
    const char *socket = rest + path + strlen("?socket=");
    if (strchr(socket, '&') || strchr(socket, '#'))
        return error_set(err, "nothing may follow the socket's path");
    uri->socket = string_percent_decode(socket, strlen(socket));
    if (!uri->socket || !*uri->socket)
        return error_set(err, "the socket's path is empty or has a broken %% escape");
    if (strlen(uri->socket) >= sizeof ((struct sockaddr_un *)0)->sun_path)
        return error_set(err, "the socket's path is too long for a Unix socket");
    if (path && *rest != '/')
        return error_set(err, "a Unix socket has no host: write nbd+unix:///EXPORT?socket=PATH");
    return take_export(uri, rest, path, err);
}

int nbd_uri_parse(const char *text, struct nbd_uri *uri, struct error *err)
{
    *uri = (struct nbd_uri){.text = checked_copy(text)};
    int status;
    if (string_starts(text, "nbd://"))
        status = parse_tcp(uri, text + strlen("nbd://"), err);
    else if (string_starts(text, "nbd+unix://"))
        status = parse_unix(uri, text + strlen("nbd+unix://"), err);
    else if (string_starts(text, "nbds"))
        status = error_set(err, "NBD over TLS is not supported by this version");
    else
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
    free(uri->text);
    *uri = (struct nbd_uri){0};
}
