/* Servers that are known by a fingerprint, and how the adapters are told. */
#ifndef REHOST_SOURCE_PIN_H
#define REHOST_SOURCE_PIN_H

#include "uri.h"

/* Asks an SSH server for its keys; the one that has the URI's fingerprint stands in a file in `directory` then, a known_hosts. Its path is the caller's;
 * NULL: error, or it has no such key. */
char *pin_host_key(const struct source_uri *uri, const char *directory, struct error *err);

/* Writes a new file in `directory`; its path is the caller's. NULL: error. */
char *pin_write(const char *directory, const char *name, const char *text, struct error *err);

#endif
