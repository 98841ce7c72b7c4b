/* One connection's bytes: connected, read and written whole, with limits on silence; in the clear or over TLS. */
#ifndef REHOST_NBD_STREAM_H
#define REHOST_NBD_STREAM_H

#include <netdb.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../base/clock.h"
#include "../base/error.h"
#include "tls.h"
#include "uri.h"

/* A source whose own storage hangs stays silent with the connection alive; a dead host is noticed earlier by keepalive. */
#define STREAM_SILENCE_LIMIT_MS 180000

struct stream {
    int fd;
    struct tls *tls;             /* NULL: in the clear */
    const atomic_bool *stop;     /* set by others: every wait ends within a quarter of a second. May be NULL */
    const atomic_int *silence_limit_ms; /* set by others, at any time: how long nothing may come; NULL: STREAM_SILENCE_LIMIT_MS */
    int64_t deadline_ms;         /* on clock_ms(); 0: none. For the handshake */
    atomic_ullong *received_bytes; /* counted here; may be NULL */
};

/* Looks the host up once, so that a reconnect needs no name server. NULL for a Unix socket. */
int stream_resolve(const struct nbd_uri *uri, struct addrinfo **addresses, struct error *err);
/* All of these: 0, or -1 when the connection is not to be had or lost. */
int stream_connect(struct stream *stream, const struct nbd_uri *uri, const struct addrinfo *addresses, struct error *err);
int stream_read(struct stream *stream, void *bytes, size_t length, struct error *err);
int stream_write(struct stream *stream, const void *bytes, size_t length, struct error *err);
/* From here on everything goes over TLS. *refused: one side does not accept the other, a new connection would not help. */
int stream_start_tls(struct stream *stream, const struct tls_client *client, bool *refused, struct error *err);
void stream_close(struct stream *stream);
/* Somebody else has the connection now. */
static inline void stream_forget(struct stream *stream)
{
    stream->fd = -1;
    stream->tls = NULL;
}

#endif
