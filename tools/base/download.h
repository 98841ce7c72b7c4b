/* One file from a web or TFTP server, by the programs for it. */
#ifndef REHOST_BASE_DOWNLOAD_H
#define REHOST_BASE_DOWNLOAD_H

#include <stdbool.h>
#include <stddef.h>

#include "error.h"

/* http://, https:// or tftp:// */
bool download_is_url(const char *place);
/* Into `file`, which is made. A server that sends without end fills neither memory nor disk: it ends, as a failure, with one byte more than
 * `max_bytes` in the file. */
int download(const char *url, const char *file, size_t max_bytes, unsigned timeout_seconds, struct error *err);

#endif
