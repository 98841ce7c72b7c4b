/* The pull of all disks at once, with its bars. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "../base/cleanup.h"
#include "../guest/disk/contents.h"
#include "../pull/several.h"
#include "run.h"

struct transfer {
    struct run *run;
    pthread_mutex_t lock; /* each disk tells from a thread of its own */
};

/* What a disk tells with. */
struct teller {
    struct transfer *transfer;
    unsigned i;
    char *trouble; /* what it said last; the text that comes is the pull's */
};

static struct console_row row_of(const struct pull_progress *progress, const char *name)
{
    uint64_t verified = progress->verified_bytes;
    return (struct console_row){.name = name, .reading_back = progress->verifying, .total_bytes = progress->total_bytes,
                                .done_bytes = progress->verifying ? verified : progress->done_bytes,
                                .received_bytes = progress->verifying ? verified : progress->received_bytes, .seconds = progress->seconds};
}

static struct pull_progress sum_of(const struct job_state *state)
{
    struct pull_progress sum = {.verifying = true};
    for (unsigned i = 0; i < state->disk_count; i++)
        pull_progress_add(&sum, &state->disks[i].progress);
    return sum;
}

static const char *short_name(const struct target *target)
{
    const char *slash = strrchr(target->device, '/');
    return slash && slash[1] ? slash + 1 : target->device;
}

static void show_bars(struct run *run)
{
    struct console_row rows[CONSOLE_ROWS_MAX];
    struct job_state *state = &run->state;
    size_t count = 0;
    state->progress = sum_of(state);
    for (unsigned i = 0; i < run->disk_count && run->disk_count > 1; i++)
        rows[count++] = row_of(&state->disks[i].progress, short_name(&run->disks[i].target));
    rows[count] = row_of(&state->progress, count ? "all" : NULL);
    console_progress(&run->console, rows, count + 1, state->progress.trouble);
}

static void take_progress(struct teller *teller, const struct pull_progress *progress)
{
    struct run *run = teller->transfer->run;
    struct disk_state *shown = &run->state.disks[teller->i];
    cleanup_free char *prefix = run_prefix(run, teller->i);
    if (progress->verifying && !shown->progress.verifying)
        console_say(&run->console, "    %sthe copy is here; it is read back and compared with what was received\n", prefix);
    free(teller->trouble);
    teller->trouble = progress->trouble ? checked_printf("%s%s", prefix, progress->trouble) : NULL;
    shown->progress = *progress;
    shown->progress.trouble = teller->trouble;
    shown->has_progress = true;
}

static void show_progress(void *context, const struct pull_progress *progress)
{
    struct teller *teller = context;
    struct transfer *transfer = teller->transfer;
    pthread_mutex_lock(&transfer->lock);
    take_progress(teller, progress);
    show_bars(transfer->run);
    run_show(transfer->run, false);
    pthread_mutex_unlock(&transfer->lock);
}

static void say_result(struct run *run, unsigned i)
{
    const struct pull_result *result = &run->disks[i].pulled;
    cleanup_free char *prefix = run_prefix(run, i);
    if (!result->connections) {
        console_say(&run->console, "    %snothing had to be copied: all of it is here from an earlier run\n", prefix);
        return;
    }
    cleanup_free char *received = size_for_people(result->progress.received_bytes), *zero = size_for_people(result->zero_bytes);
    cleanup_free char *resumed = size_for_people(result->progress.resumed_bytes);
    cleanup_text struct text time = {0};
    bar_time(result->progress.seconds, &time);
    console_say(&run->console, "    %sreceived %s in %s over %u connection%s; %s were zero and not sent\n", prefix, received, time.data,
                result->connections, result->connections == 1 ? "" : "s", zero);
    if (result->progress.forecast_seconds > 0)
        console_say(&run->console, "    %sits first seconds foretold %.0f s\n", prefix, result->progress.forecast_seconds);
    if (result->progress.resumed_bytes)
        console_say(&run->console, "    %s%s were here from an earlier run\n", prefix, resumed);
}

