/* Ranges that the source cannot read. See copy.h. */
#include "../nbd/lost.h"
#include "copy.h"

int copy_lose(struct copy *copy, uint64_t offset, uint32_t length, int reason, void *scratch, struct error *err)
{
    if (!copy->zero_unreadable)
        return lost_refuse(offset, length, reason, err);
    pthread_mutex_lock(&copy->lock);
    int status = lost_take(&copy->lost, offset, length, err);
    pthread_mutex_unlock(&copy->lock);
    return status < 0 ? -1 : target_zero(copy->target, offset, length, scratch, err);
}

void copy_forget_lost(struct copy *copy, uint64_t chunk)
{
    struct extent range = pool_range(&copy->pool, chunk);
    pthread_mutex_lock(&copy->lock);
    if (copy->lost.count)
        lost_forget(&copy->lost, range.start, range.end);
    pthread_mutex_unlock(&copy->lock);
}
