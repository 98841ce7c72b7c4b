/* Before anything is destroyed: the plan, made by reading the file systems of the sources over the network. */
#include <string.h>

#include "../base/cleanup.h"
#include "../guest/disk/attach.h"
#include "run.h"

#define LOOK_TRIES 3

static struct plan_input input_for(struct run *run, const struct guest *guest)
{
    struct plan_input input = run_plan_input(run, guest);
    input.packages_follow = run->job.packages.count > 0;
    return input;
}

static void keep_in_state(struct run *run, const struct plan *plan, const struct plan_input *input)
{
    cJSON_Delete(run->state.plan);
    run->state.plan = plan_to_json(plan, input);
}

/* The plan cannot be carried out; each blocker says its own way out. */
static int say_blocked(struct run *run, const struct plan *plan, struct error *err)
{
    size_t blockers = 0;
    const struct finding *first = NULL;
    for (size_t i = 0; i < plan->finding_count; i++)
        if (plan->findings[i].severity == SEVERITY_BLOCKER && blockers++ == 0)
            first = &plan->findings[i];
    run->exit_status = 3;
    if (first && blockers == 1)
        error_set(err, "%s: %s", first->step, first->message);
    else
        error_set(err, "the plan has %zu blockers, the first is %s: %s", blockers, first ? first->step : "?", first ? first->message : "?");
    return error_advise(err, "%s", first && first->way_out ? first->way_out : "See the plan above.");
}

/* Whether any card was given to a network only because both came in this order. */
static bool is_guessed(const struct plan *plan)
{
    for (size_t i = 0; i < plan->nic_move_count; i++)
        if (string_is(plan->nic_moves[i].by, "order"))
            return true;
    return false;
}

static void show_nics(struct run *run, const struct plan *plan)
{
    console_say(&run->console, "  Several network cards; this is how they would be used:\n");
    for (size_t i = 0; i < plan->nic_move_count; i++) {
        const struct nic_move *move = &plan->nic_moves[i];
        cleanup_free char *addresses = strings_join(&move->guest_nic->addresses, " ");
        console_say(&run->console, "    %s (%s) -> %s\n", move->guest_nic->name ? move->guest_nic->name : "(no name)", addresses, move->hardware_nic ? move->hardware_nic->mac : "no card is left");
    }
    for (size_t i = 0; i < run->hardware.nic_count; i++) {
        const struct hardware_nic *nic = &run->hardware.nics[i];
        console_say(&run->console, "    card %s: %s, %s\n", nic->mac, nic->driver ? nic->driver : "no driver",
                    nic->link == 1 ? "link" : nic->link == 0 ? "no link" : "link not known");
    }
}

/* 1: something was changed, plan again. 0: it stays as it is. */
static int ask_nics(struct run *run, const struct plan *plan, struct error *err)
{
    show_nics(run, plan);
    for (;;) {
        cleanup_free char *answer = NULL;
        if (run_ask(run, "Network cards (Enter: as shown, or NAME=MAC): ", NULL, &answer, err) < 0)
            return error_advise(err, "Give map= in the job (rehost-job(5)).");
        struct error wrong = {0};
        if (!*answer)
            return 0;
        if (job_add_map(&run->job, answer, &wrong) == 0)
            return 1;
        console_say(&run->console, "    %s. %s\n", wrong.message, wrong.advice);
    }
}

static int plan_once(struct run *run, const struct guest *guest, bool *again, struct error *err)
{
    struct plan plan = {0};
    struct plan_input input = input_for(run, guest);
    if (plan_make(&input, &plan, err) < 0)
        return -1;
    keep_in_state(run, &plan, &input);
    run->absent_file_systems = plan.absent_file_systems;
    int result = 0;
    *again = false;
    if (!plan_is_blocked(&plan) && !run->job.confirmed && is_guessed(&plan)) {
        result = ask_nics(run, &plan, err);
        *again = result == 1;
    }
    if (!*again) {
        cleanup_free char *text = plan_to_text(&plan, &input);
        console_say_text(&run->console, text);
        if (result == 0 && plan_is_blocked(&plan))
            result = say_blocked(run, &plan, err);
    }
    plan_free(&plan);
    return result < 0 ? -1 : 0;
}

static int plan_guest(struct run *run, const struct guest *guest, struct error *err)
{
    bool again;
    struct plan_input input = input_for(run, guest);
    run_listen(run, &input);
    do
        if (plan_once(run, guest, &again, err) < 0)
            return -1;
    while (again);
    return 0;
}

/* Without a map everything is copied. Taken before anything is mounted: partclone looks into no file system that is. */
static int find_map(struct run *run, unsigned i, const struct guest *guest, struct error *err)
{
    struct used_map *map = &run->disks[i].map;
    cJSON **shown = &run->state.disks[i].map;
    used_free(map);
    int result = run->job.all ? 0 : used_find_on(guest, map, err);
    cJSON_Delete(*shown);
    *shown = map->disk_bytes ? used_to_json(map) : NULL;
    return result;
}

static void show_maps(struct run *run)
{
    for (unsigned i = 0; i < run->disk_count; i++) {
        const struct used_map *map = &run->disks[i].map;
        cleanup_free char *table = map->disk_bytes ? used_to_text(map, "    ") : NULL;
        if (table && run->disk_count > 1)
            console_say(&run->console, "  Of %s:\n", run->job.disks[i].source);
        if (table)
            console_say_text(&run->console, table);
    }
}

/* A running server's file systems may not be readable as they are (a journal that would have to be replayed, a damage
 * that a check after the copy mends). That is no reason to stop, but whoever confirms has to know. */
