/* GRUB 2: the root file system by UUID, now and after the guest's next update-grub. */
#include "grub2.h"

#include <string.h>

#include "../../base/cleanup.h"
#include "../../guest/boot/grub2_config.h"
#include "../../guest/devices.h"
#include "../planning.h"
#include "bls.h"
#include "boot_loader.h"
#include "debconf.h"

#define DEFAULTS "/etc/default/grub"
#define DEBCONF "/var/cache/debconf/config.dat"
#define SUSE_DEVICES "/etc/default/grub_installdevice"
#define INSTALL_DEVICES "grub-pc/install_devices"
#define COMMENT " # taken out by rehost: device names belong to the machine that this server came from"
#define UPDATE_SECONDS 600
#define ENVIRONMENT_BYTES 1024 /* GRUB writes into the block where it lies: its length never changes (grub-editenv(1)) */

static size_t name_length(const char *line)
{
    size_t length = 0;
    while (line[length] == '_' || (line[length] >= 'A' && line[length] <= 'Z'))
        length++;
    return length;
}

/* GRUB_DISABLE_UUID came with GRUB 2.04; both make grub-mkconfig write root=/dev/sda1. */
static bool disables_uuid(const char *line, size_t length)
{
    size_t name = name_length(line);
    bool is = (name == 23 && strncmp(line, "GRUB_DISABLE_LINUX_UUID", 23) == 0) || (name == 17 && strncmp(line, "GRUB_DISABLE_UUID", 17) == 0);
    return is && memmem(line, length, "true", 4);
}

/* A title may hold what the shell or grubenv would take for something else. */
static bool is_plain_word(const char *value)
{
    return !strpbrk(value, "\"'\\$`\n#");
}

struct new_default {
    const char *id;
    bool done;
};

static void replace_default(struct text *out, const char *line, size_t length, void *context)
{
    struct new_default *new_default = context;
    if (length < 13 || strncmp(line, "GRUB_DEFAULT=", 13) != 0) {
        text_append_bytes(out, line, length);
        return;
    }
    text_printf(out, "GRUB_DEFAULT=\"%s\"", new_default->id);
    new_default->done = true;
}

char *grub2_defaults_with_default(const char *text, const char *id)
{
    struct new_default new_default = {.id = id};
    if (!is_plain_word(id))
        return NULL;
    cleanup_free char *better = text_rewrite_lines(text, replace_default, &new_default);
    return new_default.done ? take_pointer(better) : checked_printf("GRUB_DEFAULT=\"%s\"\n%s", id, text);
}

char *grub2_environment_with(const char *environment, const char *name, const char *value)
{
    const char *line;
    size_t size = strlen(environment) < ENVIRONMENT_BYTES ? ENVIRONMENT_BYTES : strlen(environment), name_length = strlen(name);
    cleanup_text struct text out = {0};
    text_append(&out, "# GRUB Environment Block\n");
    for (size_t length; next_line(&environment, &line, &length);)
        if (length && *line != '#' && !(length > name_length && strncmp(line, name, name_length) == 0 && line[name_length] == '='))
            text_printf(&out, "%.*s\n", (int)length, line);
    text_printf(&out, "%s=%s\n", name, value);
    if (!is_plain_word(value) || out.length > size)
        return NULL;
    while (out.length < size)
        text_append(&out, "#");
    return text_take(&out);
}

static bool is_command_line(const char *line)
{
    return string_starts(line, "GRUB_CMDLINE_LINUX") || string_starts(line, "export GRUB_CMDLINE_LINUX");
}

static void settle_line(struct text *out, const char *line, size_t length, void *context)
{
    if (disables_uuid(line, length)) {
        text_append(out, "#");
        text_append_bytes(out, line, length);
        text_append(out, COMMENT);
    } else if (is_command_line(line))
        command_line_settle(out, line, length, context);
    else
        text_append_bytes(out, line, length);
}

char *grub2_defaults_settled(const char *text, const struct command_line_rules *rules)
{
    return text_rewrite_lines(text, settle_line, (void *)rules);
}

static void settle_defaults(struct planning *planning, const char *path)
{
    struct command_line_rules rules = command_line_rules_of(planning);
    cleanup_free char *text = planning_read(planning, path);
    cleanup_free char *better = text ? grub2_defaults_settled(text, &rules) : NULL;
    if (better && planning_write(planning, path, better, "names the root file system by UUID, after every later update-grub too"))
        planning->loader_is_stale = true;
}

/* The name that the moved guest's kernel will give to the disk: the same drivers give the same name here. */
static char *new_disk_name(const struct planning *planning)
{
    return planning->plan->disk ? checked_printf("/dev/%s", planning->plan->disk->name) : NULL;
}

/* grub-pc's next upgrade writes its boot code to the disk that debconf names, and stops in the middle when there is none
 * of that name (Debian bug 554790 and its many duplicates). */
static void settle_debconf(struct planning *planning)
{
    cleanup_free char *text = planning_read(planning, DEBCONF);
    cleanup_free char *old = text ? debconf_value(text, INSTALL_DEVICES) : NULL;
    cleanup_free char *new = new_disk_name(planning);
    if (!old || !*old || !new || string_is(old, new))
        return;
    if (strchr(old, ',') || !device_name_is_unstable(old)) {
        planning_warn(planning, "after the move run `dpkg-reconfigure grub-pc` and choose the disk.",
                      "the package grub-pc installs its boot code on %s when it is upgraded; that is left as it is", old);
        return;
    }
    cleanup_free char *better = debconf_replace(text, INSTALL_DEVICES, new);
    cleanup_free char *why = checked_printf("lets the next upgrade of grub-pc install itself on %s, as %s belongs to the old machine", new, old);
    if (better)
        planning_write(planning, DEBCONF, better, why);
}

