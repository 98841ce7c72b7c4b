/* See pin.h. */
#include "pin.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "../base/cleanup.h"
#include "../base/program.h"
#include "../base/text.h"
#include "../nbd/relay.h"

#define HTTPS_PORT "443"

char *pin_write(const char *directory, const char *name, const char *text, struct error *err)
{
    cleanup_free char *path = checked_printf("%s/%s", directory, name);
    cleanup_close int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text))
        return take_pointer(path);
    error_errno(err, "write %s", path);
    return NULL;
}

static int start(struct source_relay *relay, struct error *err)
{
    relay->pid = 0;
    return relay_start_tls(relay->host, relay->port, relay->fingerprint, relay->socket, &relay->pid, err);
}

int pin_relay_open(const struct source_uri *uri, const char *directory, struct source_relay *relay, struct error *err)
{
    *relay = (struct source_relay){.host = checked_copy(uri->host), .port = checked_copy(uri->port ? uri->port : HTTPS_PORT),
                                   .fingerprint = checked_copy(uri->settings[SETTING_FINGERPRINT]), .socket = checked_printf("%s/https.sock", directory)};
    return start(relay, err);
}

bool pin_relay_is_down(struct source_relay *relay)
{
    if (relay->pid > 0 && waitpid(relay->pid, NULL, WNOHANG) == relay->pid)
        relay->pid = 0;
    return relay->socket && relay->pid <= 0;
}

int pin_relay_start_again(struct source_relay *relay, struct error *err)
{
    program_end(relay->pid);
    unlink(relay->socket); /* nobody listens there any more, and it is in the way */
    return start(relay, err);
}

void pin_relay_end(struct source_relay *relay)
{
    program_end(relay->pid);
    free(relay->host);
    free(relay->port);
    free(relay->fingerprint);
    free(relay->socket);
    *relay = (struct source_relay){0};
}
