/* A server that speaks TLS, offered in the clear on a Unix socket of our own: for programs that have a library of their
 * own for it (nbdfuse, nbdkit's curl), so that whom we believe, and what is said when we do not, is decided in one place. */
#ifndef REHOST_NBD_RELAY_H
#define REHOST_NBD_RELAY_H

#include <sys/types.h>

#include "../base/error.h"

/* Reaches the source once, so that what is wrong with it is known here; then a process of its own serves `socket`, in a
 * directory that nobody else may enter, until program_end() or our own end. `plain_uri` is the caller's. */
int relay_start(const char *uri, const char *socket, pid_t *pid, char **plain_uri, struct error *err);
/* The same for a server that speaks TLS from the first byte (https), and is known by its certificate's fingerprint, which is well-formed. */
int relay_start_tls(const char *host, const char *port, const char *fingerprint, const char *socket, pid_t *pid, struct error *err);

#endif
