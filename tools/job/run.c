/* rehost run: the whole move. This is its spine: a table of stages and a loop. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../base/cleanup.h"
#include "../base/download.h"
#include "../base/options.h"
#include "fetch.h"
#include "run.h"

#define APPLIANCE_MARK "/etc/rehost-appliance"
#define COMMAND_LINE_MAX 65536

static const struct stage {
    const char *name;
    const char *says;
    int (*go)(struct run *run, struct error *err);
} stages[] = {
    {"hardware", "what this machine is", stage_hardware},
    {"network", "the way to the source", stage_network},
    {"source", "the disk that is to come here", stage_source},
    {"target", "the disk that it goes to", stage_target},
    {"plan", "what the moved system needs to boot here", stage_plan},
    {"confirm", "what will be destroyed", stage_confirm},
    {"pull", "the disk is copied", stage_pull},
    {"fix", "the moved system is changed for this machine", stage_fix},
    {"prove", "link by link, whether it will boot", stage_prove},
    {"finish", "the boot code is put in place", stage_finish},
};

struct run_arguments {
    const char *job, *status, *command_line, *hardware;
    bool restart, appliance;
};

void run_show(struct run *run, bool now)
{
    struct error err = {0};
    if (state_write(&run->state, now, &err) < 0 && !run->state.write_failed) {
        run->state.write_failed = true;
        console_say(&run->console, "    warning: the status cannot be shown: %s\n", err.message);
    }
}

static int ask(struct run *run, const char *question, bool hidden, console_changed *changed, char **answer, struct error *err)
{
    run->state.question = checked_copy(question);
    run_show(run, true);
    int result = hidden ? console_ask_hidden(&run->console, question, answer, err) : console_ask(&run->console, question, changed, run, answer, err);
    free(run->state.question);
    run->state.question = NULL;
    run_show(run, true);
    return result;
}

int run_ask(struct run *run, const char *question, console_changed *changed, char **answer, struct error *err)
{
    return ask(run, question, false, changed, answer, err);
}

int run_ask_hidden(struct run *run, const char *question, char **answer, struct error *err)
{
    return ask(run, question, true, NULL, answer, err);
}

unsigned run_patience(const struct run *run)
{
    for (size_t i = 0; job_key_name(i); i++)
        if (string_is(job_key_name(i), "patience") && run->job.given & 1u << i)
            return run->job.patience_seconds;
    return JOB_PATIENCE_DEFAULT;
}

char *run_prefix(const struct run *run, unsigned i)
{
    return run->disk_count > 1 ? checked_printf("%s: ", run->disks[i].target.device) : checked_copy("");
}

void run_devices(const struct run *run, const char *devices[])
{
    for (unsigned i = 0; i < run->disk_count; i++)
        devices[i] = run->disks[i].target.device;
}

const char *const *run_other_disks(struct run *run)
{
    for (unsigned i = 1; i < run->disk_count; i++)
        run->other_names[i - 1] = run->disks[i].target.name;
    return run->other_names;
}

struct plan_input run_plan_input(struct run *run, const struct guest *guest)
{
    return (struct plan_input){
        .guest = guest,
        .hardware = &run->hardware,
        .disk = run->disks[0].target.name,
        .other_disks = run_other_disks(run),
        .nic_choices = run->job.nic_choices,
        .nic_choice_count = run->job.nic_choice_count,
        .address_changes = &run->job.addresses,
    };
}

/* What does this disk hold now? It is asked itself, not our memory. */
static char *disk_words(const struct target *target)
{
    cleanup_free char *description = NULL;
    enum pull_state state = pull_state_of(target->device, &description);
    if (state == PULL_HALF_DONE)
        return checked_printf("%s holds %s. It does not boot. Start again with the same source and disk, and it goes on from there.", target->device,
                              description ? description : "a half-done copy");
    if (state == PULL_HELD)
        return checked_printf("%s holds the whole copy with its boot code held back: it does not boot. Start again with the same source and disk "
                              "when the cause is mended; nothing has to be copied again.", target->device);
    if (target->state == TARGET_HALF_DONE)
        return checked_printf("%s may have been written to, and does not boot.", target->device);
    if (target->state != TARGET_RELEASED)
        return checked_printf("%s holds the copy, and no place for a mark that says so: the next start copies all disks again.", target->device);
    return checked_printf("%s holds the copy; whether it boots is not known.", target->device);
}

/* The words that matter most at 3 a.m. */
static char *target_words(const struct run *run)
{
    cleanup_strings struct strings all = {0};
    for (unsigned i = 0; i < run->disk_count; i++) {
        const struct target *target = &run->disks[i].target;
        cleanup_free char *words = target->device && target->state != TARGET_UNTOUCHED ? disk_words(target) : NULL;
        if (words)
            strings_add(&all, words);
    }
    return all.count ? strings_join(&all, " ") : checked_copy("No disk of this machine was changed.");
}

