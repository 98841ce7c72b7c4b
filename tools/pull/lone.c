/* See lone.h. */
#include "lone.h"

#include <stdio.h>
#include <unistd.h>

#include "../base/bytes.h"
#include "../base/clock.h"

#define BACKOFF_FIRST_MS 500
#define BACKOFF_MAX_MS 30000

static enum nbd_result connect_again(const struct lone *lone, struct error *err)
{
    enum nbd_result result = nbd_connect(lone->nbd, lone->source, err);
    return result == NBD_OK && lone->identity ? identity_check(lone->nbd, lone->source_bytes, lone->identity, err) : result;
}

static bool is_out_of_patience(const struct lone *lone, int64_t lost_ms)
{
    return lone->patience_seconds != UINT32_MAX && lost_ms >= (int64_t)lone->patience_seconds * 1000;
}

static void wait_a_while(const struct lone *lone, int64_t lost_ms, int64_t backoff_ms, const struct error *failure)
{
    char trouble[ERROR_MESSAGE_MAX + 100];
    struct error err = *failure;
    if (lone->opened && source_revive(lone->opened, &err) > 0)
        return;
    snprintf(trouble, sizeof trouble, "the source has been gone for %d s (%s), trying again", (int)(lost_ms / 1000), err.message);
    if (lone->tell)
        lone->tell(lone->context, trouble);
    usleep((useconds_t)backoff_ms * 1000);
}

enum nbd_result lone_do(const struct lone *lone, lone_work *work, void *context, struct error *err)
{
    int64_t lost_at_ms = 0, backoff_ms = BACKOFF_FIRST_MS;
    for (;;) {
        struct error failure = {0};
        enum nbd_result result = lone->nbd->stream.fd < 0 ? connect_again(lone, &failure) : NBD_OK;
        if (result == NBD_OK)
            result = work(lone->nbd, context, &failure);
        if (result == NBD_OK)
            return NBD_OK;
        nbd_drop(lone->nbd);
        int64_t now = clock_ms();
        lost_at_ms = lost_at_ms ? lost_at_ms : now;
        if (result == NBD_WRONG || is_out_of_patience(lone, now - lost_at_ms)) {
            if (result == NBD_LOST)
                error_prefix(&failure, "the source was lost and did not come back within %u s", lone->patience_seconds);
            if (err)
                *err = failure;
            return result;
        }
        wait_a_while(lone, now - lost_at_ms, backoff_ms, &failure);
        backoff_ms = (int64_t)least((uint64_t)backoff_ms * 2, BACKOFF_MAX_MS);
    }
}
