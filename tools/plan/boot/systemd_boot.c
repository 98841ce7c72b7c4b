/* systemd-boot: the entries are files; which of them boots says loader.conf. What `bootctl set-default` once put into the old
 * machine's firmware stayed there. */
#include <string.h>

#include "../../base/cleanup.h"
#include "../planning.h"
#include "bls.h"
#include "boot_loader.h"

struct new_default {
    const char *pattern;
    bool done;
};

static void replace_default(struct text *out, const char *line, size_t length, void *context)
{
    struct new_default *new_default = context;
    bool is = length > 7 && strncmp(line, "default", 7) == 0 && strchr(" \t", line[7]);
    if (is)
        text_printf(out, "default %s", new_default->pattern);
    else
        text_append_bytes(out, line, length);
    new_default->done |= is;
}

char *systemd_boot_with_default(const char *text, const char *pattern)
{
    struct new_default new_default = {.pattern = pattern};
    cleanup_free char *better = text_rewrite_lines(text, replace_default, &new_default);
    return new_default.done ? take_pointer(better) : checked_printf("default %s\n%s", pattern, text);
}

void plan_systemd_boot(struct planning *planning)
{
    const struct boot_loader *boot = &planning->guest->boot;
    bls_plan_entries(planning, boot->entries_directory);
    if (!planning->new_default)
        return;
    cleanup_free char *text = planning_read(planning, boot->config);
    /* Before version 246 the name stood there without ".conf"; the star takes both. That of a unified image is whole. */
    cleanup_free char *pattern = checked_printf("%s*", planning->new_default->id);
    cleanup_free char *better = systemd_boot_with_default(text ? text : "", pattern);
    planning_write(planning, boot->config, better, "starts the kernel that drives this machine");
}
