/* A connection that was lost is made again: is it still the same source, and is what makes NBD of it still there? See copy.h. */
#include <string.h>

#include "../base/bytes.h"
#include "../source/source.h"
#include "copy.h"

/* After a loss: is it still the same disk? One connection reads and compares for all that were lost until now. */
static enum nbd_result verify_source(struct worker *worker, struct error *err)
{
    struct copy *copy = worker->copy;
    uint64_t expected = copy->journal->source_bytes;
    if (worker->nbd.export.size_bytes != expected) {
        error_set(err, "the source came back with another size: %llu bytes instead of %llu",
                  (unsigned long long)worker->nbd.export.size_bytes, (unsigned long long)expected);
        error_advise(err, "Is another disk served at this address now? What has arrived is kept.");
        return NBD_WRONG;
    }
    enum nbd_result result = NBD_OK;
    pthread_mutex_lock(&copy->verifying);
    pthread_mutex_lock(&copy->lock);
    uint64_t losses = copy->losses;
    bool known = copy->losses_verified == losses;
    pthread_mutex_unlock(&copy->lock);
    if (!known) {
        struct ends ends;
        struct identity identity;
        ends_open(&ends, expected);
        struct extents lost = {0};
        result = identity_read(&worker->nbd, &ends, &identity, copy->zero_unreadable ? &lost : NULL, err);
        extents_free(&lost);
        ends_close(&ends);
        if (result == NBD_OK && memcmp(&identity, &copy->journal->identity, sizeof identity) != 0) {
            error_set(err, "the source came back in another state: it was written to in between");
            error_advise(err, "The copy would mix both states. Stop what writes on the source, then start over with --restart.");
            result = NBD_WRONG;
        }
        pthread_mutex_lock(&copy->lock);
        if (result == NBD_OK)
            copy->losses_verified = losses;
        pthread_mutex_unlock(&copy->lock);
    }
    pthread_mutex_unlock(&copy->verifying);
    return result;
}

enum nbd_result worker_reconnect(struct worker *worker, struct error *err)
{
    enum nbd_result result = nbd_connect(&worker->nbd, worker->copy->source, err);
    return result == NBD_OK ? verify_source(worker, err) : result;
}

void copy_hurry(struct copy *copy)
{
    pthread_mutex_lock(&copy->lock);
    atomic_store(&copy->silence_limit_ms, copy->impatience_ms);
    pthread_mutex_unlock(&copy->lock);
}

/* A place that the source needs long for would be as slow over any other connection: it is given more time each time. */
void copy_relent(struct copy *copy)
{
    pthread_mutex_lock(&copy->lock);
    if (atomic_load(&copy->silence_limit_ms) == copy->impatience_ms)
        copy->impatience_ms = (int)least((uint64_t)copy->impatience_ms * 2, STREAM_SILENCE_LIMIT_MS);
    atomic_store(&copy->silence_limit_ms, STREAM_SILENCE_LIMIT_MS);
    pthread_mutex_unlock(&copy->lock);
}

void copy_revive_source(struct copy *copy)
{
    struct error err = {0};
    pthread_mutex_lock(&copy->lock);
    bool lost = copy->trouble_since_ms != 0;
    pthread_mutex_unlock(&copy->lock);
    if (lost && copy->opened && source_revive(copy->opened, &err) < 0)
        copy_lost(copy, false, &err);
}
