/* A connection that was lost is made again: is it still the same source, and is what makes NBD of it still there? See copy.h. */
#include <string.h>

#include "../base/bytes.h"
#include "../source/source.h"
#include "copy.h"

/* After a loss: is it still the same disk? One connection reads and compares for all that were lost until now. */
static enum nbd_result verify_source(struct worker *worker, struct error *err)
{
    struct copy *copy = worker->copy;
    enum nbd_result result = identity_check_size(&worker->nbd, copy->journal->source_bytes, err);
    if (result != NBD_OK)
        return result;
    pthread_mutex_lock(&copy->verifying);
    pthread_mutex_lock(&copy->lock);
    uint64_t losses = copy->losses;
    bool known = copy->losses_verified == losses;
    pthread_mutex_unlock(&copy->lock);
    if (!known)
        result = identity_check(&worker->nbd, copy->journal->source_bytes, &copy->journal->identity, err);
    pthread_mutex_lock(&copy->lock);
    if (result == NBD_OK)
        copy->losses_verified = losses;
    pthread_mutex_unlock(&copy->lock);
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

/* Not only after a loss: an adapter that tries again by itself says for a minute nothing of what has died below it. */
void copy_revive_source(struct copy *copy)
{
    struct error err = {0};
    if (copy->opened && source_revive(copy->opened, &err) < 0)
        copy_lost(copy, false, &err);
}
