/* The source: named by the job or asked for, and heard before anything else is thought about. */
#include <limits.h>
#include <string.h>

#include "../base/cleanup.h"
#include "../base/clock.h"
#include "run.h"

#define TRY_AGAIN_SECONDS 5

static int ask_source(struct run *run, unsigned i, struct error *err)
{
    const char *old = run->job.disks[i].source;
    cleanup_free char *question = checked_printf("Source (nbd://, https://, ssh://, file: and others; ? says more%s%s): ", old ? ", Enter for " : "", old ? old : "");
    for (;;) {
        cleanup_free char *answer = NULL;
        if (run_ask(run, question, NULL, &answer, err) < 0)
            return error_advise(err, "Give source= in the job (rehost-job(5)).");
        if (!*answer && old)
            return 0;
        struct error wrong = {0};
        if (string_is(answer, "?")) {
            console_say(&run->console, "    A source is %s. See rehost-source(7).\n", SOURCE_FORMS);
            continue;
        }
        if (source_check(answer, &wrong) == 0) {
            free(run->job.disks[i].source);
            run->job.disks[i].source = take_pointer(answer);
            run->source_was_asked = true;
            return 0;
        }
        console_say(&run->console, "    %s. %s\n", wrong.message, wrong.advice);
    }
}

static int ask_password(void *context, const char *question, char **answer, struct error *err)
{
    return run_ask_hidden(context, question, answer, err);
}

/* A job that is confirmed is left alone: what it needs has to stand in it. */
static int open_source(struct run *run, unsigned i, struct error *err)
{
    struct source_secrets secrets = {.ask = run->job.confirmed ? NULL : ask_password, .context = run, .password_file = run->job.password_file};
    source_close(&run->disks[i].source);
    return source_open(run->job.disks[i].source, &secrets, &run->disks[i].source, err);
}

int run_hear_source(struct run *run, unsigned i, struct error *err)
{
    const char *uri = run->job.disks[i].source;
    struct disk_state *shown = &run->state.disks[i];
    free(shown->source);
    shown->source = checked_copy(uri);
    if (open_source(run, i, err) < 0)
        return -1;
    for (unsigned k = 0; k < i; k++)
        if (run->disks[k].target.device && source_spare(&run->disks[i].source, run->disks[k].target.device, err) < 0)
            return -1;
    if (pull_source_size(uri, run->disks[i].source.nbd_uri, &shown->source_bytes, err) < 0) {
        if (!strstr(err->message, uri))
            error_prefix(err, "%s", uri);
        return error_advise(err, "See that the server runs there (for instance: qemu-nbd --read-only --persistent --shared=0 -f raw "
                                 "/dev/sda), and that no firewall is between.");
    }
    if (shown->source_bytes == 0)
        return error_set(err, "%s: the disk has no bytes", uri);
    cleanup_free char *size = size_for_people(shown->source_bytes);
    console_say(&run->console, "    %s: %s (%llu bytes)\n", uri, size, (unsigned long long)shown->source_bytes);
    return 0;
}

static void say_patience(struct run *run, const char *trouble, double seconds)
{
    cleanup_free char *how_long = run_patience(run) == UINT_MAX ? checked_copy("until it answers") : checked_printf("for %.0f s", seconds);
    console_say(&run->console, "    %s; it is tried again %s ...\n", trouble, how_long);
}

/* For an unattended run the source may be switched on later than this machine. What is in the way is said once. */
static int hear_with_patience(struct run *run, unsigned i, struct error *err)
{
    double until = clock_seconds() + (run->job.confirmed ? run_patience(run) : 0);
    char said[ERROR_MESSAGE_MAX] = "";
    for (;;) {
        struct error failure = {0};
        if (run_hear_source(run, i, &failure) == 0)
            return 0;
        if (clock_seconds() >= until) {
            *err = failure;
            return -1;
        }
        if (strcmp(said, failure.message) != 0)
            say_patience(run, failure.message, until - clock_seconds());
        memcpy(said, failure.message, sizeof said);
        sleep(TRY_AGAIN_SECONDS);
    }
}

static int find_source(struct run *run, unsigned i, struct error *err)
{
    if (!run->job.disks[i].source && ask_source(run, i, err) < 0)
        return -1;
    for (;;) {
        struct error failure = {0}, nobody = {0};
        if (hear_with_patience(run, i, &failure) == 0)
            return 0;
        if (!run->job.confirmed)
            console_say(&run->console, "    %s\n    %s\n", failure.message, failure.advice);
        if (run->job.confirmed || ask_source(run, i, &nobody) < 0) {
            *err = failure;
            return -1;
        }
    }
}

int stage_source(struct run *run, struct error *err)
{
    do {
        run->state.disk_count = ++run->disk_count;
        if (find_source(run, run->disk_count - 1, err) < 0)
            return -1;
    } while (run->disk_count < DISKS_MAX && run->job.disks[run->disk_count].source);
    return 0;
}
