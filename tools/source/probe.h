/* A first look at what a source came to, an adapter or a file: what fails with the first connection is what is wrong with the source. */
#ifndef REHOST_SOURCE_PROBE_H
#define REHOST_SOURCE_PROBE_H

#include "adapter.h"
#include "format.h"

/* Connects and reads both ends. The adapter's own words are the error, as it knows most. */
int probe_adapter(const struct adapter *adapter, struct format_ends *ends, struct error *err);
/* The same of a file or a disk of this machine. */
int probe_file(const char *file, struct format_ends *ends, struct error *err);
/* All that an adapter serves, as text; the caller's. NULL: error, or there is more than that, or none. */
char *probe_text(const struct adapter *adapter, size_t max_bytes, struct error *err);
/* nbdkit with its retry filter over a plugin that goes over the network: a server that does not answer for a minute fails no read. At first
 * without: a wrong password is not to be tried six times. */
int probe_start_patient(const struct adapter_command *command, struct adapter *adapter, struct error *err);
/* The URI of a socket; the caller's. */
char *probe_uri(const char *socket);

#endif
