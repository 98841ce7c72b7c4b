/* One more disk of the server, told on the console: a job names all of them itself. */
#include <stdlib.h>

#include "../base/cleanup.h"
#include "run.h"

/* 1: heard; 0: not, and it was said why. */
static int hear(struct run *run, char *uri)
{
    struct error failure = {0};
    unsigned i = run->disk_count;
    if (source_check(uri, &failure) == 0) {
        run->job.disks[i].source = checked_copy(uri);
        if (job_check_disks(&run->job, &failure) == 0 && run_hear_source(run, i, &failure) == 0)
            return 1;
        free(run->job.disks[i].source);
        run->job.disks[i].source = NULL;
    }
    console_say(&run->console, "    %s. %s\n", failure.message, failure.advice);
    return 0;
}

int run_ask_another_disk(struct run *run, struct error *err)
{
    for (;;) {
        cleanup_free char *answer = NULL;
        if (run_ask(run, "Another disk of this server (its source, or Enter when this is all): ", NULL, &answer, err) < 0)
            return error_advise(err, "Name all disks in the job: source2=, disk2= ... (rehost-job(5)); or say confirm=yes there.");
        if (!*answer)
            return 0;
        if (!hear(run, answer))
            continue;
        run->state.disk_count = ++run->disk_count;
        return run_choose_target(run, run->disk_count - 1, err) < 0 ? -1 : 1;
    }
}
