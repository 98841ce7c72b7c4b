/* GRUB legacy: menu.lst (grub.conf of Red Hat) is what boots, and Debian's update-grub keeps its settings in comments there. */
#include <string.h>

#include "../../base/cleanup.h"
#include "../../guest/devices.h"
#include "../planning.h"
#include "boot_loader.h"

#define DEVICE_MAP "/boot/grub/device.map"

static size_t blanks(const char *line, size_t length)
{
    size_t count = 0;
    while (count < length && (line[count] == ' ' || line[count] == '\t'))
        count++;
    return count;
}

/* "kernel …", "module …" (below Xen), and Debian's "# kopt=root=/dev/hda1 ro", "# kopt_2_6=…", "# xenkopt=…". */
static bool holds_arguments(const char *line, size_t length)
{
    static const char *const starts[] = {"kernel", "module", "# kopt", "# xenkopt", "# defoptions", "# altoptions"};
    size_t indent = blanks(line, length);
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++)
        if (length - indent > strlen(starts[i]) && string_starts(line + indent, starts[i]))
            return true;
    return false;
}

struct new_default {
    const char *number;
    bool done;
};

static void replace_default(struct text *out, const char *line, size_t length, void *context)
{
    struct new_default *new_default = context;
    size_t indent = blanks(line, length);
    bool is = length - indent > 8 && strncmp(line + indent, "default", 7) == 0 && strchr(" \t=", line[indent + 7]);
    if (!is) {
        text_append_bytes(out, line, length);
        return;
    }
    text_append_bytes(out, line, indent + 7 + 1);
    text_append(out, new_default->number);
    new_default->done = true;
}

char *grub_legacy_with_default(const char *text, const char *number)
{
    struct new_default new_default = {.number = number};
    cleanup_free char *better = text_rewrite_lines(text, replace_default, &new_default);
    return new_default.done ? take_pointer(better) : checked_printf("default %s\n%s", number, text);
}

struct renaming {
    const char *old, *new;
};

static void rename_disk(struct text *out, const char *line, size_t length, void *context)
{
    const struct renaming *renaming = context;
    cleanup_free char *copy = checked_copy_bytes(line, length);
    char *device = strstr(copy, renaming->old), *end = device ? device + strlen(renaming->old) : NULL;
    if (device && (!*end || *end == ' ' || *end == '\t' || *end == '\r'))
        text_printf(out, "%.*s%s%s", (int)(device - copy), copy, renaming->new, end);
    else
        text_append_bytes(out, line, length);
}

char *grub_legacy_device_map(const char *text, const char *old, const char *new)
{
    return text_rewrite_lines(text, rename_disk, &(struct renaming){old, new});
}

/* The line "(hd0) /dev/hda" → /dev/hda; the caller's. */
static char *first_disk(const char *map)
{
    const char *at = strstr(map, "(hd0)");
    if (!at)
        return NULL;
    at += 5 + strspn(at + 5, " \t");
    return checked_copy_bytes(at, strcspn(at, " \t\r\n"));
}

/* grub-install and update-grub ask it which BIOS disk /dev/hda is; without the right name they refuse. */
static void settle_device_map(struct planning *planning)
{
    cleanup_free char *text = planning_read(planning, DEVICE_MAP);
    cleanup_free char *old = text ? first_disk(text) : NULL;
    cleanup_free char *new = planning->plan->disk ? checked_printf("/dev/%s", planning->plan->disk->name) : NULL;
    if (!old || !new || string_is(old, new) || !device_name_is_unstable(old))
        return;
    cleanup_free char *better = grub_legacy_device_map(text, old, new);
    planning_write(planning, DEVICE_MAP, better, "names the disk as it is called on this machine");
}

/* SUSE's tools write the menu from here: DEFAULT_APPEND="resume=/dev/sda1 splash=silent". */
static bool is_suse_append(const char *line, size_t length)
{
    return memmem(line, length, "_APPEND", 7) && *line != '#';
}

void plan_grub_legacy(struct planning *planning)
{
    const char *config = planning->guest->boot.config;
    command_line_plan_file(planning, config, holds_arguments, true);
    command_line_plan_file(planning, "/etc/sysconfig/bootloader", is_suse_append, true);
    settle_device_map(planning);
    if (!planning->new_default)
        return;
    cleanup_free char *text = planning_read(planning, config);
    cleanup_free char *better = grub_legacy_with_default(text ? text : "", planning->new_default->id);
    planning_write(planning, config, better, "starts the kernel that drives this machine");
}
