/* See uri.h. */
#include "uri.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "../base/cleanup.h"
#include "../base/text.h"
#include "source.h"

#define BIT(setting) (1u << (setting))

static const struct {
    const char *prefix;
    unsigned settings; /* that mean something there */
} schemes[SCHEME_COUNT] = {
    [SCHEME_FILE] = {"file:", BIT(SETTING_FORMAT)},
    [SCHEME_HTTP] = {"http://", BIT(SETTING_FORMAT) | BIT(SETTING_PASSWORD_FILE)},
    [SCHEME_HTTPS] = {"https://", BIT(SETTING_FORMAT) | BIT(SETTING_PASSWORD_FILE) | BIT(SETTING_FINGERPRINT) | BIT(SETTING_CAINFO)},
    [SCHEME_SSH] = {"ssh://", BIT(SETTING_FORMAT) | BIT(SETTING_PASSWORD_FILE) | BIT(SETTING_FINGERPRINT) | BIT(SETTING_KNOWN_HOSTS) | BIT(SETTING_IDENTITY)},
    [SCHEME_NFS] = {"nfs://", BIT(SETTING_FORMAT)},
    [SCHEME_SMB] = {"smb://", BIT(SETTING_FORMAT) | BIT(SETTING_PASSWORD_FILE)},
    [SCHEME_ISCSI] = {"iscsi://", BIT(SETTING_FORMAT) | BIT(SETTING_PASSWORD_FILE)},
};

static const char *const setting_names[SETTING_COUNT] = {
    [SETTING_FORMAT] = "format", [SETTING_PASSWORD_FILE] = "password-file", [SETTING_FINGERPRINT] = "fingerprint",
    [SETTING_CAINFO] = "cainfo", [SETTING_KNOWN_HOSTS] = "known-hosts", [SETTING_IDENTITY] = "identity",
};

static int decode(const char *text, size_t length, const char *what, char **decoded, struct error *err)
{
    *decoded = string_percent_decode(text, length);
    if (!*decoded)
        return error_set(err, "the %s has a broken %% escape", what);
    for (const char *at = *decoded; *at; at++)
        if (iscntrl((unsigned char)*at))
            return error_set(err, "the %s holds control characters", what);
    return 0;
}

static int say_unknown_setting(const char *name, size_t length, struct error *err)
{
    cleanup_free char *copy = checked_copy_bytes(name, length);
    size_t nearest = 0;
    for (size_t i = 1; i < SETTING_COUNT; i++)
        if (edit_distance(copy, setting_names[i]) < edit_distance(copy, setting_names[nearest]))
            nearest = i;
    error_set(err, "behind the # there is no setting \"%.64s\"; the nearest is \"%s\"", copy, setting_names[nearest]);
    return error_advise(err, "A # that belongs to the name of a file is written %%23.");
}

/* NAME=VALUE */
static int take_setting(struct source_uri *uri, const char *text, size_t length, struct error *err)
{
    const char *equals = memchr(text, '=', length);
    size_t name_length = equals ? (size_t)(equals - text) : length, index = 0;
    while (index < SETTING_COUNT && (strlen(setting_names[index]) != name_length || strncmp(text, setting_names[index], name_length) != 0))
        index++;
    if (index == SETTING_COUNT)
        return say_unknown_setting(text, name_length, err);
    if (!(schemes[uri->scheme].settings & BIT(index)))
        return error_set(err, "the setting \"%s\" means nothing for %s", setting_names[index], schemes[uri->scheme].prefix);
    if (!equals || equals + 1 == text + length)
        return error_set(err, "the setting \"%s\" has no value", setting_names[index]);
    if (uri->settings[index])
        return error_set(err, "the setting \"%s\" is given twice; which one holds?", setting_names[index]);
    return decode(equals + 1, length - name_length - 1, setting_names[index], &uri->settings[index], err);
}

static int take_settings(struct source_uri *uri, const char *text, struct error *err)
{
    while (*text) {
        size_t length = strcspn(text, "&");
        if (take_setting(uri, text, length, err) < 0)
            return -1;
        text += length + (text[length] == '&');
    }
    return 0;
}

static int take_user(struct source_uri *uri, const char *text, size_t length, struct error *err)
{
    if (memchr(text, ':', length)) {
        error_set(err, "a password in a URI can be read by everybody on this machine");
        return error_advise(err, "Put it into a file, and name that: %sUSER@HOST/…#password-file=FILE.", schemes[uri->scheme].prefix);
    }
    if (!length)
        return error_set(err, "the user's name in front of the @ is missing");
    return decode(text, length, "user's name", &uri->user, err);
}

