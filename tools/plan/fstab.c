/* File systems by UUID: a device name belongs to the old machine's controllers. */
#include "fstab.h"

#include <string.h>

#include "../base/cleanup.h"
#include "../guest/devices.h"
#include "../guest/inspect.h"
#include "planning.h"

#define BLANKS " \t"

/* The next word of a line; NULL when there is none. The caller's. */
static char *take_word(const char **rest, const char *end)
{
    while (*rest < end && strchr(BLANKS, **rest))
        ++*rest;
    const char *start = *rest;
    while (*rest < end && !strchr(BLANKS, **rest))
        ++*rest;
    return *rest > start ? checked_copy_bytes(start, (size_t)(*rest - start)) : NULL;
}

static char *new_spec(const char *line, const char *end, fstab_resolver *resolve, void *context)
{
    cleanup_free char *spec = take_word(&line, end);
    cleanup_free char *file = take_word(&line, end);
    cleanup_free char *type = take_word(&line, end);
    return spec && file && type && *spec != '#' ? resolve(context, spec, file, type) : NULL;
}

char *fstab_by_uuid(const char *text, fstab_resolver *resolve, void *context)
{
    struct text out = {0};
    while (*text) {
        const char *end = text + strcspn(text, "\n");
        cleanup_free char *better = new_spec(text, end, resolve, context);
        if (better) {
            size_t indent = strspn(text, BLANKS);
            text_append_bytes(&out, text, indent);
            text_append(&out, better);
            text += indent;
            text += strcspn(text, BLANKS "\n");
        }
        if (*end)
            end++;
        text_append_bytes(&out, text, (size_t)(end - text));
        text = end;
    }
    return text_take(&out);
}

static bool is_optical_or_floppy(const char *spec, const char *type)
{
    return strstr(type, "iso9660") || strstr(type, "udf") || string_starts(spec, "/dev/cdrom") || string_starts(spec, "/dev/sr") ||
           string_starts(spec, "/dev/fd") || string_starts(spec, "/dev/floppy");
}

static char *resolve_by_uuid(void *context, const char *spec, const char *file, const char *type)
{
    struct planning *planning = context;
    if (is_optical_or_floppy(spec, type)) {
        planning_note(planning, "/etc/fstab names the drive %s for %s; the line stays as it is", spec, file);
        return NULL;
    }
    if (!device_name_is_unstable(spec))
        return NULL;
    const struct partition *partition = device_partition(planning->guest, spec);
    if (!partition)
        return NULL; /* said by find_missing */
    if (!device_holds(partition, type))
        planning_warn(planning, "look at the line in /etc/fstab; it is left as it is.", "/etc/fstab says that %s (%s) holds %s, but it holds %s",
                      spec, file, type, partition->fs_type ? partition->fs_type : "no known file system");
    else if (!partition->uuid)
        planning_warn(planning, "give the file system a UUID on the source.", "%s (%s) has no UUID, so /etc/fstab keeps its device name", spec, file);
    else
        return checked_printf("UUID=%s", partition->uuid);
    return NULL;
}

/* Does the entry name one file system, and is it on none of the disks at hand? By a name of its content, or by one that the old machine gave. */
static bool is_missing(const struct guest *guest, const struct fstab_entry *entry)
{
    static const char *const by_content[] = {"UUID=", "LABEL=", "PARTUUID=", "/dev/disk/by-uuid/", "/dev/disk/by-label/", "/dev/disk/by-partuuid/"};
    for (size_t i = 0; i < sizeof by_content / sizeof *by_content; i++)
        if (string_starts(entry->spec, by_content[i]))
            return guest->disk.partition_count && !guest_find_partition(guest, entry->spec);
    return device_name_is_unstable(entry->spec) && !is_optical_or_floppy(entry->spec, entry->type) && !device_partition(guest, entry->spec);
}

static void find_missing(struct planning *planning, const struct fstab_entry *entry)
{
    if (!is_missing(planning->guest, entry))
        return;
    if (!planning->guest->disk.device) {
        planning_warn(planning, "name the disk or its image, not a directory.",
                      "which file system %s for %s in /etc/fstab is cannot be told, as only a directory was given", entry->spec, entry->file);
        return;
    }
    planning->plan->absent_file_systems++;
    const char *where = planning->guest->other_count ? "on none of these disks" : "not on this disk";
    if (fstab_has_option(entry, "nofail") || fstab_has_option(entry, "noauto"))
        planning_note(planning, "%s for %s in /etc/fstab is %s; the line lets the boot go on without it", entry->spec, entry->file, where);
    else
        planning_warn(planning, "move that disk too, or put nofail among the options of that line.",
                      "%s for %s in /etc/fstab is %s: the boot will wait for it, and may stop", entry->spec, entry->file, where);
}

struct unit {
    const struct planning *planning;
    bool is_mount; /* within [Mount] */
};

/* What=/dev/sdb1 (systemd.mount(5)), which takes no UUID=: udev's link of that UUID stands for it. */
static void settle_unit_line(struct text *out, const char *line, size_t length, void *context)
{
    struct unit *unit = context;
    cleanup_free char *copy = checked_copy_bytes(line, length);
    if (*copy == '[')
        unit->is_mount = string_starts(copy, "[Mount]");
    const char *device = unit->is_mount && string_starts(copy, "What=") ? copy + strlen("What=") : NULL;
    const struct partition *partition = device && device_name_is_unstable(device) ? device_partition(unit->planning->guest, device) : NULL;
    if (partition && partition->uuid)
        text_printf(out, "What=/dev/disk/by-uuid/%s", partition->uuid);
    else
        text_append(out, copy);
}

static char *mount_unit_by_uuid(const struct planning *planning, const char *text)
{
    return text_rewrite_lines(text, settle_unit_line, &(struct unit){.planning = planning});
}

static void settle_mount_units(struct planning *planning)
{
    cleanup_strings struct strings units = {0};
    planning_list(planning, "/etc/systemd/system", ".mount", &units);
    for (size_t i = 0; i < units.count; i++) {
        cleanup_free char *text = planning_read(planning, units.items[i]);
        cleanup_free char *better = text ? mount_unit_by_uuid(planning, text) : NULL;
        if (better)
            planning_write(planning, units.items[i], better, "names the file system by UUID, as the device name belongs to the old machine");
    }
}

void plan_fstab(struct planning *planning)
{
    settle_mount_units(planning);
    for (size_t i = 0; i < planning->guest->fstab_count; i++)
        find_missing(planning, &planning->guest->fstab[i]);
    cleanup_free char *text = planning_read(planning, "/etc/fstab");
    if (!planning_is_plain(planning, "/etc/fstab") || !text)
        return;
    cleanup_free char *better = fstab_by_uuid(text, resolve_by_uuid, planning);
    planning_write(planning, "/etc/fstab", better, "names the file systems by UUID, as the device names belong to the old machine");
}
