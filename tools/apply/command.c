/* rehost fix WHAT: carries the plan out, or takes the last fix back. */
#include <stdio.h>

#include "../base/cleanup.h"
#include "../base/options.h"
#include "../base/root.h"
#include "../firmware/boot_entry.h"
#include "../plan/choices.h"
#include "../plan/diff.h"
#include "apply.h"
#include "packages.h"

struct wishes {
    const char *const *disks; /* of the guest; it boots from the first */
    size_t disk_count;
    const char *hardware, *disk, *luks_key;
    struct guest_keys keys;
    struct nic_choices choices;
    struct strings packages;
    bool dry_run, undo, listen, boot_entry;
};

static struct plan_input input_of(const struct wishes *wishes, const struct guest *guest, const struct hardware *hardware)
{
    return (struct plan_input){.guest = guest, .hardware = hardware, .disk = wishes->disk, .nic_choices = wishes->choices.items, .nic_choice_count = wishes->choices.count,
                               .address_changes = &wishes->choices.addresses, .packages_follow = wishes->dry_run && wishes->packages.count};
}

static void tell(void *context, const struct operation *operation, size_t index, size_t count)
{
    (void)context;
    cleanup_free char *words = string_plain(operation_words(operation));
    printf("[%zu/%zu] %s: %s\n", index + 1, count, words, operation->why);
    fflush(stdout); /* a run takes minutes */
}

static void warn(void *context, const char *message)
{
    (void)context;
    printf("warning: %s.\n", message);
}

static void print_diffs(const struct guest *guest, const struct plan *plan)
{
    for (size_t i = 0; i < plan->operation_count; i++) {
        const struct operation *operation = &plan->operations[i];
        if (operation->kind != OPERATION_WRITE && operation->kind != OPERATION_REMOVE)
            continue;
        cleanup_free char *before = root_read(guest->root_fd, operation->path, ROOT_READ_MAX, NULL);
        cleanup_free char *diff = text_diff(before, operation->content);
        cleanup_free char *path = string_plain(checked_copy(operation->path));
        printf("\n--- %s\n%s", path, string_plain(diff));
    }
}

static int open_for(struct wishes *wishes, struct guest *guest, struct error *err)
{
    bool recovered = false;
    *guest = (struct guest){.root_fd = -1};
    int result;
    if (wishes->dry_run)
        result = guest_open_disks(wishes->disks, wishes->disk_count, GUEST_READ, &wishes->keys, guest, err);
    else if (wishes->undo)
        result = guest_open_disks(wishes->disks, wishes->disk_count, GUEST_WRITE, &wishes->keys, guest, err);
    else
        result = apply_open(wishes->disks, wishes->disk_count, &wishes->keys, guest, &recovered, err);
    if (recovered)
        printf("An earlier fix was cut off; what it had changed was put back first.\n");
    return result;
}

/* Shows the plan, and carries it out unless that is not wanted or would be wrong. An exit status. */
static int fix(const struct wishes *wishes, const struct guest *guest, struct hardware *hardware, struct error *err)
{
    struct plan plan;
    struct plan_input input = input_of(wishes, guest, hardware);
    if (listen_for_plan(wishes->listen, wishes->hardware, &input, hardware, err) < 0 || plan_make(&input, &plan, err) < 0)
        return EXIT_FAILED;
    cleanup_free char *text = plan_to_text(&plan, &input);
    int status = plan_is_blocked(&plan) ? EXIT_BLOCKED : EXIT_DONE;
    fputs(text, stdout);
    if (wishes->dry_run)
        print_diffs(guest, &plan);
    else if (status == EXIT_BLOCKED)
        printf("Nothing was changed: the plan has blockers.\n");
    else if (apply_plan(guest, &plan, NULL, &(struct apply_watch){.begins = tell, .warns = warn}, err) < 0)
        status = EXIT_FAILED;
    plan_free(&plan);
    return status;
}

/* As they stand on a command line; the caller's. */
static char *disk_words(const struct wishes *wishes)
{
    struct text words = {0};
    for (size_t i = 0; i < wishes->disk_count; i++)
        text_printf(&words, "%s%s", i ? " " : "", wishes->disks[i]);
    return text_take(&words);
}

/* What was changed must be what was wanted: planned anew, nothing may be left. */
static int check_again(const struct wishes *wishes, const struct guest *guest, struct hardware *hardware, struct error *err)
{
    struct plan plan;
    struct plan_input input = input_of(wishes, guest, hardware);
    if (plan_make(&input, &plan, err) < 0)
        return EXIT_FAILED;
    int status = EXIT_DONE;
    if (plan.operation_count) {
        cleanup_free char *text = plan_to_text(&plan, &input);
        error_set(err, "the fix did not bring what it was to bring; planned anew, this is still to be done:\n%s", text);
        cleanup_free char *all = disk_words(wishes);
        error_advise(err, "Look at `rehost prove %s`, and at what these programs of the guest do. `rehost fix --undo %s` takes the fix back.", all, all);
        status = EXIT_FAILED;
    }
    plan_free(&plan);
    return status;
}

typedef int guest_work(const struct wishes *wishes, const struct guest *guest, struct hardware *hardware, struct error *err);

static int with_guest(struct wishes *wishes, struct hardware *hardware, guest_work *work, struct error *err)
{
    struct guest guest;
    struct error closing = {0};
    if (open_for(wishes, &guest, err) < 0)
        return EXIT_FAILED;
    int status = work(wishes, &guest, hardware, err);
    if (guest_close(&guest, &closing) < 0 && status != EXIT_FAILED) {
        *err = closing;
        status = EXIT_FAILED;
    }
    return status;
}