static void say_verified(struct run *run, unsigned i)
{
    const struct pull_result *result = &run->disks[i].pulled;
    cleanup_free char *prefix = run_prefix(run, i);
    if (!run->job.verify)
        return;
    if (!result->sha256[0]) {
        console_say(&run->console, "    %snot verified: it is complete since an earlier run\n", prefix);
        return;
    }
    run->state.disks[i].sha256 = checked_copy(result->sha256);
    console_say(&run->console, "    %sverified in %.0f s; SHA-256 of the whole: %s\n", prefix, result->verify_seconds, result->sha256);
    for (size_t k = 0; k < result->mended.count; k++)
        console_say(&run->console, "    warning: %s had other bytes than were written at offset %llu (%llu bytes); they are right now, but do not trust this disk\n",
                    run->disks[i].target.device, (unsigned long long)result->mended.items[k].start,
                    (unsigned long long)(result->mended.items[k].end - result->mended.items[k].start));
}

/* Which files they belong to is looked up on the target: the copy is there, and nothing has been changed yet. */
static void say_lost(struct run *run, unsigned i)
{
    struct run_disk *disk = &run->disks[i];
    size_t count = disk->pulled.lost.count;
    if (!count)
        return;
    struct contents *lost = contents_of(disk->target.device, &disk->pulled.lost);
    disk->lost = contents_to_text(lost, count);
    run->state.disks[i].lost = contents_to_json(lost, count);
    contents_free(lost, count);
    cleanup_free char *size = size_for_people(disk->pulled.progress.lost_bytes), *prefix = run_prefix(run, i);
    console_say(&run->console, "    warning: %sthe source could not read %s; on the target these are zeroes:\n", prefix, size);
    console_say_text(&run->console, disk->lost);
}

static struct pull_options options_for(struct run *run, unsigned i)
{
    const struct used_map *map = &run->disks[i].map;
    return (struct pull_options){
        .source = run->job.disks[i].source,
        .nbd_uri = run->disks[i].source.nbd_uri,
        .opened = &run->disks[i].source,
        .target = run->disks[i].target.device,
        .patience_seconds = run_patience(run),
        .heard = true,
        .in_use = map->disk_bytes ? &map->in_use : NULL,
        .in_use_of_bytes = map->disk_bytes,
        .zero_unreadable = run->job.zero_unreadable,
        .verify = run->job.verify,
        .restart = run->job.restart,
        .into_partition = i == 0 && run->into_partition,
        .hold_boot_code = true,
    };
}

/* What failed first by itself is the error; what else did is said. */
static int say_failures(struct run *run, const struct disk *disks, struct error *err)
{
    const struct disk *first = NULL;
    for (unsigned i = 0; i < run->disk_count; i++) {
        if (!disks[i].failed || disks[i].waited_in_vain)
            continue;
        if (first)
            console_say(&run->console, "    %s\n", disks[i].error.message);
        else
            first = &disks[i];
    }
    if (first)
        *err = first->error;
    return -1;
}

static int pull_all(struct run *run, struct disk *disks, struct error *err)
{
    struct transfer transfer = {.run = run};
    struct teller tellers[DISKS_MAX] = {0};
    pthread_mutex_init(&transfer.lock, NULL);
    for (unsigned i = 0; i < run->disk_count; i++) {
        tellers[i] = (struct teller){.transfer = &transfer, .i = i};
        disks[i].options = options_for(run, i);
        disks[i].context = &tellers[i];
        run->disks[i].target.state = TARGET_HALF_DONE;
    }
    console_progress_start(&run->console);
    int result = several_run(disks, run->disk_count, show_progress);
    pthread_mutex_destroy(&transfer.lock);
    for (unsigned i = 0; i < run->disk_count; i++) {
        run->disks[i].pulled = disks[i].result;
        run->state.disks[i].progress.trouble = NULL;
        free(tellers[i].trouble);
    }
    run->state.progress.trouble = NULL;
    return result < 0 ? say_failures(run, disks, err) : 0;
}

int stage_pull(struct run *run, struct error *err)
{
    cleanup_free struct disk *disks = checked_alloc(run->disk_count * sizeof *disks);
    if (pull_all(run, disks, err) < 0)
        return -1;
    for (unsigned i = 0; i < run->disk_count; i++) {
        source_close(&run->disks[i].source);
        run->disks[i].target.state = TARGET_COPIED;
        say_result(run, i);
        say_verified(run, i);
        say_lost(run, i);
    }
    return 0;
}
