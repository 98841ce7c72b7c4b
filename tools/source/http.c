/* https:// and http://: nbdkit's curl plugin reads ranges of the file, over several connections, and asks again when one is lost. */
#include <stdlib.h>
#include <string.h>

#include "../base/cleanup.h"
#include "../base/fingerprint.h"
#include "pin.h"
#include "probe.h"
#include "secret.h"
#include "transport.h"

static char *authority(const char *host, const char *port)
{
    const char *format = strchr(host, ':') ? "[%s]%s%s" : "%s%s%s";
    return checked_printf(format, host, port ? ":" : "", port ? port : "");
}

static void add_url(const struct source_uri *uri, const char *scheme, struct strings *options)
{
    cleanup_free char *where = authority(uri->host, uri->port);
    cleanup_free char *url = checked_printf("%s://%s%s%s", scheme, where, uri->raw_path, uri->query ? uri->query : "");
    adapter_option(options, "url", url);
}

/* curl knows no pinned certificates: it would look at the name in it and at its date, which mean nothing when this very one is known. So TLS is ours,
 * and curl speaks in the clear to a socket in the source's own folder. */
static int add_pinned(const struct source_uri *uri, struct source *source, struct strings *options, struct error *err)
{
    const char *fingerprint = uri->settings[SETTING_FINGERPRINT];
    unsigned char digest[FINGERPRINT_BYTES];
    if (!fingerprint_parse(fingerprint, digest)) {
        error_set(err, "\"%.200s\" is no SHA-256 fingerprint of a certificate", fingerprint);
        return error_advise(err, "It is 32 bytes in hexadecimal, with or without colons and \"SHA256:\" before them.");
    }
    if (pin_relay_open(uri, source->directory, &source->relay, err) < 0)
        return -1;
    adapter_option(options, "unix-socket-path", source->relay.socket);
    add_url(uri, "http", options);
    return 0;
}

/* No redirection leads to another kind of place. */
static int add_common(const struct source_uri *uri, struct source *source, struct strings *options, struct error *err)
{
    bool is_secure = uri->scheme == SCHEME_HTTPS, is_pinned = uri->settings[SETTING_FINGERPRINT];
    strings_add(options, "curl");
    adapter_option(options, "protocols", is_pinned ? "http" : is_secure ? "https" : "http,https");
    if (is_pinned)
        return add_pinned(uri, source, options, err);
    adapter_option(options, "cainfo", uri->settings[SETTING_CAINFO]);
    add_url(uri, is_secure ? "https" : "http", options);
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
    if (add_common(uri, source, &source->reach, err) < 0 || add_password(uri, secrets, &source->reach, &source->secret_fd, err) < 0)
        return -1;
    struct adapter_command command = {.directory = source->directory, .name = "transport", .options = &source->reach, .secret_fd = source->secret_fd};
    return probe_start_patient(&command, &source->transport, err);
}
