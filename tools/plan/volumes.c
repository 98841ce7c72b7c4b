/* Where encryption, RAID and LVM name the old machine's disks: /etc/crypttab, mdadm.conf, lvm.conf and LVM's list of devices. An
 * initrd holds copies of all of them. And what a RAID has to do without. */
#include "volumes.h"

#include <string.h>

#include "../base/bytes.h"
#include "../base/cleanup.h"
#include "../guest/devices.h"
#include "planning.h"

#define BY_UUID "names the disk by what is on it, as the device name belongs to the old machine"
#define COMMENT " # taken out by rehost: it names the old machine's disks"
#define DEVICES_FILE "/etc/lvm/devices/system.devices"

struct resolving {
    device_namer *resolve;
    void *context;
};

/* NAME DEVICE KEY-FILE OPTIONS (crypttab(5)) */
static void settle_crypttab_line(struct text *out, const char *line, size_t length, void *context)
{
    const struct resolving *resolving = context;
    size_t name = strspn(line, " \t");
    name = name < length && line[name] != '#' ? name + strcspn(line + name, " \t\n") : length;
    size_t start = name < length ? name + strspn(line + name, " \t") : length;
    size_t end = start < length ? start + strcspn(line + start, " \t\r\n") : length;
    cleanup_free char *device = start < end && end <= length ? checked_copy_bytes(line + start, end - start) : NULL;
    cleanup_free char *better = device ? resolving->resolve(resolving->context, device) : NULL;
    text_append_bytes(out, line, better ? start : length);
    if (better) {
        text_append(out, better);
        text_append_bytes(out, line + end, length - end);
    }
}

char *crypttab_by_uuid(const char *text, device_namer *resolve, void *context)
{
    return text_rewrite_lines(text, settle_crypttab_line, &(struct resolving){resolve, context});
}

/* Does a device name of the old machine stand in this line, wherever patterns and quotes put it? */
static bool names_old_disk(const char *line, size_t length)
{
    cleanup_free char *copy = checked_copy_bytes(line, length);
    for (char *at = copy; (at = strstr(at, "/dev/")); at += 5) {
        size_t length_of_name = strcspn(at, " \t\"'|,[]$*.^()");
        bool is_pattern = at[length_of_name] && strchr("[*.", at[length_of_name]); /* /dev/sd[ab]1, /dev/sd.* */
        cleanup_free char *device = checked_printf("%.*s%s", (int)length_of_name, at, is_pattern ? "a" : "");
        if (device_name_is_unstable(device))
            return true;
    }
    return false;
}

static bool starts_setting(const char *line, size_t length, const char *const *names)
{
    size_t at = 0;
    while (at < length && (line[at] == ' ' || line[at] == '\t'))
        at++;
    for (; *names; names++)
        if (length - at > strlen(*names) && strncmp(line + at, *names, strlen(*names)) == 0 && strchr(" \t=", line[at + strlen(*names)]))
            return true;
    return false;
}

static void take_out(struct text *out, const char *line, size_t length, void *context)
{
    bool is_whole = !memchr(line, '[', length) || memchr(line, ']', length); /* a list may go on in the next line */
    bool goes = is_whole && starts_setting(line, length, context) && names_old_disk(line, length);
    text_append(out, goes ? "#" : "");
    text_append_bytes(out, line, length);
    text_append(out, goes ? COMMENT : "");
}

/* "ARRAY /dev/md0 UUID=… devices=/dev/sda1,/dev/sdb1": an array that lies on others than these is not started. */
static void settle_array(struct text *out, const char *line, size_t length, void *context)
{
    static const char word[] = " devices=";
    const char *at = strncasecmp(line, "ARRAY", least(length, 5)) == 0 ? memmem(line, length, word, sizeof word - 1) : NULL;
    size_t end = at ? (size_t)(at - line) + sizeof word - 1 : 0;
    while (at && end < length && !strchr(" \t\r", line[end]))
        end++;
    if (!at || !names_old_disk(at, end - (size_t)(at - line))) {
        take_out(out, line, length, context);
        return;
    }
    text_append_bytes(out, line, (size_t)(at - line));
    text_append_bytes(out, line + end, length - end);
}

/* Without a DEVICE line mdadm looks at all disks; arrays are found by their UUID. */
char *mdadm_conf_settled(const char *text)
{
    return text_rewrite_lines(text, settle_array, (void *)(const char *const[]){"DEVICE", NULL});
}

/* Without a filter LVM looks at all disks. */
char *lvm_conf_settled(const char *text)
{
    return text_rewrite_lines(text, take_out, (void *)(const char *const[]){"filter", "global_filter", NULL});
}

/* A list over several lines, which nobody takes apart. */
static bool still_names_old_disk(const char *text)
{
    const char *line;
    for (size_t length; next_line(&text, &line, &length);) {
        size_t blanks = strspn(line, " \t");
        if (blanks < length && line[blanks] != '#' && names_old_disk(line, length))
            return true;
    }
    return false;
}

static char *resolve_by_uuid(void *context, const char *device)
{
    const struct planning *planning = context;
    return device_by_uuid(planning->guest, device);
}

static void settle(struct planning *planning, const char *path, char *better, const char *why)
{
    cleanup_free char *content = better;
    if (content && planning_write(planning, path, content, why))
        planning->initrd_is_stale = true;
}

/* It boots and works so: the array is started here without them, and its superblocks no longer wait for them then. */
static void warn_of_missing_disks(struct planning *planning)
{
    const struct guest_disk *disk = &planning->guest->disk;
    for (size_t i = 0; i < disk->volume_count; i++) {
        const struct partition *volume = &disk->volumes[i];
        cleanup_free char *words = partition_words(volume);
        if (volume->missing)
            planning_warn(planning, "move that disk as well; or give the array another one after the move (mdadm --add).",
                          "%s is a RAID, and %u of its disks %s not here: it goes on degraded, and may be lost with one more", words, volume->missing,
                          volume->missing == 1 ? "is" : "are");
    }
}

void plan_volumes(struct planning *planning)
{
    static const char *const mdadm[] = {"/etc/mdadm/mdadm.conf", "/etc/mdadm.conf"};
    cleanup_free char *crypttab = planning_read(planning, "/etc/crypttab"), *lvm = planning_read(planning, "/etc/lvm/lvm.conf");
    settle(planning, "/etc/crypttab", crypttab ? crypttab_by_uuid(crypttab, resolve_by_uuid, planning) : NULL, BY_UUID);
    cleanup_free char *settled = lvm ? lvm_conf_settled(lvm) : NULL;
    if (settled && still_names_old_disk(settled))
        planning_warn(planning, "put the filter on one line on the source, or let it accept all disks (\"a|.*|\").",
                      "/etc/lvm/lvm.conf names disks of the old machine in a list of several lines; it is left as it is, and LVM may not see this machine's disk");
    settle(planning, "/etc/lvm/lvm.conf", take_pointer(settled), "lets LVM look at this machine's disks");
    for (size_t i = 0; i < 2; i++) {
        cleanup_free char *text = planning_read(planning, mdadm[i]);
        settle(planning, mdadm[i], text ? mdadm_conf_settled(text) : NULL, "lets mdadm look at this machine's disks");
    }
    warn_of_missing_disks(planning);
    /* RHEL 9 and later: LVM looks at the disks that stand there by serial number, and at no others. */
    if (planning_remove(planning, DEVICES_FILE, "lists the old machine's disks by their serial numbers; without it LVM looks at all"))
        planning->initrd_is_stale = true;
}
