/* The source: named by the job or asked for, and heard before anything else is thought about. */
#include <string.h>

#include "../base/cleanup.h"
#include "run.h"

#define TRY_AGAIN_SECONDS 5

static int ask_source(struct run *run, struct error *err)
{
    const char *old = run->job.source;
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
            free(run->job.source);
            run->job.source = take_pointer(answer);
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
static int open_source(struct run *run, struct error *err)
{
    struct source_secrets secrets = {.ask = run->job.confirmed ? NULL : ask_password, .context = run, .password_file = run->job.password_file};
    source_close(&run->source);
    return source_open(run->job.source, &secrets, &run->source, err);
}

static int hear_source(struct run *run, struct error *err)
{
    free(run->state.source);
    run->state.source = checked_copy(run->job.source);
    if (open_source(run, err) < 0)
        return -1;
    if (pull_source_size(run->job.source, run->source.nbd_uri, &run->state.source_bytes, err) < 0) {
        if (!strstr(err->message, run->job.source))
            error_prefix(err, "%s", run->job.source);
        return error_advise(err, "See that the server runs there (for instance: qemu-nbd --read-only --persistent --shared=0 -f raw "
                                 "/dev/sda), and that no firewall is between.");
    }
    if (run->state.source_bytes == 0)
        return error_set(err, "%s: the disk has no bytes", run->job.source);
    return 0;
}

/* For an unattended run the source may be switched on later than this machine. What is in the way is said once. */
static int hear_with_patience(struct run *run, struct error *err)
{
    double until = state_now() + (run->job.confirmed ? run_patience(run) : 0);
    char said[ERROR_MESSAGE_MAX] = "";
    for (;;) {
        struct error failure = {0};
        if (hear_source(run, &failure) == 0)
            return 0;
        if (state_now() >= until) {
            *err = failure;
            return -1;
        }
        if (strcmp(said, failure.message) != 0)
            console_say(&run->console, "    %s; it is tried again for %.0f s ...\n", failure.message, until - state_now());
        memcpy(said, failure.message, sizeof said);
        sleep(TRY_AGAIN_SECONDS);
    }
}

int stage_source(struct run *run, struct error *err)
{
    if (!run->job.source && ask_source(run, err) < 0)
        return -1;
    for (;;) {
        struct error failure = {0}, nobody = {0};
        if (hear_with_patience(run, &failure) == 0)
            break;
        if (!run->job.confirmed)
            console_say(&run->console, "    %s\n    %s\n", failure.message, failure.advice);
        if (run->job.confirmed || ask_source(run, &nobody) < 0) {
            *err = failure;
            return -1;
        }
    }
    cleanup_free char *size = size_for_people(run->state.source_bytes);
    console_say(&run->console, "    %s: %s (%llu bytes)\n", run->job.source, size, (unsigned long long)run->state.source_bytes);
    return 0;
}
