/* A server that speaks TLS, offered in the clear on a Unix socket of our own: for programs that read NBD by another library
 * (nbdfuse, libnbd), so that whom we believe, and what is said when we do not, is decided in one place. */
#ifndef REHOST_NBD_RELAY_H
#define REHOST_NBD_RELAY_H

#include <sys/types.h>

#include "../base/error.h"

/* Reaches the source once, so that what is wrong with it is known here; then a process of its own serves `socket`, in a
 * directory that nobody else may enter, until program_end() or our own end. `plain_uri` is the caller's. */
int relay_start(const char *uri, const char *socket, pid_t *pid, char **plain_uri, struct error *err);

#endif
