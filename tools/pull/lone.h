/* The one connection of what goes before the copy, and after it. When it is lost it is made again, like those of the copy. */
#ifndef REHOST_PULL_LONE_H
#define REHOST_PULL_LONE_H

#include "../source/source.h"
#include "identity.h"

struct lone {
    struct nbd *nbd;
    struct nbd_source *source;
    struct source *opened;          /* as in struct pull_options */
    unsigned patience_seconds;      /* how long a lost source is waited for; UINT_MAX: for ever */
    uint64_t source_bytes;          /* what it has to be when it comes back: of that size, … */
    const struct identity *identity; /* … and this. NULL: nothing is known of it yet */
    void (*tell)(void *context, const char *trouble); /* now and then while it is waited for; may be NULL */
    void *context;
};

/* LOST: it may be done over another connection. */
typedef enum nbd_result lone_work(struct nbd *nbd, void *context, struct error *err);

/* Connects, if nothing stands, and does the work; from its beginning after each loss. */
enum nbd_result lone_do(const struct lone *lone, lone_work *work, void *context, struct error *err);

#endif
