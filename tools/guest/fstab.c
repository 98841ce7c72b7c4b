/* fstab(5), and what its device names mean on the one disk that there is. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "../base/cleanup.h"
#include "inspect.h"

/* A blank in a field stands there as \040 (getmntent(3)): turned back in place. */
static char *unescape(char *field)
{
    char *to = field;
    for (const char *from = field; *from;) {
        if (from[0] == '\\' && from[1] >= '0' && from[1] <= '3' && from[2] >= '0' && from[2] <= '7' && from[3] >= '0' && from[3] <= '7') {
            *to++ = (char)((from[1] - '0') * 64 + (from[2] - '0') * 8 + (from[3] - '0'));
            from += 4;
        } else {
            *to++ = *from++;
        }
    }
    *to = '\0';
    return field;
}

static char *next_field(char **rest)
{
    char *start = *rest + strspn(*rest, " \t");
    char *end = start + strcspn(start, " \t");
    *rest = *end ? end + 1 : end;
    *end = '\0';
    return start;
}

static bool parse_line(char *line, unsigned number, struct fstab_entry *entry)
{
    char *spec = next_field(&line), *file = next_field(&line), *type = next_field(&line), *options = next_field(&line);
    if (!*spec || *spec == '#' || !*file)
        return false;
    *entry = (struct fstab_entry){
        .spec = checked_copy(unescape(spec)),
        .file = checked_copy(unescape(file)),
        .type = checked_copy(*type ? type : "auto"),
        .options = checked_copy(*options ? options : "defaults"),
        .line = number,
    };
    return true;
}

void fstab_parse(const char *text, struct fstab_entry **entries, size_t *count)
{
    const char *cursor = text, *line;
    unsigned number = 0;
    *entries = NULL;
    *count = 0;
    for (size_t length; *count < FSTAB_ENTRIES_MAX && next_line(&cursor, &line, &length);) {
        struct fstab_entry entry;
        cleanup_free char *copy = checked_copy_bytes(line, length);
        if (!parse_line(copy, ++number, &entry))
            continue;
        *entries = checked_grow(*entries, *count + 1, sizeof **entries);
        (*entries)[(*count)++] = entry;
    }
}

bool fstab_has_option(const struct fstab_entry *entry, const char *option)
{
    size_t wanted = strlen(option);
    for (const char *at = entry->options; *at;) {
        size_t length = strcspn(at, ",");
        if (length == wanted && strncmp(at, option, length) == 0)
            return true;
        at += length + (at[length] == ',');
    }
    return false;
}

char *option_value(const char *options, const char *name)
{
    size_t length = strlen(name);
    for (const char *at = options; *at; at += *at == ',') {
        size_t end = strcspn(at, ",");
        if (end > length && strncmp(at, name, length) == 0 && at[length] == '=')
            return checked_copy_bytes(at + length + 1, end - length - 1);
        at += end;
    }
    return NULL;
}

void fstab_free(struct fstab_entry *entries, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(entries[i].spec);
        free(entries[i].file);
        free(entries[i].type);
        free(entries[i].options);
    }
    free(entries);
}

struct partition *guest_disk_part(const struct guest_disk *disk, size_t index)
{
    if (index < disk->partition_count)
        return &disk->partitions[index];
    return index - disk->partition_count < disk->volume_count ? &disk->volumes[index - disk->partition_count] : NULL;
}

struct partition *guest_part(const struct guest *guest, size_t index)
{
    size_t before = guest->disk.partition_count + guest->disk.volume_count;
    if (index < before)
        return guest_disk_part(&guest->disk, index);
    for (size_t i = 0; i < guest->other_count; i++) {
        const struct guest_disk *disk = &guest->others[i].disk;
        if (index - before < disk->partition_count)
            return &disk->partitions[index - before];
        before += disk->partition_count;
    }
    return NULL;
}

unsigned guest_early_disks(const struct guest *guest)
{
    const struct partition *part;
    unsigned disks = 1u | (guest->root_partition ? guest->root_partition->disks : 0);
    for (size_t i = 0; (part = guest_part(guest, i)); i++)
        if (string_is(part->mount_point, "/usr"))
            disks |= part->disks;
    return disks;
}

char *partition_words(const struct partition *partition)
{
    if (partition->kind == LAYER_NONE)
        return partition->number ? checked_printf("partition %u", partition->number) : checked_copy("the whole disk");
    if (partition->kind == LAYER_BTRFS)
        return checked_printf("the btrfs %s over several devices", partition->uuid);
    return checked_printf("the volume %s", partition->names.count ? partition->names.items[0] : partition->device);
}

static const char *disk_with(const struct guest *guest, const struct partition *part)
{
    for (size_t i = 0; i < guest->other_count; i++) {
        const struct guest_disk *disk = &guest->others[i].disk;
        if (part >= disk->partitions && part < disk->partitions + disk->partition_count)
            return guest->others[i].what;
    }
    return guest->what;
}

