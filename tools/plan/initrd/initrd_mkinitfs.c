/* mkinitfs of Alpine: `features` in /etc/mkinitfs/mkinitfs.conf names files of /etc/mkinitfs/features.d, and those name modules by
 * their path. The initrd then loads what the machine's modaliases ask for. */
#include <string.h>

#include "../../base/cleanup.h"
#include "../../guest/kernel/modules.h"
#include "../shell_config.h"
#include "initrd.h"

#define CONF_FILE "/etc/mkinitfs/mkinitfs.conf"
#define FEATURE "rehost"
#define FEATURE_FILE "/etc/mkinitfs/features.d/" FEATURE ".modules"

/* "kernel/drivers/block/virtio_blk.ko*": with every kind of compression that a later kernel's modules may have. */
static char *feature_of(const struct kernel *kernel, const struct strings *drivers)
{
    struct text out = {0};
    text_append(&out, "");
    for (size_t i = 0; i < drivers->count; i++) {
        const char *file = modules_file(kernel->modules, drivers->items[i]);
        const char *end = file ? strstr(file, ".ko") : NULL;
        if (end)
            text_printf(&out, "%.*s.ko*\n", (int)(end - file), file);
    }
    return text_take(&out);
}

static bool configure(struct planning *planning, const struct strings *drivers)
{
    cleanup_strings struct strings features = {0};
    strings_add(&features, FEATURE);
    cleanup_free char *text = planning_read(planning, CONF_FILE);
    cleanup_free char *words = text ? shell_setting(text, "features") : NULL;
    cleanup_free char *all = words_with_modules(words ? words : "base", &features, " ");
    cleanup_free char *quoted = checked_printf("\"%s\"", all);
    cleanup_free char *better = words ? shell_setting_replace(text, "features", quoted) : checked_printf("%sfeatures=%s\n", text ? text : "", quoted);
    cleanup_free char *feature = feature_of(planning->kernel, drivers);
    bool changes = planning_write(planning, FEATURE_FILE, feature, INITRD_WHY);
    return planning_write(planning, CONF_FILE, better, INITRD_WHY) || changes;
}

static bool names(const struct planning *planning, const char *driver)
{
    cleanup_free char *text = planning_read(planning, FEATURE_FILE);
    const char *cursor = text, *line;
    for (size_t length; text && next_line(&cursor, &line, &length);) {
        cleanup_free char *path = checked_copy_bytes(line, length);
        path[strcspn(path, "*")] = '\0';
        cleanup_free char *name = modules_name_of_path(path);
        if (string_is(name, driver))
            return true;
    }
    return false;
}

/* linux-lts has /boot/initramfs-lts: the flavour, not the version. */
static void run(struct planning *planning, const struct kernel *kernel, const struct strings *drivers, const char *why)
{
    const char *image = strrchr(kernel->image, '/') + 1;
    cleanup_free char *usual = checked_printf("/boot/initramfs-%s", string_starts(image, "vmlinuz-") ? image + strlen("vmlinuz-") : image);
    const char *path = kernel->initrd.path ? kernel->initrd.path : usual;
    (void)drivers; /* they stand in the file by now */
    initrd_plan_run(planning, (const char *const[]){"mkinitfs", "-o", path, kernel->version, NULL}, path, why);
}

const struct initrd_builder_ops mkinitfs_builder = {.file = CONF_FILE, .configure = configure, .names = names, .run = run};
