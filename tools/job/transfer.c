/* The pull, with its bar. */
#include "../base/cleanup.h"
#include "../guest/disk/contents.h"
#include "run.h"

static void show_progress(void *context, const struct pull_progress *progress)
{
    struct run *run = context;
    if (progress->verifying && !run->state.progress.verifying) {
        console_say(&run->console, "    the copy is here; it is read back and compared with what was received\n");
        console_progress_start(&run->console);
    }
    run->state.progress = *progress;
    run->state.has_progress = true;
    if (progress->verifying)
        console_progress(&run->console, progress->total_bytes, progress->verified_bytes, progress->verified_bytes, progress->seconds, NULL);
    else
        console_progress(&run->console, progress->total_bytes, progress->done_bytes, progress->received_bytes, progress->seconds, progress->trouble);
    run_show(run, false);
    run->state.progress.trouble = NULL; /* the text is the pull's */
}

static void say_result(struct run *run)
{
    const struct pull_result *result = &run->pulled;
    if (!result->connections) {
        console_say(&run->console, "    nothing had to be copied: all of it is here from an earlier run\n");
        return;
    }
    cleanup_free char *received = size_for_people(result->progress.received_bytes), *zero = size_for_people(result->zero_bytes);
    cleanup_free char *resumed = size_for_people(result->progress.resumed_bytes);
    cleanup_text struct text time = {0};
    bar_time(result->progress.seconds, &time);
    console_say(&run->console, "    received %s in %s over %u connection%s; %s were zero and not sent\n", received, time.data, result->connections,
                result->connections == 1 ? "" : "s", zero);
    if (result->progress.forecast_seconds > 0)
        console_say(&run->console, "    its first seconds foretold %.0f s\n", result->progress.forecast_seconds);
    if (result->progress.resumed_bytes)
        console_say(&run->console, "    %s were here from an earlier run\n", resumed);
}

static void say_verified(struct run *run)
{
    const struct pull_result *result = &run->pulled;
    if (!run->job.verify)
        return;
    if (!result->sha256[0]) {
        console_say(&run->console, "    not verified: it is complete since an earlier run\n");
        return;
    }
    run->state.sha256 = checked_copy(result->sha256);
    console_say(&run->console, "    verified in %.0f s; SHA-256 of the whole: %s\n", result->verify_seconds, result->sha256);
    for (size_t i = 0; i < result->mended.count; i++)
        console_say(&run->console, "    warning: %s had other bytes than were written at offset %llu (%llu bytes); they are right now, but do not trust this disk\n",
                    run->target.device, (unsigned long long)result->mended.items[i].start,
                    (unsigned long long)(result->mended.items[i].end - result->mended.items[i].start));
}

/* Which files they belong to is looked up on the target: the copy is there, and nothing has been changed yet. */
static void say_lost(struct run *run)
{
    size_t count = run->pulled.lost.count;
    if (!count)
        return;
    struct contents *lost = contents_of(run->target.device, &run->pulled.lost);
    run->lost = contents_to_text(lost, count);
    run->state.lost = contents_to_json(lost, count);
    contents_free(lost, count);
    cleanup_free char *size = size_for_people(run->pulled.progress.lost_bytes);
    console_say(&run->console, "    warning: the source could not read %s; on the target these are zeroes:\n", size);
    console_say_text(&run->console, run->lost);
}

int stage_pull(struct run *run, struct error *err)
{
    struct pull_options options = {
        .source = run->job.source,
        .nbd_uri = run->source.nbd_uri,
        .target = run->target.device,
        .patience_seconds = run_patience(run),
        .in_use = run->map.disk_bytes ? &run->map.in_use : NULL,
        .in_use_of_bytes = run->map.disk_bytes,
        .zero_unreadable = run->job.zero_unreadable,
        .verify = run->job.verify,
        .restart = run->job.restart,
        .hold_boot_code = true,
    };
    console_progress_start(&run->console);
    run->target.state = TARGET_HALF_DONE;
    if (pull_run(&options, show_progress, run, &run->pulled, err) < 0)
        return -1;
    source_close(&run->source);
    run->target.state = TARGET_COPIED;
    say_result(run);
    say_verified(run);
    say_lost(run);
    return 0;
}