char *guest_part_words(const struct guest *guest, const struct partition *part)
{
    cleanup_free char *words = partition_words(part);
    return guest->other_count && part->kind == LAYER_NONE ? checked_printf("%s of %s", words, disk_with(guest, part)) : take_pointer(words);
}

/* The number in a name of a partition on the first disk: "sda3" → 3, "xvda" → 0; -1 when it is no such name. */
static int number_in_name(const char *name)
{
    static const char *const disks[] = {"nvme0n1p", "nvme0n1", "mmcblk0p", "mmcblk0", "cciss/c0d0p", "cciss/c0d0", "mapper/mpatha-part", "mapper/mpathap",
                                        "mapper/mpatha", "mapper/mpath0p", "mapper/mpath0", "xvda", "sda", "vda", "hda", "ubda"};
    for (size_t i = 0; i < sizeof disks / sizeof *disks; i++) {
        if (!string_starts(name, disks[i]))
            continue;
        const char *digits = name + strlen(disks[i]);
        if (strspn(digits, "0123456789") == strlen(digits) && strlen(digits) <= 3)
            return atoi(digits);
    }
    return -1;
}

static const struct partition *by_number(const struct guest_disk *disk, int number)
{
    for (size_t i = 0; number >= 0 && i < disk->partition_count; i++)
        if (disk->partitions[i].number == (unsigned)number)
            return &disk->partitions[i];
    return NULL;
}

/* Of RAIDs a superblock, /etc/mdadm.conf and the order of discovery give the names, and they differ: where there is one array, it is meant. */
static const struct partition *by_name(const struct guest_disk *disk, const char *name)
{
    const struct partition *array = NULL;
    size_t arrays = 0;
    for (size_t i = 0; i < disk->volume_count; i++) {
        const struct partition *volume = &disk->volumes[i];
        if (strings_contain(&volume->names, name))
            return volume;
        arrays += volume->kind == LAYER_RAID;
        array = volume->kind == LAYER_RAID ? volume : array;
    }
    return arrays == 1 && string_starts(name, "/dev/md") ? array : NULL;
}

/* By one of the identities; UUIDs are compared without regard to case, as udev writes FAT's in capitals. */
static const struct partition *by_identity(const struct guest_disk *disk, const char *kind, const char *value)
{
    const struct partition *p;
    for (size_t i = 0; (p = guest_disk_part(disk, i)); i++) {
        const char *own = string_is(kind, "LABEL") ? p->label : string_is(kind, "PARTUUID") ? p->partuuid : string_is(kind, "UUID") ? p->uuid : NULL;
        if (own && (string_is(kind, "LABEL") ? strcmp(own, value) : strcasecmp(own, value)) == 0)
            return p;
    }
    return NULL;
}

static const struct partition *by_link(const struct guest_disk *disk, const char *rest)
{
    static const struct { const char *directory, *kind; } links[] = {{"by-uuid/", "UUID"}, {"by-label/", "LABEL"}, {"by-partuuid/", "PARTUUID"}};
    for (size_t i = 0; i < sizeof links / sizeof *links; i++)
        if (string_starts(rest, links[i].directory))
            return by_identity(disk, links[i].kind, rest + strlen(links[i].directory));
    /* by-id and by-path name the source's disk itself, which is gone; its partition's number stays. */
    const char *part = strrchr(rest, '-');
    return part && string_starts(part, "-part") ? by_number(disk, atoi(part + 5)) : NULL;
}

static const struct partition *part_of(const struct guest_disk *disk, const char *spec)
{
    const char *equals = strchr(spec, '=');
    const struct partition *volume = by_name(disk, spec);
    if (volume)
        return volume;
    if (equals && *spec != '/') {
        cleanup_free char *kind = checked_copy_bytes(spec, (size_t)(equals - spec));
        cleanup_free char *value = checked_copy(equals + 1 + (equals[1] == '"'));
        value[strcspn(value, "\"")] = '\0';
        return by_identity(disk, kind, value);
    }
    if (string_starts(spec, "/dev/disk/"))
        return by_link(disk, spec + strlen("/dev/disk/"));
    return string_starts(spec, "/dev/") ? by_number(disk, number_in_name(spec + strlen("/dev/"))) : NULL;
}

const struct partition *guest_partition_of(const struct guest_disk *disk, const char *spec)
{
    const struct partition *part = part_of(disk, spec);
    return part && part->whole ? part->whole : part;
}

static bool is_name_by_content(const char *spec)
{
    return *spec != '/' || string_starts(spec, "/dev/disk/by-uuid/") || string_starts(spec, "/dev/disk/by-label/") ||
           string_starts(spec, "/dev/disk/by-partuuid/");
}

const struct partition *guest_find_partition(const struct guest *guest, const char *spec)
{
    const struct partition *found = guest_partition_of(&guest->disk, spec);
    for (size_t i = 0; !found && is_name_by_content(spec) && i < guest->other_count; i++)
        found = guest_partition_of(&guest->others[i].disk, spec);
    return found;
}