static int undo(const struct wishes *wishes, const struct guest *guest, struct hardware *hardware, struct error *err)
{
    (void)wishes, (void)hardware;
    if (apply_undo(guest, err) < 0)
        return EXIT_FAILED;
    printf("The last fix was taken back.\n");
    return EXIT_DONE;
}

/* What the package manager refuses is no failure of ours: the guest stays as it was, and cannot be fixed so. */
static int install_packages(const struct wishes *wishes, const struct guest *guest, struct hardware *hardware, struct error *err)
{
    cleanup_strings struct strings installed = {0};
    (void)hardware;
    if (packages_install(guest, &wishes->packages, &installed, err) < 0) {
        printf("blocker: %s\n    way out: %s\n", err->message, err->advice[0] ? err->advice : "hand in other packages, or none.");
        return EXIT_BLOCKED;
    }
    for (size_t i = 0; i < installed.count; i++)
        printf("%s was installed.\n", installed.items[i]);
    return EXIT_DONE;
}

static int make_boot_entry(const struct wishes *wishes, const struct guest *guest, struct hardware *hardware, struct error *err)
{
    struct boot_entry_wish wish = {0};
    int result;
    if (hardware->firmware != FIRMWARE_UEFI)
        result = error_set(err, "%s was fixed, but this machine has no UEFI firmware that could take a boot entry", wishes->disks[0]);
    else if (!boot_entry_wish_for(guest, &wish))
        result = error_set(err, "%s was fixed, but no boot entry can be made: it has no EFI system partition with a boot loader", wishes->disks[0]);
    else
        result = boot_entry_make(&wish, wishes->disks[0], err);
    if (result == 0)
        printf("The firmware has a boot entry \"%s\" for it now (%s of partition %u).\n", wish.label, wish.loader, wish.partition);
    boot_entry_wish_free(&wish);
    return result < 0 ? EXIT_FAILED : EXIT_DONE;
}

static int fix_and_check(struct wishes *wishes, struct error *err)
{
    cleanup_hardware struct hardware hardware = {0};
    if (wishes->boot_entry && wishes->hardware) {
        error_set(err, "--boot-entry is about the firmware of this machine, and --hardware names another");
        return EXIT_FAILED;
    }
    if (wishes->undo)
        return with_guest(wishes, &hardware, undo, err);
    if (hardware_of(wishes->hardware, &hardware, err) < 0)
        return EXIT_FAILED;
    int status = wishes->packages.count && !wishes->dry_run ? with_guest(wishes, &hardware, install_packages, err) : EXIT_DONE;
    if (status == EXIT_DONE)
        status = with_guest(wishes, &hardware, fix, err);
    if (status != EXIT_DONE || wishes->dry_run)
        return status;
    status = with_guest(wishes, &hardware, check_again, err);
    if (status == EXIT_DONE)
        printf("Done: planned anew, nothing is left to be changed.\n");
    return status == EXIT_DONE && wishes->boot_entry ? with_guest(wishes, &hardware, make_boot_entry, err) : status;
}

static int take_packages(void *context, const char *argument)
{
    strings_add(context, argument);
    return *argument ? 0 : -1;
}

int command_fix(int argc, char **argv)
{
    struct wishes wishes = {0};
    const struct option_row rows[] = {
        {"hardware", "FILE", "fix for the machine that FILE describes, not for this one", .value = &wishes.hardware},
        {"disk", "NAME", "the disk of the machine that the guest lands on (default: its own, else the first)", .value = &wishes.disk},
        {"nic", "OLD=MAC", "the card MAC takes the settings of OLD: a name, a MAC or an address (may be repeated)", .take = take_nic_choice, .context = &wishes.choices},
        {"address", ADDRESS_ARGUMENT, ADDRESS_HELP, .take = take_address_change, .context = &wishes.choices},
        {"listen", NULL, LISTEN_HELP, .flag = &wishes.listen},
        {"packages", "PLACE", "install first: a .deb or .rpm file, a folder of them, or an URL (may be repeated)", .take = take_packages, .context = &wishes.packages},
        {"luks-key", "FILE", "opens what is encrypted by LUKS: the whole of FILE, or its one line", .value = &wishes.luks_key},
        {"dry-run", NULL, "show the plan and every line that would change; change nothing", .flag = &wishes.dry_run},
        {"boot-entry", NULL, "give this machine's UEFI firmware a boot entry for the guest, too", .flag = &wishes.boot_entry},
        {"undo", NULL, "take the last fix back", .flag = &wishes.undo},
        {0},
    };
    const struct usage usage = {"fix", "WHAT [WHAT]...", "Changes a guest so that it boots on this machine, as `rehost plan` shows it.\n" SEVERAL_DISKS_HELP, rows, 1, DISKS_MAX};
    int first, status;
    if (options_parse(&usage, argc, argv, &first, &status) == 0) {
        struct error err = {0};
        wishes.disks = (const char *const *)&argv[first];
        wishes.disk_count = (size_t)(argc - first);
        status = guest_keys_add_file(&wishes.keys, wishes.luks_key, &err) < 0 ? EXIT_FAILED : fix_and_check(&wishes, &err);
        if (status == EXIT_FAILED)
            fprintf(stderr, "rehost: fix: %s\n%s%s", err.message, err.advice, err.advice[0] ? "\n" : "");
    }
    nic_choices_free(&wishes.choices);
    strings_free(&wishes.packages);
    guest_keys_forget(&wishes.keys);
    return status;
}