static int go_on_without_plan(struct run *run, const struct error *failure, struct error *err)
{
    uint64_t size_bytes;
    for (unsigned i = 0; i < run->disk_count; i++)
        if (pull_source_size(run->job.disks[i].source, run->disks[i].source.nbd_uri, &size_bytes, err) < 0) /* it is the source itself that has gone */
            return error_prefix(err, "the source has gone away");
    console_say(&run->console, "    warning: the system on the source cannot be read before the copy: %s\n", failure->message);
    console_say(&run->console, "    It will be checked and planned for after the copy; if it cannot boot here, that will be known only then.\n");
    for (unsigned i = 0; i < run->disk_count && !run->job.all; i++)
        if (!run->disks[i].map.disk_bytes)
            console_say(&run->console, "    Of %s everything will be copied, as it cannot be told what is in use.\n", run->job.disks[i].source);
    return 0;
}

static int ask_passphrase(void *context, const char *question, char **answer, struct error *err)
{
    return run_ask_hidden(context, question, answer, err);
}

/* A job that is confirmed is left alone: what it needs has to stand in it. */
static int take_keys(struct run *run, struct error *err)
{
    run->keys.ask = run->job.confirmed ? NULL : ask_passphrase;
    run->keys.context = run;
    return run->keys.count ? 0 : guest_keys_add_file(&run->keys, run->job.luks_key, err);
}

static int attach_source(struct run *run, unsigned i, struct guest *guest, struct error *err)
{
    if (guest_attach_source(&run->disks[i].source, guest, err) < 0)
        return -1;
    if (find_map(run, i, guest, err) == 0)
        return 0;
    guest_close(guest, NULL);
    return -1;
}

static int attach_sources(struct run *run, struct guest *guest, struct error *err)
{
    if (attach_source(run, 0, guest, err) < 0)
        return -1;
    for (unsigned i = 1; i < run->disk_count; i++) {
        struct guest other;
        if (attach_source(run, i, &other, err) < 0) {
            guest_close(guest, NULL);
            return -1;
        }
        guest_add_disk(guest, &other);
    }
    return 0;
}

static bool is_any_lost(const struct guest *guest)
{
    bool lost = attach_answers(guest, NULL) < 0;
    for (size_t i = 0; i < guest->other_count; i++)
        lost |= attach_answers(&guest->others[i], NULL) < 0;
    return lost;
}

/* On -1 there is nothing to close; `lost`: it may be a source that failed, and not what is on it. */
static int look_in(struct run *run, struct guest *guest, bool *lost, struct error *err)
{
    *guest = (struct guest){0};
    *lost = true;
    if (attach_sources(run, guest, err) < 0)
        return -1;
    guest->keys = &run->keys;
    run->into_partition = guest_disk_is_bare(&guest->disk);
    if (guest_look_in(guest, err) == 0)
        return 0;
    *lost = is_any_lost(guest);
    guest_close(guest, NULL);
    return -1;
}

/* A source that is waited for; said once, however long that is. */
struct absent {
    struct run *run;
    const char *source;
    bool said;
};

static void say_absent(void *context, const char *trouble)
{
    struct absent *absent = context;
    if (!absent->said)
        console_say(&absent->run->console, "    %s: %s ...\n", absent->source, trouble);
    absent->said = true;
}

/* 1: all answer, and one had to be waited for; 0: all answer at once; -1: one does not come back. */
static int await_sources(struct run *run)
{
    bool waited = false;
    for (unsigned i = 0; i < run->disk_count; i++) {
        struct absent absent = {.run = run, .source = run->job.disks[i].source};
        const struct pull_options options = {.source = absent.source, .nbd_uri = run->disks[i].source.nbd_uri, .opened = &run->disks[i].source,
                                             .patience_seconds = run_patience(run)};
        if (pull_await(&options, say_absent, &absent, NULL) < 0)
            return -1;
        waited |= absent.said;
    }
    return waited;
}

/* A link that breaks each time is given up at some time, one that takes long to come back is not. */
static int look_in_with_patience(struct run *run, struct guest *guest, struct error *err)
{
    bool lost;
    int result = look_in(run, guest, &lost, err);
    for (unsigned tries = 1; result < 0 && lost && tries < LOOK_TRIES;) {
        int waited = await_sources(run);
        if (waited < 0)
            break;
        console_say(&run->console, "    %s; it answers again: reading once more ...\n", err->message);
        tries += !waited;
        result = look_in(run, guest, &lost, err);
    }
    return result;
}

static int look_and_plan(struct run *run, struct error *err)
{
    struct guest guest;
    struct error failure = {0};
    run->absent_file_systems = 0;
    if (look_in_with_patience(run, &guest, &failure) < 0)
        return go_on_without_plan(run, &failure, err);
    int result = plan_guest(run, &guest, err);
    return guest_close(&guest, result < 0 ? NULL : err) < 0 ? -1 : result;
}

/* The plan found that something of the server lies elsewhere: whoever is there may know where. 1: on a disk that was named now. */
static int ask_for_absent(struct run *run, struct error *err)
{
    if (!run->absent_file_systems || run->job.confirmed || run->disk_count == DISKS_MAX)
        return 0;
    return run_ask_another_disk(run, err);
}

int stage_plan(struct run *run, struct error *err)
{
    int again;
    if (take_keys(run, err) < 0)
        return -1;
    do {
        console_say(&run->console, "    reading the system on the source ...\n");
        if (look_and_plan(run, err) < 0 || (again = ask_for_absent(run, err)) < 0)
            return -1;
    } while (again);
    show_maps(run);
    return 0;
}
