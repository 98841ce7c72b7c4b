/* A source's first connection: what is opened before anything is known of it. */
#ifndef REHOST_PULL_REACH_H
#define REHOST_PULL_REACH_H

#include "../nbd/nbd.h"

#define REQUEST_BYTES (1u << 20) /* unless something else was asked for */

/* Looks the server up, and connects to nobody yet. In either case reach_close undoes it; both are zeroed before. */
int reach_open(struct nbd_source *source, struct nbd *nbd, const char *uri, struct error *err);
void reach_close(struct nbd_source *source, struct nbd *nbd);

#endif
