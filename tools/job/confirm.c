/* What will be destroyed, and the one question about it. */
#include <string.h>

#include "../base/cleanup.h"
#include "../pull/several.h"
#include "run.h"

static bool goes_on(const struct run *run, unsigned i)
{
    const char *devices[DISKS_MAX];
    run_devices(run, devices);
    return !run->job.restart && several_goes_on(devices, run->disk_count, i);
}

static void show_target(struct run *run, unsigned i)
{
    const struct target *target = &run->disks[i].target;
    cleanup_free char *size = size_for_people(target->size_bytes);
    console_say(&run->console, "  %s: %s, %s, serial %s\n  It holds %s.\n", target->device, target->model, size,
                target->serial ? target->serial : "none", target->content);
    bool is_on_its_way = pull_state_of(target->device, NULL) != PULL_NONE;
    if (is_on_its_way && !run->job.restart && !goes_on(run, i))
        console_say(&run->console, "  It is of no use any more, as another disk has to be copied from the beginning, and all of them were changed together.\n");
    if (goes_on(run, i))
        console_say(&run->console, "  The move goes on with it, if it is of this very source.\n");
    else if (run->disk_count > 1)
        console_say(&run->console, "  ALL OF THIS WILL BE DESTROYED and replaced by %s.\n", run->job.disks[i].source);
    else
        console_say(&run->console, "  ALL OF THIS WILL BE DESTROYED and replaced by the source.\n");
}

/* The devices that are gone on with, or those that are overwritten: "/dev/vda and /dev/vdb"; the caller's. */
static char *devices_that(const struct run *run, bool go_on)
{
    cleanup_strings struct strings devices = {0};
    for (unsigned i = 0; i < run->disk_count; i++)
        if (goes_on(run, i) == go_on)
            strings_add(&devices, run->disks[i].target.device);
    return strings_join(&devices, " and ");
}

/* 1: yes. 0: not understood. -1: no. */
static int judge_answer(struct run *run, const char *answer, bool may_restart, struct error *err)
{
    run->job.restart |= may_restart && string_is(answer, "restart");
    if (string_is(answer, "yes") || (may_restart && string_is(answer, "restart")))
        return 1;
    if (string_is(answer, "no")) {
        error_set(err, "not confirmed");
        return error_advise(err, "Start again when it is clear which disk may be overwritten.");
    }
    console_say(&run->console, "    \"%s\" is neither yes nor no: yes overwrites the disk, no stops here.\n", answer);
    return 0;
}

static int ask_yes(struct run *run, struct error *err)
{
    cleanup_free char *old = devices_that(run, true), *fresh = devices_that(run, false);
    cleanup_free char *question = !*old     ? checked_printf("Type yes to overwrite %s: ", fresh)
                                  : !*fresh ? checked_printf("Type yes to go on with %s, restart to forget that copy and start over: ", old)
                                            : checked_printf("Type yes to go on with %s and to overwrite %s, restart to start over with all: ", old, fresh);
    for (;;) {
        cleanup_free char *answer = NULL;
        if (run_ask(run, question, NULL, &answer, err) < 0)
            return error_advise(err, "Give confirm=yes in the job if it may be destroyed (rehost-job(5)).");
        int judged = judge_answer(run, answer, *old != '\0', err);
        if (judged)
            return judged < 0 ? -1 : 0;
    }
}

int stage_confirm(struct run *run, struct error *err)
{
    for (unsigned i = 0; i < run->disk_count; i++)
        show_target(run, i);
    if (!run->job.confirmed)
        return ask_yes(run, err);
    console_say(&run->console, "    confirmed by the job\n");
    return 0;
}
