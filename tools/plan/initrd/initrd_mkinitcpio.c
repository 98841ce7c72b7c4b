/* mkinitcpio of Arch and its relatives: MODULES in /etc/mkinitcpio.conf, a bash array (a string before 2017). Its hook `autodetect`
 * takes what the machine has that it runs on; MODULES come in addition. */
#include <string.h>

#include "../../base/cleanup.h"
#include "../shell_config.h"
#include "initrd.h"

#define CONF_FILE "/etc/mkinitcpio.conf"

/* What MODULES holds by its lines, however often they add to it; an array may go over several lines. The caller's. */
static char *modules_of(const char *text)
{
    struct text words = {0};
    const char *line;
    bool inside = false;
    for (size_t length; next_line(&text, &line, &length);) {
        cleanup_free char *copy = checked_copy_bytes(line, length);
        copy[strcspn(copy, "#")] = '\0';
        char *own = string_trim(copy);
        bool starts = string_starts(own, "MODULES=") || string_starts(own, "MODULES+=");
        if (!starts && !inside)
            continue;
        inside = starts ? strchr(own, '(') && !strchr(own, ')') : !strchr(own, ')');
        text_printf(&words, "%s ", starts ? strchr(own, '=') + 1 : own);
    }
    return text_take(&words);
}

char *mkinitcpio_conf_with(const char *text, const struct strings *drivers)
{
    cleanup_free char *own = text_with_block(text, ""), *named = modules_of(own);
    cleanup_strings struct strings missing = {0};
    for (size_t i = 0; i < drivers->count; i++)
        if (!words_name_module(named, drivers->items[i]))
            strings_add(&missing, drivers->items[i]);
    cleanup_free char *words = strings_join(&missing, " ");
    bool is_string = strstr(own, "\nMODULES=\"") || string_starts(own, "MODULES=\"");
    cleanup_free char *body = !missing.count ? checked_copy("") : checked_printf(is_string ? "MODULES+=\" %s\"\n" : "MODULES+=(%s)\n", words);
    return text_with_block(own, body);
}

static bool names(const struct planning *planning, const char *driver)
{
    cleanup_free char *text = planning_read(planning, CONF_FILE);
    cleanup_free char *named = text ? modules_of(text) : NULL;
    return named && words_name_module(named, driver);
}

static void run(struct planning *planning, const struct kernel *kernel, const struct strings *drivers, const char *why)
{
    cleanup_free char *path = initrd_path_of(kernel, "/boot/initramfs-%s.img");
    (void)drivers; /* they stand in the file by now */
    initrd_plan_run(planning, (const char *const[]){"mkinitcpio", "-k", kernel->version, "-g", path, NULL}, path, why);
}

const struct initrd_builder_ops mkinitcpio_builder = {.file = CONF_FILE, .with_drivers = mkinitcpio_conf_with, .names = names, .looks_at_the_machine = true, .run = run};
