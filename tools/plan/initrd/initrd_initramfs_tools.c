/* initramfs-tools of Debian and Ubuntu: /etc/initramfs-tools/modules names what every initrd holds. */
#include <string.h>

#include "../../base/cleanup.h"
#include "../../guest/devices.h"
#include "../planning.h"
#include "../shell_config.h"
#include "initrd.h"

#define MODULES_FILE "/etc/initramfs-tools/modules"

/* A line is a module and perhaps its parameters; all behind a '#' is a comment. */
static bool text_names(const char *text, const char *driver)
{
    const char *line;
    for (size_t length; next_line(&text, &line, &length);) {
        cleanup_free char *copy = checked_copy_bytes(line, length);
        char *word = string_trim(copy);
        word[strcspn(word, " \t")] = '\0';
        if (words_name_module(word, driver))
            return true;
    }
    return false;
}

char *initramfs_modules_with(const char *text, const struct strings *drivers)
{
    cleanup_free char *own = text_with_block(text, "");
    cleanup_text struct text body = {0};
    text_append(&body, "");
    for (size_t i = 0; i < drivers->count; i++)
        if (!text_names(own, drivers->items[i]))
            text_printf(&body, "%s\n", drivers->items[i]);
    return text_with_block(own, body.data);
}

/* initramfs-tools reads initramfs.conf, then conf.d/ in the order of names: the last setting holds. */
static void list_settings(const struct planning *planning, struct strings *files)
{
    strings_add(files, "/etc/initramfs-tools/initramfs.conf");
    planning_list(planning, "/etc/initramfs-tools/conf.d", "", files);
}

static char *modules_policy(const struct planning *planning)
{
    cleanup_strings struct strings files = {0};
    list_settings(planning, &files);
    char *policy = NULL;
    for (size_t i = 0; i < files.count; i++) {
        cleanup_free char *text = planning_read(planning, files.items[i]);
        char *value = text ? shell_setting(text, "MODULES") : NULL;
        if (value) {
            free(policy);
            policy = value;
        }
    }
    return policy ? policy : checked_copy("most");
}

static bool names(const struct planning *planning, const char *driver)
{
    cleanup_free char *text = planning_read(planning, MODULES_FILE);
    return text && text_names(text, driver);
}

static bool takes_only_the_list(const struct planning *planning)
{
    cleanup_free char *policy = modules_policy(planning);
    return !string_is(policy, "most") && !string_is(policy, "dep"); /* with these it finds what it needs on the new machine */
}

/* `lost` stands in the place of what is on none of these disks; NULL: that stays. */
static void settle_device(struct planning *planning, const char *file, const char *name, const char *lost, const char *why)
{
    cleanup_free char *text = planning_read(planning, file);
    cleanup_free char *device = text ? shell_setting(text, name) : NULL;
    if (!device || !device_name_is_unstable(device))
        return;
    cleanup_free char *by_uuid = device_by_uuid(planning->guest, device);
    const char *value = by_uuid ? by_uuid : lost;
    cleanup_free char *better = value ? shell_setting_replace(text, name, value) : NULL;
    if (better && planning_write(planning, file, better, why))
        planning->initrd_is_stale = true;
}

/* A name of the old machine's swap makes the initrd wait for it, 30 seconds or for ever. ROOT is for loaders that hand no root= over. */
static void settle_devices(struct planning *planning)
{
    cleanup_strings struct strings files = {0};
    list_settings(planning, &files);
    for (size_t i = 0; i < files.count; i++) {
        settle_device(planning, files.items[i], "RESUME", "none", "names the swap to resume from by UUID, as its device name belongs to the old machine");
        settle_device(planning, files.items[i], "ROOT", NULL, "names the root file system by UUID, as its device name belongs to the old machine");
    }
}

/* "update_initramfs=no" turns `update-initramfs -u` into nothing, which then ends well. */
static bool is_usable(struct planning *planning)
{
    cleanup_free char *text = planning_read(planning, "/etc/initramfs-tools/update-initramfs.conf");
    cleanup_free char *value = text ? shell_setting(text, "update_initramfs") : NULL;
    if (!string_is(value, "no"))
        return true;
    planning_block(planning, "set update_initramfs=yes there on the source.",
                   "/etc/initramfs-tools/update-initramfs.conf says update_initramfs=no, so the initrd cannot be made anew");
    return false;
}

static void run(struct planning *planning, const struct kernel *kernel, const struct strings *drivers, const char *why)
{
    (void)drivers;
    const char *argv[] = {"update-initramfs", kernel->initrd.path ? "-u" : "-c", "-k", kernel->version, NULL};
    struct operation *run = planning_run(planning, argv, INITRD_SECONDS, why);
    cleanup_free char *usual = checked_printf("/boot/initrd.img-%s", kernel->version);
    cleanup_free char *sum = checked_printf("/var/lib/initramfs-tools/%s", kernel->version);
    strings_add(&run->changes, kernel->initrd.path ? kernel->initrd.path : usual);
    strings_add_new(&run->changes, usual);
    strings_add(&run->changes, sum); /* its SHA-1, by which an older initramfs-tools knows that the initrd is its own */
}

const struct initrd_builder_ops initramfs_tools_builder = {
    .file = MODULES_FILE,
    .settle = settle_devices,
    .with_drivers = initramfs_modules_with,
    .names = names,
    .takes_only_the_list = takes_only_the_list,
    .is_usable = is_usable,
    .run = run,
};