static int take_port(struct source_uri *uri, const char *text, size_t length, struct error *err)
{
    uri->port = checked_copy_bytes(text, length);
    char *end;
    unsigned long number = strtoul(uri->port, &end, 10);
    if (!isdigit((unsigned char)*uri->port) || *end || number == 0 || number > 65535)
        return error_set(err, "\"%s\" is no port number", uri->port);
    return 0;
}

/* HOST, HOST:PORT, [ADDRESS] or [ADDRESS]:PORT. What may stand in a host is little: it goes to programs' command lines. */
static int take_host(struct source_uri *uri, const char *text, size_t length, struct error *err)
{
    bool bracketed = length && *text == '[';
    const char *end = text + length, *host = text + bracketed, *host_end = memchr(host, bracketed ? ']' : ':', (size_t)(end - host));
    if (bracketed && !host_end)
        return error_set(err, "the ] of the address is missing");
    host_end = host_end ? host_end : end;
    const char *colon = host_end + (bracketed && host_end < end);
    uri->host = checked_copy_bytes(host, (size_t)(host_end - host));
    if (!*uri->host)
        return error_set(err, "the host is missing");
    for (const char *at = uri->host; *at; at++)
        if (!isalnum((unsigned char)*at) && !strchr(bracketed ? ":.%" : ".-_", *at))
            return error_set(err, "\"%s\" is no host", uri->host);
    if (*uri->host == '-')
        return error_set(err, "\"%s\" is no host", uri->host);
    if (colon == end)
        return 0;
    return *colon == ':' ? take_port(uri, colon + 1, (size_t)(end - colon - 1), err) : error_set(err, "after the address only :PORT may stand");
}

/* [USER@]HOST[:PORT] */
static int take_authority(struct source_uri *uri, const char *text, size_t length, struct error *err)
{
    const char *at = memrchr(text, '@', length);
    if (at && take_user(uri, text, (size_t)(at - text), err) < 0)
        return -1;
    const char *host = at ? at + 1 : text;
    return take_host(uri, host, (size_t)(text + length - host), err);
}

static int take_path(struct source_uri *uri, const char *text, size_t length, struct error *err)
{
    bool has_query = uri->scheme == SCHEME_HTTP || uri->scheme == SCHEME_HTTPS;
    const char *query = has_query ? memchr(text, '?', length) : NULL;
    size_t path_length = query ? (size_t)(query - text) : length;
    uri->query = query ? checked_copy_bytes(query, length - path_length) : NULL;
    uri->raw_path = checked_copy_bytes(text, path_length);
    if (decode(text, path_length, "path", &uri->path, err) < 0)
        return -1;
    bool whole = uri->scheme == SCHEME_FILE ? *uri->path != '\0' : *uri->path == '/' && uri->path[1];
    return whole ? 0 : error_set(err, "the path is missing");
}

static int parse(const char *text, struct source_uri *uri, struct error *err)
{
    size_t scheme = 0;
    while (scheme < SCHEME_COUNT && !string_starts(text, schemes[scheme].prefix))
        scheme++;
    if (scheme == SCHEME_COUNT)
        return error_set(err, "this is no source that rehost can read");
    uri->scheme = (enum scheme)scheme;
    const char *rest = text + strlen(schemes[scheme].prefix);
    size_t length = strcspn(rest, "#");
    if (rest[length] && take_settings(uri, rest + length + 1, err) < 0)
        return -1;
    if (scheme == SCHEME_FILE) {
        size_t slashes = string_starts(rest, "///") ? 2 : 0; /* file:///PATH is file:/PATH */
        return take_path(uri, rest + slashes, length - slashes, err);
    }
    size_t authority = strcspn(rest, "/?#");
    if (take_authority(uri, rest, authority, err) < 0)
        return -1;
    return take_path(uri, rest + authority, length - authority, err);
}

int source_uri_parse(const char *text, struct source_uri *uri, struct error *err)
{
    *uri = (struct source_uri){0};
    if (parse(text, uri, err) == 0)
        return 0;
    source_uri_free(uri);
    const char *shown = strchr(text, '@') && strchr(text, ':') < strchr(text, '@') ? "the source" : text; /* it may hold a password */
    error_prefix(err, "%.200s", shown);
    return error_advise(err, "A source is %s.", SOURCE_FORMS);
}

void source_uri_free(struct source_uri *uri)
{
    free(uri->user);
    free(uri->host);
    free(uri->port);
    free(uri->path);
    free(uri->query);
    free(uri->raw_path);
    for (size_t i = 0; i < SETTING_COUNT; i++)
        free(uri->settings[i]);
    *uri = (struct source_uri){0};
}
