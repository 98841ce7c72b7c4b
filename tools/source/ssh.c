/* ssh://: nbdkit's ssh plugin reads the file by SFTP. The host's key has to be known: by the user's known_hosts, by a file that
 * is named, or by its fingerprint. */
#include <stdlib.h>

#include "../base/cleanup.h"
#include "pin.h"
#include "probe.h"
#include "secret.h"
#include "transport.h"

/* A key is offered first, and a password only when there is one. */
static int add_login(const struct source_uri *uri, const struct source_secrets *secrets, struct strings *options, int *fd, struct error *err)
{
    adapter_option(options, "user", uri->user);
    adapter_option(options, "identity", uri->settings[SETTING_IDENTITY]);
    if (uri->settings[SETTING_IDENTITY] && !uri->settings[SETTING_PASSWORD_FILE])
        return 0;
    if (secret_open(uri, secrets, SECRET_IF_GIVEN, fd, err) < 0)
        return -1;
    cleanup_free char *path = *fd >= 0 ? secret_path(*fd) : NULL, *password = path ? checked_printf("+%s", path) : NULL;
    adapter_option(options, "password", password);
    return 0;
}

int ssh_open(const struct source_uri *uri, const struct source_secrets *secrets, struct source *source, struct error *err)
{
    struct strings *options = &source->reach;
    source->secret_fd = -1;
    cleanup_free char *pinned = uri->settings[SETTING_FINGERPRINT] ? pin_host_key(uri, source->directory, err) : NULL;
    if (uri->settings[SETTING_FINGERPRINT] && !pinned)
        return -1;
    strings_add(options, "ssh");
    adapter_option(options, "host", uri->host);
    adapter_option(options, "port", uri->port);
    adapter_option(options, "path", uri->path);
    adapter_option(options, "timeout", "30");
    adapter_option(options, "known-hosts", pinned ? pinned : uri->settings[SETTING_KNOWN_HOSTS]);
    if (add_login(uri, secrets, options, &source->secret_fd, err) < 0)
        return -1;
    struct adapter_command command = {.directory = source->directory, .name = "transport", .options = options, .secret_fd = source->secret_fd};
    return probe_start_patient(&command, &source->transport, err);
}
