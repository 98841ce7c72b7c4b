/* See readback.h. */
#include "readback.h"

#include <stdlib.h>
#include <string.h>

#include "../../base/bytes.h"

/* Waits for room. False: nobody wants more. */
static bool wait_for_room(struct readback *readback)
{
    pthread_mutex_lock(&readback->lock);
    while (readback->read - readback->taken >= READBACK_STEPS && !readback->stopped)
        pthread_cond_wait(&readback->changed, &readback->lock);
    bool wanted = !readback->stopped;
    pthread_mutex_unlock(&readback->lock);
    return wanted;
}

static void tell_read(struct readback *readback)
{
    pthread_mutex_lock(&readback->lock);
    readback->read++;
    pthread_cond_broadcast(&readback->changed);
    pthread_mutex_unlock(&readback->lock);
}

static int read_ranges(struct readback *readback, struct error *err)
{
    const struct extents *ranges = readback->ranges;
    for (size_t i = extents_find(ranges, readback->start); i < ranges->count; i++) {
        uint64_t end = least(ranges->items[i].end, readback->end), next;
        for (uint64_t at = most(ranges->items[i].start, readback->start); at < end; at = next) {
            next = least(end, align_down(at, READBACK_STEP) + READBACK_STEP);
            if (!wait_for_room(readback))
                return 0;
            struct readback_step *step = &readback->steps[readback->read % READBACK_STEPS];
            step->start = at;
            step->end = next;
            step->bytes = target_read_around(readback->target, step->buffer, at, (size_t)(next - at), err);
            if (!step->bytes)
                return -1;
            tell_read(readback);
        }
    }
    return 0;
}

static void *readback_main(void *argument)
{
    struct readback *readback = argument;
    struct error err = {0};
    int status = read_ranges(readback, &err);
    pthread_mutex_lock(&readback->lock);
    readback->ended = true;
    readback->failed = status < 0;
    readback->error = err;
    pthread_cond_broadcast(&readback->changed);
    pthread_mutex_unlock(&readback->lock);
    return NULL;
}

int readback_start(struct readback *readback, const struct target *target, const struct extents *ranges, uint64_t start, uint64_t end, struct error *err)
{
    *readback = (struct readback){.target = target, .ranges = ranges, .start = start, .end = end};
    pthread_mutex_init(&readback->lock, NULL);
    pthread_cond_init(&readback->changed, NULL);
    for (unsigned i = 0; i < READBACK_STEPS; i++)
        readback->steps[i].buffer = aligned_alloc_checked(READBACK_STEP + TARGET_AROUND_BYTES);
    int failure = pthread_create(&readback->thread, NULL, readback_main, readback);
    readback->started = !failure;
    if (!failure)
        return 0;
    readback_stop(readback);
    return error_set(err, "start a thread: %s", strerror(failure));
}

int readback_next(struct readback *readback, const struct readback_step **step, struct error *err)
{
    pthread_mutex_lock(&readback->lock);
    /* The step that was taken last is let go only now; the first call has none. */
    if (readback->holds) {
        readback->taken++;
        pthread_cond_broadcast(&readback->changed);
    }
    while (readback->taken == readback->read && !readback->ended)
        pthread_cond_wait(&readback->changed, &readback->lock);
    readback->holds = readback->taken < readback->read;
    *step = &readback->steps[readback->taken % READBACK_STEPS];
    int status = readback->holds ? 1 : readback->failed ? -1 : 0;
    if (status < 0)
        *err = readback->error;
    pthread_mutex_unlock(&readback->lock);
    return status;
}

void readback_stop(struct readback *readback)
{
    pthread_mutex_lock(&readback->lock);
    readback->stopped = true;
    pthread_cond_broadcast(&readback->changed);
    pthread_mutex_unlock(&readback->lock);
    if (readback->started)
        pthread_join(readback->thread, NULL);
    for (unsigned i = 0; i < READBACK_STEPS; i++)
        free(readback->steps[i].buffer);
    pthread_mutex_destroy(&readback->lock);
    pthread_cond_destroy(&readback->changed);
}
