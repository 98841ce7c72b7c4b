/* extlinux and syslinux: what boots, and the settings from which Debian's extlinux-update and Alpine's update-extlinux write it. */
#include <string.h>
#include <strings.h>

#include "../../base/cleanup.h"
#include "../planning.h"
#include "../shell_config.h"
#include "boot_loader.h"

#define DEBIAN_SETTINGS "/etc/default/extlinux"
#define ALPINE_SETTINGS "/etc/update-extlinux.conf"

/* The keyword of a line, in any case, with a blank behind it; where its value starts, or 0. */
static size_t value_of(const char *line, size_t length, const char *keyword)
{
    size_t at = 0, word = strlen(keyword);
    while (at < length && (line[at] == ' ' || line[at] == '\t'))
        at++;
    if (length - at <= word || strncasecmp(line + at, keyword, word) != 0 || !strchr(" \t", line[at + word]))
        return 0;
    for (at += word; at < length && (line[at] == ' ' || line[at] == '\t');)
        at++;
    return at;
}

static bool is_append(const char *line, size_t length)
{
    return value_of(line, length, "append") > 0;
}

struct new_default {
    const char *label;
    bool done;
};

static void replace_default(struct text *out, const char *line, size_t length, void *context)
{
    struct new_default *new_default = context;
    size_t start = value_of(line, length, "default"), on_timeout = value_of(line, length, "ontimeout"), menu = value_of(line, length, "menu");
    if (menu && length - menu == 7 && strncasecmp(line + menu, "default", 7) == 0)
        text_append_bytes(out, line, strspn(line, " \t")); /* another label's mark: the line is emptied */
    else if (new_default->label && (start || on_timeout)) {
        bool is_menu = start && length - start > 4 && strncmp(line + length - 4, ".c32", 4) == 0; /* DEFAULT menu.c32 shows the menu */
        text_append_bytes(out, line, is_menu ? length : start ? start : on_timeout);
        text_append(out, is_menu ? "" : new_default->label);
        new_default->done |= !is_menu;
    } else
        text_append_bytes(out, line, length);
}

char *extlinux_with_default(const char *text, const char *label)
{
    struct new_default new_default = {.label = label};
    cleanup_free char *better = text_rewrite_lines(text, replace_default, &new_default);
    return new_default.done || !label ? take_pointer(better) : checked_printf("ONTIMEOUT %s\n%s", label, better);
}

static bool is_debian_setting(const char *line, size_t length)
{
    (void)length;
    return string_starts(line, "EXTLINUX_ROOT=") || string_starts(line, "EXTLINUX_PARAMETERS=");
}

static bool is_alpine_setting(const char *line, size_t length)
{
    (void)length;
    return string_starts(line, "root=") || string_starts(line, "default_kernel_opts=");
}

static void settle_default(struct planning *planning, const struct strings *files)
{
    static const char why[] = "starts the kernel that drives this machine";
    static const char *const settings[][2] = {{DEBIAN_SETTINGS, "EXTLINUX_DEFAULT"}, {ALPINE_SETTINGS, "default"}};
    const char *label = planning->new_default->id;
    for (size_t i = 0; i < files->count; i++) {
        cleanup_free char *text = planning_read(planning, files->items[i]);
        bool is_main = string_is(files->items[i], planning->guest->boot.config);
        cleanup_free char *better = text ? extlinux_with_default(text, is_main ? label : NULL) : NULL;
        if (better)
            planning_write(planning, files->items[i], better, why);
    }
    for (size_t i = 0; i < 2; i++) {
        cleanup_free char *text = planning_read(planning, settings[i][0]), *quoted = checked_printf("\"%s\"", label);
        cleanup_free char *better = text && !strpbrk(label, "\"$`\\") ? shell_setting_replace(text, settings[i][1], quoted) : NULL;
        if (better)
            planning_write(planning, settings[i][0], better, why);
    }
}

/* The labels may stand in files that the main one includes, beside it. */
void plan_extlinux(struct planning *planning)
{
    const char *config = planning->guest->boot.config;
    cleanup_free char *directory = checked_copy_bytes(config, (size_t)(strrchr(config, '/') - config));
    cleanup_strings struct strings files = {0};
    planning_list(planning, directory, ".cfg", &files);
    strings_add_new(&files, config);
    for (size_t i = 0; i < files.count; i++)
        command_line_plan_file(planning, files.items[i], is_append, true);
    command_line_plan_file(planning, DEBIAN_SETTINGS, is_debian_setting, true);
    command_line_plan_file(planning, ALPINE_SETTINGS, is_alpine_setting, true);
    if (planning->new_default)
        settle_default(planning, &files);
}
