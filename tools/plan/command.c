/* rehost plan WHAT: shows what has to change; changes nothing. */
#include <stdio.h>

#include "../base/cleanup.h"
#include "../base/options.h"
#include "choices.h"
#include "plan.h"

/* Prints the plan; an exit status. */
static int show(const struct plan_input *input, bool json, struct error *err)
{
    struct plan plan;
    if (plan_make(input, &plan, err) < 0)
        return EXIT_FAILED;
    int status = plan_is_blocked(&plan) ? EXIT_BLOCKED : EXIT_DONE;
    if (json && json_print(plan_to_json(&plan, input)) != EXIT_DONE)
        status = EXIT_FAILED;
    if (!json) {
        cleanup_free char *text = plan_to_text(&plan, input);
        if (fputs(text, stdout) < 0 || fflush(stdout) != 0)
            status = EXIT_FAILED;
    }
    plan_free(&plan);
    return status;
}

struct wishes {
    const char *const *disks; /* of the guest */
    size_t disk_count;
    const char *hardware, *disk, *luks_key;
    struct nic_choices choices;
    bool listen, json;
};

static int plan_of(const struct wishes *wishes, struct error *err)
{
    struct guest guest = {.root_fd = -1};
    cleanup_hardware struct hardware hardware = {0};
    cleanup_keys struct guest_keys keys = {0};
    if (hardware_of(wishes->hardware, &hardware, err) < 0 || guest_keys_add_file(&keys, wishes->luks_key, err) < 0 ||
        guest_open_disks(wishes->disks, wishes->disk_count, GUEST_READ, &keys, &guest, err) < 0)
        return EXIT_FAILED;
    struct plan_input input = {.guest = &guest, .hardware = &hardware, .disk = wishes->disk, .nic_choices = wishes->choices.items,
                               .nic_choice_count = wishes->choices.count, .address_changes = &wishes->choices.addresses};
    int status = listen_for_plan(wishes->listen, wishes->hardware, &input, &hardware, err) < 0 ? EXIT_FAILED : show(&input, wishes->json, err);
    struct error closing = {0};
    if (guest_close(&guest, &closing) < 0 && status != EXIT_FAILED) {
        *err = closing;
        status = EXIT_FAILED;
    }
    return status;
}

int command_plan(int argc, char **argv)
{
    struct wishes wishes = {0};
    const struct option_row rows[] = {
        {"hardware", "FILE", "plan for the machine that FILE describes, not for this one", .value = &wishes.hardware},
        {"disk", "NAME", "the disk of the machine that the guest lands on (default: its own, else the first)", .value = &wishes.disk},
        {"nic", "OLD=MAC", "the card MAC takes the settings of OLD: a name, a MAC or an address (may be repeated)", .take = take_nic_choice, .context = &wishes.choices},
        {"address", ADDRESS_ARGUMENT, ADDRESS_HELP, .take = take_address_change, .context = &wishes.choices},
        {"listen", NULL, LISTEN_HELP, .flag = &wishes.listen},
        {"luks-key", "FILE", "opens what is encrypted by LUKS: the whole of FILE, or its one line", .value = &wishes.luks_key},
        {"json", NULL, "print one JSON document", .flag = &wishes.json},
        {0},
    };
    const struct usage usage = {"plan", "WHAT [WHAT]...", "Shows what has to change in a guest for it to boot on this machine. Changes nothing.\n" SEVERAL_DISKS_HELP, rows, 1, DISKS_MAX};
    int first, status;
    if (options_parse(&usage, argc, argv, &first, &status) == 0) {
        struct error err = {0};
        wishes.disks = (const char *const *)&argv[first];
        wishes.disk_count = (size_t)(argc - first);
        status = plan_of(&wishes, &err);
        if (status == EXIT_FAILED && err.message[0])
            fprintf(stderr, "rehost: plan: %s\n", err.message);
        if (err.advice[0])
            fprintf(stderr, "%s\n", err.advice);
    }
    nic_choices_free(&wishes.choices);
    return status;
}
