/* See unified.h. Three programs make unified images: mkinitcpio by a preset that names one, dracut with uefi=yes, and systemd's kernel-install
 * with layout=uki, which Debian's update-initramfs calls. All of them take the command line from /etc/kernel/cmdline; where that is
 * missing they would take the one that the appliance was started with. */
#include "unified.h"

#include <string.h>

#include "../../base/cleanup.h"
#include "../boot/command_line.h"
#include "../shell_config.h"

#define COMMAND_LINE_FILE "/etc/kernel/cmdline"
#define PRESETS "/etc/mkinitcpio.d"

bool unified_holds(const struct kernel *kernel)
{
    return kernel->initrd.path && string_ends(kernel->initrd.path, ".efi");
}

/* The entry of the menu that is this image. */
static const struct boot_entry *entry_of(const struct planning *planning, const char *image)
{
    const struct boot_entries *menu = &planning->guest->boot.menu;
    for (size_t i = 0; i < menu->count; i++)
        if (menu->items[i].is_unified && string_is(menu->items[i].kernel, image))
            return &menu->items[i];
    return NULL;
}

static char *settled(struct planning *planning, const char *line)
{
    struct command_line_rules rules = command_line_rules_of(planning);
    struct text out = {0};
    rules.keep_lost_root = true;
    command_line_settle(&out, line, strlen(line), &rules);
    return text_take(&out);
}

static bool is_any(const char *line, size_t length)
{
    (void)line;
    return length > 0;
}

bool unified_settle_command_line(struct planning *planning)
{
    const struct boot_loader *boot = &planning->guest->boot;
    if (boot->menu.chosen >= boot->menu.count || !boot->menu.items[boot->menu.chosen].is_unified)
        return false;
    cleanup_free char *better = settled(planning, boot->default_arguments);
    if (string_is(better, boot->default_arguments))
        return false;
    command_line_plan_file(planning, COMMAND_LINE_FILE, is_any, true);
    return true;
}

/* What the programs would not find by themselves. */
static void keep_command_line(struct planning *planning, const char *image)
{
    cleanup_free char *there = planning_read(planning, COMMAND_LINE_FILE);
    const struct boot_entry *entry = entry_of(planning, image);
    if (there || !entry)
        return;
    cleanup_free char *line = settled(planning, entry->arguments), *text = checked_printf("%s\n", line);
    planning_write(planning, COMMAND_LINE_FILE, text, "keeps the kernel's command line, which stood in its unified image alone");
}

/* The value of a line of a preset: default_uki="/boot/efi/EFI/Linux/arch-linux.efi". The caller's, NULL for another line. */
static char *preset_image(const char *line, size_t length)
{
    cleanup_free char *copy = checked_copy_bytes(line, length);
    char *equals = strchr(copy, '=');
    if (*copy == '#' || !equals)
        return NULL;
    *equals = '\0';
    if (!string_ends(copy, "_uki") && !string_ends(copy, "_image") && !string_ends(copy, "_efi_image"))
        return NULL;
    char *value = equals + 1 + strspn(equals + 1, "\"'");
    return checked_copy_bytes(value, strcspn(value, "\"' \t#"));
}

/* All images that a preset makes; whether `wanted` is one of them. */
static bool preset_images(const char *text, const char *wanted, struct strings *images)
{
    const char *line;
    for (size_t length; next_line(&text, &line, &length);) {
        cleanup_free char *image = preset_image(line, length);
        if (image && *image == '/')
            strings_add_new(images, image);
    }
    return strings_contain(images, wanted);
}

static bool run_preset(struct planning *planning, const char *image, const char *why)
{
    cleanup_strings struct strings files = {0};
    planning_list(planning, PRESETS, ".preset", &files);
    for (size_t i = 0; i < files.count; i++) {
        cleanup_strings struct strings images = {0};
        cleanup_free char *text = planning_read(planning, files.items[i]);
        const char *file = strrchr(files.items[i], '/') + 1;
        cleanup_free char *name = checked_copy_bytes(file, strlen(file) - strlen(".preset"));
        if (!text || !preset_images(text, image, &images))
            continue;
        initrd_plan_run(planning, (const char *const[]){"mkinitcpio", "-p", name, NULL}, image, why);
        struct operation *run = &planning->plan->operations[planning->plan->operation_count - 1];
        for (size_t j = 0; j < images.count; j++)
            strings_add_new(&run->changes, images.items[j]);
        return true;
    }
    return false;
}

/* The last setting of NAME in dracut.conf and its directory. */
static bool dracut_makes_images(const struct planning *planning)
{
    bool makes = false;
    cleanup_strings struct strings files = {0};
    strings_add(&files, "/etc/dracut.conf");
    planning_list(planning, "/etc/dracut.conf.d", ".conf", &files);
    for (size_t i = 0; i < files.count; i++) {
        cleanup_free char *text = planning_read(planning, files.items[i]);
        cleanup_free char *value = text ? shell_setting(text, "uefi") : NULL;
        if (value)
            makes = string_is(value, "yes");
    }
    return makes;
}

static void run_dracut(struct planning *planning, const struct kernel *kernel, const char *why)
{
    cleanup_free char *text = planning_read(planning, COMMAND_LINE_FILE);
    cleanup_free char *line = checked_copy(text ? string_trim(text) : "");
    const char *const argv[] = {"dracut", "-f", "--uefi", "--kernel-cmdline", line, kernel->initrd.path, kernel->version, NULL};
    initrd_plan_run(planning, argv, kernel->initrd.path, why);
}

/* "layout=uki" in kernel-install's configuration. */
static bool kernel_install_makes_images(const struct planning *planning)
{
    static const char *const files[] = {"/etc/kernel/install.conf", "/usr/lib/kernel/install.conf"};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        cleanup_free char *text = planning_read(planning, files[i]);
        cleanup_free char *layout = text ? shell_setting(text, "layout") : NULL;
        if (layout)
            return string_is(layout, "uki") && system_has_program(planning->guest->root_fd, "kernel-install");
    }
    return false;
}

void unified_plan_run(struct planning *planning, const struct initrd_builder_ops *builder, const struct kernel *kernel, const struct strings *drivers, const char *why)
{
    const char *image = kernel->initrd.path;
    keep_command_line(planning, image);
    if (builder == &mkinitcpio_builder && run_preset(planning, image, why))
        return;
    if (builder == &dracut_builder && dracut_makes_images(planning))
        run_dracut(planning, kernel, why);
    else if (builder == &initramfs_tools_builder && kernel_install_makes_images(planning))
        builder->run(planning, kernel, drivers, why);
    else
        planning_block(planning, "let it start its kernel by an entry in loader/entries on the source, with an initrd of its own; or let a preset of mkinitcpio, dracut (uefi=yes) or "
                       "kernel-install (layout=uki) make the image.",
                       "the server starts the unified kernel image %s, which has to be made anew (%s), and nothing that rehost knows in it makes it", image, why);
}
