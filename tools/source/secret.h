/* A password on its way from a file or a person to an adapter: in memory only, never in a command line or an environment. */
#ifndef REHOST_SOURCE_SECRET_H
#define REHOST_SOURCE_SECRET_H

#include "source.h"
#include "uri.h"

enum secret_need { SECRET_NEEDED, SECRET_IF_GIVEN };

/* The password that belongs to the URI as a descriptor of a file in memory, the caller's, in *fd; -1 when there is none. */
int secret_open(const struct source_uri *uri, const struct source_secrets *secrets, enum secret_need need, int *fd, struct error *err);
/* How a program that has inherited it opens it; the caller's. */
char *secret_path(int fd);

#endif
