/* Where a source is, and how it is spoken to: the NBD project's URIs.
 *     nbd://HOST[:PORT][/EXPORT]              nbd+unix:///[EXPORT]?socket=PATH
 *     nbds://[IDENTITY@]HOST[:PORT][/EXPORT]  nbds+unix://[IDENTITY@]/[EXPORT]?socket=PATH      the same over TLS, with
 *         tls-psk-file=FILE         a key that both sides know, IDENTITY being its name
 *         tls-certificates=DIR      our own ca-cert.pem; client-cert.pem and client-key.pem when the server asks for them
 *         tls-fingerprint=SHA256:…  this very certificate, whoever signed it (rehost's own; libnbd has nothing like it) */
#ifndef REHOST_NBD_URI_H
#define REHOST_NBD_URI_H

#include <stdbool.h>

#include "../base/error.h"

#define NBD_PORT "10809"
#define NBD_EXPORT_NAME_MAX 4096 /* the protocol's limit on strings */

struct nbd_uri {
    char *host;        /* without brackets; NULL for a Unix socket */
    char *port;
    char *socket;      /* a path, or NULL */
    char *export_name; /* decoded, "" for the server's default */
    bool tls;
    char *identity;    /* of the key, or NULL */
    char *psk_file, *certificates, *fingerprint; /* NULL when not given; the last is well-formed */
    char *text;        /* as it was given, for messages */
};

int nbd_uri_parse(const char *text, struct nbd_uri *uri, struct error *err);
void nbd_uri_free(struct nbd_uri *uri);

#endif
