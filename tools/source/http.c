/* https:// and http://: nbdkit's curl plugin reads ranges of the file, over several connections, and asks again when one is lost. */
#include <stdlib.h>
#include <string.h>

#include "../base/cleanup.h"
#include "pin.h"
#include "probe.h"
#include "secret.h"
#include "transport.h"

static bool is_secure(const struct source_uri *uri)
{
    return uri->scheme == SCHEME_HTTPS;
}

static char *authority(const char *host, const char *port)
{
    const char *format = strchr(host, ':') ? "[%s]%s%s" : "%s%s%s";
    return checked_printf(format, host, port ? ":" : "", port ? port : "");
}

/* The URL under the host's own name, or another. */
static void add_url(const struct source_uri *uri, const char *host, struct strings *options)
{
    cleanup_free char *where = authority(host, uri->port);
    cleanup_free char *url = checked_printf("%s://%s%s%s", is_secure(uri) ? "https" : "http", where, uri->raw_path, uri->query ? uri->query : "");
    adapter_option(options, "url", url);
}

/* The certificate bears another name than the URI's host: that name is asked for, at the host's address. */
static int add_other_name(const struct source_uri *uri, const char *name, struct strings *options, struct error *err)
{
    cleanup_free char *address = transport_address(uri, err);
    if (!address)
        return -1;
    cleanup_free char *resolve = checked_printf("%s:%s:%s", name, uri->port ? uri->port : "443", address);
    cleanup_free char *host = authority(uri->host, uri->port), *header = checked_printf("Host: %s", host);
    add_url(uri, name, options);
    adapter_option(options, "resolve", resolve);
    adapter_option(options, "header", header);
    return 0;
}

static int add_pinned(const struct source_uri *uri, const char *directory, struct strings *options, struct error *err)
{
    struct pinned_certificate pinned;
    int result = pin_certificate(uri, directory, &pinned, err);
    if (result == 0) {
        adapter_option(options, "cainfo", pinned.file);
        if (pinned.name)
            result = add_other_name(uri, pinned.name, options, err);
        else
            add_url(uri, uri->host, options);
    }
    pinned_certificate_free(&pinned);
    return result;
}

/* No redirection leads to another kind of place. */
static int add_common(const struct source_uri *uri, const char *directory, struct strings *options, struct error *err)
{
    strings_add(options, "curl");
    adapter_option(options, "protocols", is_secure(uri) ? "https" : "http,https");
    if (uri->settings[SETTING_FINGERPRINT])
        return add_pinned(uri, directory, options, err);
    adapter_option(options, "cainfo", uri->settings[SETTING_CAINFO]);
    add_url(uri, uri->host, options);
    return 0;
}

static int add_password(const struct source_uri *uri, const struct source_secrets *secrets, struct strings *options, int *fd, struct error *err)
{
    if (!uri->user)
        return 0;
    if (secret_open(uri, secrets, SECRET_NEEDED, fd, err) < 0)
        return -1;
    cleanup_free char *path = secret_path(*fd), *password = checked_printf("+%s", path);
    adapter_option(options, "user", uri->user);
    adapter_option(options, "password", password);
    return 0;
}

int http_open(const struct source_uri *uri, const struct source_secrets *secrets, struct source *source, struct error *err)
{
    source->secret_fd = -1;
    if (add_common(uri, source->directory, &source->reach, err) < 0 || add_password(uri, secrets, &source->reach, &source->secret_fd, err) < 0)
        return -1;
    struct adapter_command command = {.directory = source->directory, .name = "transport", .options = &source->reach, .secret_fd = source->secret_fd};
    return probe_start_patient(&command, &source->transport, err);
}
