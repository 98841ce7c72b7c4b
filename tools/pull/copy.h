/* The copy itself: one thread per connection, one for zero ranges, one for the journal; the caller's thread watches. */
#ifndef REHOST_PULL_COPY_H
#define REHOST_PULL_COPY_H

#include "../base/extents.h"
#include "../nbd/nbd.h"
#include "identity.h"
#include "pool.h"
#include "pull.h"
#include "target/journal.h"
#include "target/target.h"

#define DEPTH 8 /* requests in flight on each connection, at most */

struct copy {
    struct nbd_source *source;
    struct source *opened;    /* as in struct pull_options; for the thread that watches */
    struct target *target;
    const struct extents *wanted; /* what is asked for: all in use that is not known to be zero */
    const struct extents *in_use; /* outside of these nothing matters */
    struct journal *journal;  /* the journal's thread alone changes it while the copy runs */
    const struct ends *ends;
    uint32_t request_bytes;
    unsigned connections;
    unsigned depth;           /* requests in flight on each of them, as the source is near or far */
    unsigned patience_seconds;
    bool zero_unreadable;

    struct pool pool;
    atomic_bool stop;
    atomic_ullong received_bytes;
    atomic_int silence_limit_ms; /* of each connection; shorter when others have nothing left to do */
    int impatience_ms;        /* what it becomes then; under the lock */
    bool flush_failed;        /* of the thread that saves the journal: what was settled since the slot before may be lost */

    pthread_mutex_t lock;     /* of what follows */
    bool failed;
    struct error error;       /* the first one */
    unsigned connected;       /* connections that stand */
    int64_t trouble_since_ms; /* a connection was lost then, and nothing has come since; 0: all is well */
    char trouble[512];        /* why */
    struct extents lost;      /* what the source could not read of the chunks that are settled, or that someone is at */
    uint64_t losses;          /* counts lost connections … */
    uint64_t losses_verified; /* … up to here the source was seen to be still the same */
    pthread_mutex_t verifying;
};

/* Copies the body. `first` is a connection that stands already. On return all threads have ended, whatever happened,
 * and the journal has been written once more if the target took it. */
int copy_run(struct copy *copy, struct nbd *first, pull_told *told, void *context, struct pull_progress *progress, struct error *err);

/* Settles [start, end), in which nothing is wanted, without the source: what is in use is zero there, and is zeroed; the rest is free, and
 * stays as it is. Adds to `zero_bytes` what was zeroed. `scratch` as for target_zero. */
int copy_clear(const struct copy *copy, uint64_t start, uint64_t end, void *scratch, uint64_t *zero_bytes, struct error *err);

/* For the threads. Only the first failure is kept; it ends all of them. */
void copy_fail(struct copy *copy, const struct error *err);
void copy_lost(struct copy *copy, bool was_connected, const struct error *err);
void copy_connected(struct copy *copy);
void copy_progressed(struct copy *copy);
/* A connection has nothing left to do: one that is silent is dropped soon, so that its chunks can be had by another. */
void copy_hurry(struct copy *copy);
/* One was lost, and there is work again. */
void copy_relent(struct copy *copy);
/* A source that is lost may have lost what makes NBD of it. Only for the thread that watches, as what is started ends with it. */
void copy_revive_source(struct copy *copy);

/* A range that the source cannot read: zeroed and noted, or the end of the copy, as the operator chose. `reason` is the server's errno. */
int copy_lose(struct copy *copy, uint64_t offset, uint32_t length, int reason, void *scratch, struct error *err);
/* What was lost in this chunk is read anew. */
void copy_forget_lost(struct copy *copy, uint64_t chunk);

struct worker {
    struct copy *copy;
    struct nbd nbd;
    pthread_t thread;
    struct worker_state *state;
};
/* A thread's function; the argument is a struct worker with its buffer, and the connection open or (stream.fd -1) yet to be made. */
void *worker_main(void *worker);
/* Connects, and sees to it that this is the source that the copy is of. */
enum nbd_result worker_reconnect(struct worker *worker, struct error *err);

/* Data of the last snapshot is flushed, then the next slot is written and flushed. */
int journal_save(struct copy *copy, struct error *err);

#endif
