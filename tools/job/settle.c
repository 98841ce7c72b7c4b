/* After the copy: the guest is changed for this machine, and it is proved that it will boot. */
#include <string.h>

#include "../apply/apply.h"
#include "../apply/packages.h"
#include "../base/cleanup.h"
#include "../prove/prove.h"
#include "run.h"

static void say_operation(void *context, const struct operation *operation, size_t index, size_t count)
{
    struct run *run = context;
    cleanup_free char *words = operation_words(operation);
    console_say(&run->console, "    [%zu/%zu] %s: %s%s\n", index + 1, count, operation->step, words,
                operation->kind == OPERATION_RUN ? " (this can take some minutes)" : "");
    text_printf(&run->changed, "%s: %s%s%s\n", operation->step, words, operation->why ? "\n    " : "", operation->why ? operation->why : "");
    run->changes++;
}

static void say_warning(void *context, const char *message)
{
    struct run *run = context;
    console_say(&run->console, "    warning: %s\n", message);
    text_printf(&run->changed, "    warning: %s\n", message);
}

/* The plan that was shown was made over the network, of a system that may have run on since: this one counts. */
static int plan_and_apply(struct run *run, const struct guest *guest, struct error *err)
{
    struct plan_input input = run_plan_input(run, guest);
    struct plan plan = {0};
    input.held_boot_code = run->disks[0].pulled.boot_code;
    run_listen(run, &input);
    if (plan_make(&input, &plan, err) < 0)
        return -1;
    cJSON_Delete(run->state.plan);
    run->state.plan = plan_to_json(&plan, &input);
    run_show(run, true);
    int result;
    if (plan_is_blocked(&plan)) {
        cleanup_free char *text = plan_to_text(&plan, &input);
        console_say_text(&run->console, text);
        run->exit_status = 3;
        result = error_set(err, "the system that was copied cannot be made to boot here; see the blockers above");
    } else
        result = apply_plan(guest, &plan, run->disks[0].pulled.boot_code, &(struct apply_watch){say_operation, say_warning, run}, err);
    plan_free(&plan);
    return result;
}

/* Before anything is planned; what they brought is known when the guest is opened anew. */
static int install_packages(struct run *run, struct error *err)
{
    struct guest guest = {0};
    const char *devices[DISKS_MAX];
    cleanup_strings struct strings installed = {0};
    if (!run->job.packages.count)
        return 0;
    run_devices(run, devices);
    if (apply_open(devices, run->disk_count, &run->keys, &guest, NULL, err) < 0)
        return -1;
    run->disks[0].target.state = TARGET_CHANGED;
    console_say(&run->console, "    installing the packages that were handed in (this can take some minutes) ...\n");
    int result = packages_install(&guest, &run->job.packages, &installed, err);
    run->exit_status = result < 0 ? 3 : run->exit_status;
    for (size_t i = 0; i < installed.count; i++) {
        console_say(&run->console, "    %s was installed\n", installed.items[i]);
        text_printf(&run->changed, "packages: install %s\n", installed.items[i]);
    }
    return guest_close(&guest, result < 0 ? NULL : err) < 0 ? -1 : result;
}

int stage_fix(struct run *run, struct error *err)
{
    struct guest guest = {0};
    const char *devices[DISKS_MAX];
    bool recovered = false;
    if (install_packages(run, err) < 0)
        return -1;
    run_devices(run, devices);
    if (apply_open(devices, run->disk_count, &run->keys, &guest, &recovered, err) < 0)
        return -1;
    run->disks[0].target.state = TARGET_CHANGED;
    if (recovered)
        console_say(&run->console, "    an earlier run was cut off in the middle of this; what it changed was taken back first\n");
    int result = plan_and_apply(run, &guest, err);
    if (guest_close(&guest, result < 0 ? NULL : err) < 0)
        return -1;
    return result;
}

static int say_broken(const struct proof *proof, struct error *err)
{
    for (size_t i = 0; i < proof->count; i++)
        if (proof->links[i].state == LINK_BROKEN) {
            error_set(err, "the boot chain is broken at \"%s\": %s", proof->links[i].name, proof->links[i].evidence);
            if (proof->links[i].way_out)
                error_advise(err, "%s", proof->links[i].way_out);
            return -1;
        }
    return error_set(err, "the boot chain is broken");
}

static int prove(struct run *run, const struct guest *guest, struct error *err)
{
    struct prove_input input = {.guest = guest, .hardware = &run->hardware, .disk = run->disks[0].target.name, .other_disks = run_other_disks(run),
                                .held_boot_code = run->disks[0].pulled.boot_code};
    struct proof proof = {0};
    if (prove_guest(&input, &proof, err) < 0)
        return -1;
    cleanup_free char *text = proof_to_text(&proof);
    console_say_text(&run->console, text);
    cJSON_Delete(run->state.proof);
    run->state.proof = proof_to_json(&proof);
    int result = proof_holds(&proof) ? 0 : say_broken(&proof, err);
    proof_free(&proof);
    return result;
}

int stage_prove(struct run *run, struct error *err)
{
    struct guest guest = {0};
    const char *devices[DISKS_MAX];
    run_devices(run, devices);
    if (guest_open_disks(devices, run->disk_count, GUEST_READ, &run->keys, &guest, err) < 0)
        return -1;
    int result = prove(run, &guest, err);
    if (result == 0 && run->hardware.firmware == FIRMWARE_UEFI)
        boot_entry_wish_for(&guest, &run->boot_entry);
    if (guest_close(&guest, result < 0 ? NULL : err) < 0)
        return -1;
    return result;
}
