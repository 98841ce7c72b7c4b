/* https:// and http://: nbdkit's curl plugin reads ranges of the file, over several connections, and asks again when one is lost. */
#include <stdlib.h>
#include <string.h>

#include "../base/cleanup.h"
#include "secret.h"
#include "transport.h"

static char *url_of(const struct source_uri *uri)
{
    const char *scheme = uri->scheme == SCHEME_HTTPS ? "https" : "http", *format = strchr(uri->host, ':') ? "%s://[%s]%s%s%s%s" : "%s://%s%s%s%s%s";
    return checked_printf(format, scheme, uri->host, uri->port ? ":" : "", uri->port ? uri->port : "", uri->raw_path, uri->query ? uri->query : "");
}

/* 62 seconds of a server that does not answer, before a read fails; and no redirection to another kind of place. */
static void add_common(const struct source_uri *uri, struct strings *options)
{
    cleanup_free char *url = url_of(uri);
    strings_add(options, "--filter=retry");
    strings_add(options, "curl");
    adapter_option(options, "url", url);
    adapter_option(options, "protocols", uri->scheme == SCHEME_HTTPS ? "https" : "http,https");
    adapter_option(options, "retries", "5");
    adapter_option(options, "cainfo", uri->settings[SETTING_CAINFO]);
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
    cleanup_strings struct strings options = {0};
    cleanup_close int secret_fd = -1;
    add_common(uri, &options);
    if (add_password(uri, secrets, &options, &secret_fd, err) < 0)
        return -1;
    struct adapter_command command = {.directory = source->directory, .name = "transport", .options = &options, .secret_fd = secret_fd};
    return adapter_start_nbdkit(&command, &source->transport, err);
}
