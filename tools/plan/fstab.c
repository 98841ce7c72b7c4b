/* File systems by UUID: a device name belongs to the old machine's controllers. */
#include "fstab.h"

#include <string.h>

#include "../base/cleanup.h"
#include "../guest/devices.h"
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

static void say_absent(struct planning *planning, const char *spec, const char *file)
{
    planning->plan->absent_file_systems++;
    planning_warn(planning, "move that disk too, or put nofail among the options of that line.",
                  "/etc/fstab mounts %s on %s, which is on no partition of %s", spec, file, planning->guest->other_count ? "these disks" : "this disk");
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
        say_absent(planning, spec, file);
    else if (!device_holds(partition, type))
        planning_warn(planning, "look at the line in /etc/fstab; it is left as it is.", "/etc/fstab says that %s (%s) holds %s, but it holds %s",
                      spec, file, type, partition->fs_type ? partition->fs_type : "no known file system");
    else if (!partition->uuid)
        planning_warn(planning, "give the file system a UUID on the source.", "%s (%s) has no UUID, so /etc/fstab keeps its device name", spec, file);
    else
        return checked_printf("UUID=%s", partition->uuid);
    return NULL;
}

static bool is_at_hand(const struct guest *guest, bool by_uuid, const char *name)
{
    const struct partition *part;
    for (size_t i = 0; (part = guest_part(guest, i)); i++) {
        const char *has = by_uuid ? part->uuid : part->label;
        if (has && strcasecmp(has, name) == 0)
            return true;
    }
    return false;
}

/* A line by UUID or LABEL is as good as the file system that carries it. */
static void find_missing(struct planning *planning, const struct fstab_entry *entry)
{
    const struct guest *guest = planning->guest;
    bool by_uuid = string_starts(entry->spec, "UUID="), by_label = string_starts(entry->spec, "LABEL=");
    if ((!by_uuid && !by_label) || !guest->disk.partition_count)
        return;
    cleanup_free char *wanted = checked_copy(strchr(entry->spec, '=') + 1);
    char *bare = wanted + (*wanted == '"');
    bare[strcspn(bare, "\"")] = '\0';
    if (is_at_hand(guest, by_uuid, bare))
        return;
    planning->plan->absent_file_systems++;
    const char *where = guest->other_count ? "on none of these disks" : "not on this disk";
    bool optional = entry->options && (strstr(entry->options, "nofail") || strstr(entry->options, "noauto"));
    if (optional)
        planning_note(planning, "%s for %s in /etc/fstab is %s; the line lets the boot go on without it", entry->spec, entry->file, where);
    else
        planning_warn(planning, "move that disk too, or put nofail among the options of that line.",
                      "%s for %s in /etc/fstab is %s: the boot will wait for it, and may stop", entry->spec, entry->file, where);
}

void plan_fstab(struct planning *planning)
{
    for (size_t i = 0; i < planning->guest->fstab_count; i++)
        find_missing(planning, &planning->guest->fstab[i]);
    cleanup_free char *text = planning_read(planning, "/etc/fstab");
    if (!planning_is_plain(planning, "/etc/fstab") || !text)
        return;
    cleanup_free char *better = fstab_by_uuid(text, resolve_by_uuid, planning);
    planning_write(planning, "/etc/fstab", better, "names the file systems by UUID, as the device names belong to the old machine");
}