static void say_failure(struct run *run, const char *stage, struct error *failure)
{
    cleanup_free char *words = target_words(run);
    string_trim(failure->message); /* it may end with what a program printed, and its line end */
    console_say(&run->console, "\n!!! FAILED at %s: %s\n", stage, failure->message);
    if (failure->advice[0])
        console_say(&run->console, "    %s\n", failure->advice);
    console_say(&run->console, "    The source is untouched.\n    %s\n", words);
    run->state.error = *failure;
    run->state.outcome = run->exit_status == EXIT_BLOCKED ? OUTCOME_BLOCKED : OUTCOME_FAILED;
    free(run->state.target_state);
    run->state.target_state = take_pointer(words);
}

static int run_stage(struct run *run, const struct stage *stage)
{
    struct error err = {0};
    state_begin_stage(&run->state, stage->name);
    run_show(run, true);
    console_headline(&run->console, stage->name, stage->says);
    if (stage->go(run, &err) == 0) {
        state_end_stage(&run->state, OUTCOME_DONE);
        return 0;
    }
    if (!run->exit_status)
        run->exit_status = EXIT_FAILED;
    say_failure(run, stage->name, &err);
    state_end_stage(&run->state, run->state.outcome);
    run_show(run, true);
    return -1;
}

static int run_stages(struct run *run)
{
    for (size_t i = 0; i < sizeof stages / sizeof *stages; i++)
        if (run_stage(run, &stages[i]) < 0)
            return run->exit_status;
    run->state.outcome = OUTCOME_DONE;
    run_show(run, true);
    run_leave(run);
    return EXIT_DONE;
}

/* Only in the appliance is the kernel's command line about us. */
static int take_command_line(struct run *run, const char *file, struct error *err)
{
    if (!file && !run->appliance)
        return 0;
    size_t length;
    cleanup_free char *line = job_read_text(file ? file : "/proc/cmdline", COMMAND_LINE_MAX, &length, err);
    return line ? job_parse_command_line(line, &run->job, err) : -1;
}

/* All that can be known of the job before the network is there. */
static int take_job(struct run *run, const struct run_arguments *arguments, struct error *err)
{
    if (take_command_line(run, arguments->command_line, err) < 0)
        return -1;
    const char *place = arguments->job ? arguments->job : run->job.job;
    if (!place)
        return job_check_disks(&run->job, err);
    if (!download_is_url(place))
        return job_fetch(place, &run->job, err) < 0 ? -1 : job_check_disks(&run->job, err);
    run->job_place = checked_copy(place);
    return 0;
}

static bool is_appliance(const struct run_arguments *arguments)
{
    return arguments->appliance || access(APPLIANCE_MARK, F_OK) == 0;
}

static int start(struct run *run, const struct run_arguments *arguments)
{
    struct error err = {0};
    run->appliance = is_appliance(arguments);
    run->state.file = arguments->status;
    run->hardware_file = arguments->hardware;
    /* Called from a shell, it is this terminal that speaks; called by init, every console. */
    console_open(&run->console, run->appliance && !isatty(STDIN_FILENO));
    int taken = take_job(run, arguments, &err);
    run->job.restart |= arguments->restart;
    if (taken == 0)
        return run_stages(run);
    run->exit_status = EXIT_USAGE;
    say_failure(run, "job", &err);
    run_show(run, true);
    return EXIT_USAGE;
}

static void free_disk(struct run_disk *disk)
{
    target_free(&disk->target);
    source_close(&disk->source);
    used_free(&disk->map);
    pull_result_free(&disk->pulled);
    free(disk->lost);
}

static void run_free(struct run *run)
{
    job_free(&run->job);
    state_free(&run->state);
    hardware_free(&run->hardware);
    for (unsigned i = 0; i < DISKS_MAX; i++)
        free_disk(&run->disks[i]);
    guest_keys_forget(&run->keys);
    text_free(&run->changed);
    boot_entry_wish_free(&run->boot_entry);
    free(run->job_place);
    free(run->mac);
    console_close(&run->console);
}

int command_run(int argc, char **argv)
{
    struct run_arguments arguments = {0};
    const struct option_row rows[] = {
        {.name = "job", .argument = "FILE|URL", .help = "what is to be done (rehost-job(5)); what is missing is asked", .value = &arguments.job},
        {.name = "status", .argument = "FILE", .help = "keep the state of the move in FILE, as JSON", .value = &arguments.status},
        {.name = "command-line", .argument = "FILE", .help = "read rehost.KEY=VALUE words from FILE, not from /proc/cmdline", .value = &arguments.command_line},
        {.name = "hardware", .argument = "FILE", .help = "the machine that FILE describes stands in for this one; not in the appliance", .value = &arguments.hardware},
        {.name = "restart", .help = "forget a half-done copy on the target, and start over", .flag = &arguments.restart},
        {.name = "appliance", .help = "this machine is ours: bring up its network, reboot it at the end", .flag = &arguments.appliance},
        {0},
    };
    const struct usage usage = {"run", "", "Moves a server into this machine: the whole move, from the source to the reboot.", rows, 0, 0};
    int first, status;
    if (options_parse(&usage, argc, argv, &first, &status) < 0)
        return status;
    if (arguments.hardware && is_appliance(&arguments)) {
        fprintf(stderr, "rehost run: --hardware is for planning and tests; the appliance moves onto the machine that it runs on\n");
        return EXIT_USAGE;
    }
    struct run *run = checked_alloc(sizeof *run);
    status = start(run, &arguments);
    run_free(run);
    free(run);
    return status;
}
