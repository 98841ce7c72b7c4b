/* See several.h. */
#include "several.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "../base/cleanup.h"
#include "../base/text.h"

enum place { COPYING, ARRIVED, COMPLETE, FAILED };

struct several {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    unsigned count;
    pull_told *told;
    struct one *all;
    const struct one *failed; /* the first that did: the others are only held back */
};

/* A disk, and how far it is. */
struct one {
    struct several *several;
    struct disk *disk;
    pthread_t thread;
    enum place place;
};

static void move_to(struct one *one, enum place place)
{
    pthread_mutex_lock(&one->several->lock);
    one->place = place;
    if (place == FAILED && !one->several->failed)
        one->several->failed = one;
    pthread_cond_broadcast(&one->several->changed);
    pthread_mutex_unlock(&one->several->lock);
}

/* Those before it have to have arrived at least, those behind it to be complete. */
static bool has_to_wait(const struct one *one)
{
    const struct several *several = one->several;
    for (unsigned i = 0; i < several->count; i++) {
        const struct one *other = &several->all[i];
        if (other->place == COPYING || (other > one && other->place == ARRIVED))
            return true;
    }
    return false;
}

static int wait_for_others(void *context, struct error *err)
{
    struct one *one = context;
    move_to(one, ARRIVED);
    pthread_mutex_lock(&one->several->lock);
    while (has_to_wait(one))
        pthread_cond_wait(&one->several->changed, &one->several->lock);
    const struct one *failed = one->several->failed;
    pthread_mutex_unlock(&one->several->lock);
    if (!failed)
        return 0;
    one->disk->waited_in_vain = true;
    error_set(err, "all of %s has arrived, but it is not made to boot, as %s failed", one->disk->options.target, failed->disk->options.target);
    return error_advise(err, "Nothing of it is copied again. Mend the other disk, and give the same command.");
}

static void *one_main(void *argument)
{
    struct one *one = argument;
    struct disk *disk = one->disk;
    disk->failed = pull_run(&disk->options, one->several->told, disk->context, &disk->result, &disk->error) < 0;
    move_to(one, disk->failed ? FAILED : COMPLETE);
    return NULL;
}

static void start(struct one *one)
{
    struct disk *disk = one->disk;
    disk->options.disks = one->several->count;
    disk->options.before_ends = one->several->count > 1 ? wait_for_others : NULL;
    disk->options.context = one;
    int failure = pthread_create(&one->thread, NULL, one_main, one);
    if (!failure)
        return;
    disk->failed = true;
    error_set(&disk->error, "%s: start a thread: %s", disk->options.target, strerror(failure));
    move_to(one, FAILED);
    one->thread = pthread_self();
}

void pull_progress_add(struct pull_progress *sum, const struct pull_progress *each)
{
    sum->total_bytes += each->total_bytes;
    sum->done_bytes += each->done_bytes;
    sum->resumed_bytes += each->resumed_bytes;
    sum->received_bytes += each->received_bytes;
    sum->lost_bytes += each->lost_bytes;
    sum->verified_bytes += each->verified_bytes;
    sum->verifying &= each->verifying;
    sum->seconds = fmax(sum->seconds, each->seconds);
    sum->trouble = sum->trouble ? sum->trouble : each->trouble;
}

/* The last is the first to become complete. */
bool several_goes_on(const char *const *targets, unsigned count, unsigned number)
{
    enum pull_state own = pull_state_of(targets[number], NULL);
    for (unsigned i = 0; own == PULL_HELD && i < count; i++) {
        enum pull_state state = i == number ? own : pull_state_of(targets[i], NULL);
        if (state == PULL_NONE || (i > number && state != PULL_HELD))
            return false;
    }
    return own != PULL_NONE;
}

static void decide_what_to_forget(struct disk *disks, unsigned count)
{
    const char *targets[DISKS_MAX];
    bool goes_on[DISKS_MAX];
    for (unsigned i = 0; i < count; i++)
        targets[i] = disks[i].options.target;
    for (unsigned i = 0; i < count; i++)
        goes_on[i] = several_goes_on(targets, count, i);
    for (unsigned i = 0; i < count; i++)
        disks[i].options.restart |= !goes_on[i];
}

/* Nor does one of them go where another is read from. */
static int spare_sources(struct disk *disks, unsigned count)
{
    struct error err = {0};
    int status = 0;
    for (unsigned i = 0; i < count; i++)
        for (unsigned k = 0; status == 0 && k < count; k++)
            status = source_spare(disks[k].options.opened, disks[i].options.target, &err);
    for (unsigned i = 0; status < 0 && i < count; i++) {
        disks[i].failed = true;
        disks[i].error = err;
    }
    return status;
}

int several_run(struct disk *disks, unsigned count, pull_told *told)
{
    if (spare_sources(disks, count) < 0)
        return -1;
    struct several several = {.count = count, .told = told, .all = checked_alloc(count * sizeof *several.all)};
    bool failed = false;
    decide_what_to_forget(disks, count);
    pthread_mutex_init(&several.lock, NULL);
    pthread_cond_init(&several.changed, NULL);
    for (unsigned i = 0; i < count; i++)
        several.all[i] = (struct one){.several = &several, .disk = &disks[i]};
    for (unsigned i = 0; i < count; i++)
        start(&several.all[i]);
    for (unsigned i = 0; i < count; i++) {
        if (!pthread_equal(several.all[i].thread, pthread_self()))
            pthread_join(several.all[i].thread, NULL);
        failed |= disks[i].failed;
    }
    pthread_mutex_destroy(&several.lock);
    pthread_cond_destroy(&several.changed);
    free(several.all);
    return failed ? -1 : 0;
}
