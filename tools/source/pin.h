/* Servers that are known by a fingerprint, and how the adapters are told. */
#ifndef REHOST_SOURCE_PIN_H
#define REHOST_SOURCE_PIN_H

#include "source.h"
#include "uri.h"

/* Asks an SSH server for its keys; the one that has the URI's fingerprint stands in a file in `directory` then, a known_hosts. Its path is the caller's;
 * NULL: error, or it has no such key. */
char *pin_host_key(const struct source_uri *uri, const char *directory, struct error *err);

/* Speaks TLS to the one HTTPS server whose certificate has the URI's fingerprint, which is well-formed; what it says is heard in the clear, in
 * `directory`. On -1 what was begun is left for pin_relay_end. */
int pin_relay_open(const struct source_uri *uri, const char *directory, struct source_relay *relay, struct error *err);
/* Whether there is one that has died; and the same one anew. */
bool pin_relay_is_down(struct source_relay *relay);
int pin_relay_start_again(struct source_relay *relay, struct error *err);
void pin_relay_end(struct source_relay *relay);

/* Writes a new file in `directory`; its path is the caller's. NULL: error. */
char *pin_write(const char *directory, const char *name, const char *text, struct error *err);

#endif