/* A list of BIOS disks made by grub-install of old. GRUB tools that find it believe it, and need none. */
static void settle_device_map(struct planning *planning)
{
    const char *config = planning->guest->boot.config;
    cleanup_free char *path = checked_printf("%.*s/device.map", (int)(strrchr(config, '/') - config), config);
    cleanup_free char *text = planning_read(planning, path);
    cleanup_free char *new = new_disk_name(planning);
    if (!text || !new || strstr(text, new))
        return;
    if (planning_remove(planning, path, "names the old machine's disks; GRUB finds the disks by itself"))
        planning->loader_is_stale = true;
}

static void rename_device(struct text *out, const char *line, size_t length, void *context)
{
    cleanup_free char *device = checked_copy_bytes(line, length);
    unsigned number = 0;
    cleanup_free char *disk = device_disk_name(device, &number);
    bool is_old = disk && number == 0 && !string_is(device, context);
    text_append(out, is_old ? (const char *)context : device);
}

/* Where SUSE's next update of GRUB writes its boot code: a device name on a line. */
static void settle_suse_devices(struct planning *planning)
{
    cleanup_free char *text = planning_read(planning, SUSE_DEVICES), *new = new_disk_name(planning);
    cleanup_free char *better = text && new ? text_rewrite_lines(text, rename_device, new) : NULL;
    if (better)
        planning_write(planning, SUSE_DEVICES, better, "lets the next update of GRUB install itself on this machine's disk");
}

static void run_update(struct planning *planning)
{
    const char *config = planning->guest->boot.config;
    const char *update_grub[] = {"update-grub", NULL};
    const char *mkconfig[] = {system_has_program(planning->guest->root_fd, "grub2-mkconfig") ? "grub2-mkconfig" : "grub-mkconfig", "-o", config, NULL};
    bool has_update_grub = system_has_program(planning->guest->root_fd, "update-grub");
    const char *const *argv = has_update_grub ? update_grub : mkconfig;
    if (!planning->guest->disk.device) { /* grub-probe finds no device of the root then, and the menu would be empty */
        planning_warn(planning, "name the disk or its image, not a directory.", "%s stays as it is: %s needs the disk, and only a directory was given", config, argv[0]);
        return;
    }
    struct operation *run = planning_run(planning, argv, UPDATE_SECONDS, "writes GRUB's configuration from its settings");
    strings_add(&run->changes, config);
}

/* The words that are left in grub.cfg of a menu made of files: "set kernelopts=…". */
static bool sets_kernel_options(const char *line, size_t length)
{
    return memmem(line, length, "set kernelopts=", 15) != NULL;
}

static bool holds_kernel_options(const char *line, size_t length)
{
    return length > 11 && strncmp(line, "kernelopts=", 11) == 0;
}

/* RHEL 8 and later: the entries are files that no program writes anew, and what they share stands in grubenv. */
static void settle_entries(struct planning *planning)
{
    const struct boot_loader *boot = &planning->guest->boot;
    bls_plan_entries(planning, boot->entries_directory);
    command_line_plan_file(planning, boot->config, sets_kernel_options, true);
    cleanup_free char *text = boot->environment ? planning_read(planning, boot->environment) : NULL;
    cleanup_free char *old = text ? grub2_environment_value(text, "kernelopts") : NULL;
    cleanup_free char *line = old ? checked_printf("kernelopts=%s", old) : NULL;
    cleanup_text struct text settled = {0};
    struct command_line_rules rules = command_line_rules_of(planning);
    rules.keep_lost_root = true;
    if (!line || !holds_kernel_options(line, strlen(line)))
        return;
    command_line_settle(&settled, line, strlen(line), &rules);
    cleanup_free char *better = grub2_environment_with(text, "kernelopts", settled.data + 11);
    if (better)
        planning_write(planning, boot->environment, better, "names the root file system by what it is, in every entry of the menu");
}

static void settle_default(struct planning *planning)
{
    static const char why[] = "starts the kernel that drives this machine";
    const struct boot_loader *boot = &planning->guest->boot;
    const char *id = planning->new_default ? planning->new_default->id : NULL;
    if (!planning->new_default)
        return;
    bool saved = boot->default_is_saved && boot->environment;
    cleanup_free char *text = planning_read(planning, saved ? boot->environment : DEFAULTS);
    cleanup_free char *better = !id ? NULL : saved ? grub2_environment_with(text ? text : "", "saved_entry", id) : grub2_defaults_with_default(text ? text : "", id);
    if (!better)
        planning_block(planning, "make that kernel the default on the source.", "GRUB's entry \"%s\" cannot be made the default: its title cannot be written into %s",
                       planning->new_default->title, saved ? boot->environment : DEFAULTS);
    else if (planning_write(planning, saved ? boot->environment : DEFAULTS, better, why) && !saved)
        planning->loader_is_stale = true;
}

void plan_grub2(struct planning *planning)
{
    const struct boot_loader *boot = &planning->guest->boot;
    cleanup_strings struct strings snippets = {0};
    planning_list(planning, "/etc/default/grub.d", ".cfg", &snippets);
    if (planning_is_plain(planning, DEFAULTS))
        settle_defaults(planning, DEFAULTS);
    for (size_t i = 0; i < snippets.count; i++)
        settle_defaults(planning, snippets.items[i]);
    settle_debconf(planning);
    settle_device_map(planning);
    settle_suse_devices(planning);
    settle_default(planning);
    if (boot->entries_directory) {
        settle_entries(planning);
        return;
    }
    if (boot->default_root && device_name_is_unstable(boot->default_root))
        planning->loader_is_stale = true;
    if (planning->loader_is_stale)
        run_update(planning);
}
