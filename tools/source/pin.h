/* Servers that are known by a fingerprint, and how the adapters are told. */
#ifndef REHOST_SOURCE_PIN_H
#define REHOST_SOURCE_PIN_H

#include "uri.h"

struct pinned_certificate {
    char *file; /* PEM: the server's certificate, the only one to be believed */
    char *name; /* what it calls itself, when that is not the URI's host; or NULL */
};

/* Looks at the certificate of an https server; 0: it is the one of the URI's fingerprint, and stands in a file in `directory`. */
int pin_certificate(const struct source_uri *uri, const char *directory, struct pinned_certificate *pinned, struct error *err);
void pinned_certificate_free(struct pinned_certificate *pinned);

/* The same for the key of an SSH server; the file is a known_hosts with this one key. The path is the caller's; NULL: error. */
char *pin_host_key(const struct source_uri *uri, const char *directory, struct error *err);

/* Writes a new file in `directory`; its path is the caller's. NULL: error. */
char *pin_write(const char *directory, const char *name, const char *text, struct error *err);

#endif
