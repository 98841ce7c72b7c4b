/* Where a source is: nbd://HOST[:PORT][/EXPORT] or nbd+unix:///EXPORT?socket=PATH. */
#ifndef REHOST_PULL_URI_H
#define REHOST_PULL_URI_H

#include "../base/error.h"

#define NBD_PORT "10809"
#define NBD_EXPORT_NAME_MAX 4096 /* the protocol's limit on strings */

struct nbd_uri {
    char *host;        /* without brackets; NULL for a Unix socket */
    char *port;
    char *socket;      /* a path, or NULL */
    char *export_name; /* decoded, "" for the server's default */
    char *text;        /* as it was given, for messages */
};

int nbd_uri_parse(const char *text, struct nbd_uri *uri, struct error *err);
void nbd_uri_free(struct nbd_uri *uri);

#endif
