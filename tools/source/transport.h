/* The first half of a source: the bytes of a file, wherever it is. One function for each kind of URI; each fills source->file or
 * starts source->transport. */
#ifndef REHOST_SOURCE_TRANSPORT_H
#define REHOST_SOURCE_TRANSPORT_H

#include "source.h"
#include "uri.h"

typedef int transport_open(const struct source_uri *uri, const struct source_secrets *secrets, struct source *source, struct error *err);

transport_open http_open, ssh_open, iscsi_open, nfs_open, smb_open;

/* The host in digits; the caller's. NULL: error. */
char *transport_address(const struct source_uri *uri, struct error *err);

#endif
