/* See command_line.h. */
#include "command_line.h"

#include <string.h>

#include "../../base/cleanup.h"
#include "../../guest/devices.h"
#include "../planning.h"

#define WORD_ENDS " \t\"'\r\n"

/* Arguments by which an old machine's clock was helped. A kernel chooses its clock source by itself, and what was chosen by hand for
 * one hypervisor is wrong or slow on the next: clocksource=kvm-clock, xen, hyperv_clocksource_tsc_page, acpi_pm; clock=pit (kernels
 * up to 2.6.9); divider=10 (RHEL 4 and 5 on VMware); notsc; Xen's independent_wallclock; lpj= of another processor. */
static const char *const clock_arguments[] = {"clocksource=", "clock=", "divider=", "notsc", "independent_wallclock=", "lpj="};
/* Arguments that name a device; at the end of cryptdevice= follow its mapping's name and options. genkernel's initrd (Gentoo) takes real_root=,
 * real_resume=, crypt_root= and crypt_swap=, that of Alpine cryptroot=, mkinitcpio's hook encrypt (Arch) cryptdevice=. */
static const char *const device_arguments[] = {"root=", "real_root=", "resume=", "real_resume=", "crypt_root=", "crypt_swap=", "cryptroot=", "cryptdevice="};
/* Consoles that Xen alone has. */
static const char *const xen_consoles[] = {"console=hvc0", "console=xvc0", "xencons=tty", "xencons=tty1", "xencons=hvc0", "xencons=xvc"};

static bool word_is(const char *word, size_t length, const char *wanted)
{
    size_t wanted_length = strlen(wanted);
    return wanted[wanted_length - 1] == '=' ? length > wanted_length && strncmp(word, wanted, wanted_length) == 0
                                            : length == wanted_length && strncmp(word, wanted, length) == 0;
}

static bool word_is_among(const char *word, size_t length, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (word_is(word, length, list[i]))
            return true;
    return false;
}

/* The length of "root=" and the like at the start of the word; 0: it is none of these. */
static size_t device_key(const char *word)
{
    for (size_t i = 0; i < sizeof device_arguments / sizeof *device_arguments; i++)
        if (string_starts(word, device_arguments[i]))
            return strlen(device_arguments[i]);
    return 0;
}

/* The system waits for ever where one of these goes; without its resume= it only starts afresh. */
static bool is_vital(const char *word, const struct command_line_rules *rules)
{
    if (string_starts(word, "root=") || string_starts(word, "real_root="))
        return rules->keep_lost_root;
    return string_starts(word, "crypt");
}

/* What stands in this word's place: NULL when it goes. The caller's. */
static char *settled(const char *line, const char *word, size_t length, const struct command_line_rules *rules)
{
    size_t key = device_key(word);
    if (word_is_among(word, length, clock_arguments, sizeof clock_arguments / sizeof *clock_arguments))
        return NULL;
    if (!rules->keep_consoles && word_is_among(word, length, xen_consoles, sizeof xen_consoles / sizeof *xen_consoles))
        return strstr(line, "console=tty0") ? NULL : checked_copy("console=tty0");
    if (!key)
        return checked_copy_bytes(word, length);
    size_t end = string_starts(word, "cryptdevice=") ? key + strcspn(word + key, ":" WORD_ENDS) : length;
    cleanup_free char *device = checked_copy_bytes(word + key, end - key);
    if (!device_name_is_unstable(device))
        return checked_copy_bytes(word, length);
    cleanup_free char *better = rules->resolve(rules->context, device);
    if (!better)
        return is_vital(word, rules) ? checked_copy_bytes(word, length) : NULL;
    return checked_printf("%.*s%s%.*s", (int)key, word, better, (int)(length - end), word + end);
}

void command_line_settle(struct text *out, const char *line, size_t length, const struct command_line_rules *rules)
{
    cleanup_free char *copy = checked_copy_bytes(line, length); /* bounded, for the searches */
    for (const char *at = copy; *at;) {
        size_t word = strcspn(at, WORD_ENDS);
        if (!word || (at > copy && !strchr(" \t\"'=", at[-1]))) {
            text_append_bytes(out, at++, 1);
            continue;
        }
        cleanup_free char *better = settled(copy, at, word, rules);
        bool same = better && strlen(better) == word && strncmp(better, at, word) == 0;
        if (same) { /* perhaps NAME=root=/dev/sda1, whose words begin behind the sign */
            size_t part = strcspn(at, "=");
            part = part < word ? part + 1 : word;
            text_append_bytes(out, at, part);
            at += part;
            continue;
        }
        at += word;
        if (better)
            text_append(out, better);
        else /* the blank that held the word apart goes with it */
            at += strspn(at, " \t");
    }
}

/* A kernel without an initrd knows no UUID: it gets the name that the disk has here. */
static char *resolve(void *context, const char *device)
{
    const struct planning *planning = context;
    const struct boot_entries *menu = &planning->guest->boot.menu;
    bool any_initrd = !menu->count;
    for (size_t i = 0; i < menu->count; i++)
        any_initrd |= menu->items[i].initrd != NULL;
    if (any_initrd || !planning->plan->disk)
        return device_by_uuid(planning->guest, device);
    const struct guest_disk *first = &planning->guest->disk;
    const struct partition *partition = device_partition(planning->guest, device);
    if (partition && (partition < first->partitions || partition >= first->partitions + first->partition_count))
        return NULL; /* what the server's other disks are called here is not known */
    const char *disk = planning->plan->disk->name;
    bool digit = *disk && strchr("0123456789", disk[strlen(disk) - 1]);
    return partition ? checked_printf("/dev/%s%s%u", disk, digit ? "p" : "", partition->number) : NULL;
}

static bool is_xen(const struct hardware *hardware)
{
    for (size_t i = 0; i < hardware->disk_count; i++)
        for (size_t j = 0; j < hardware->disks[i].modaliases.count; j++)
            if (string_starts(hardware->disks[i].modaliases.items[j], "xen:"))
                return true;
    return false;
}

struct command_line_rules command_line_rules_of(struct planning *planning)
{
    return (struct command_line_rules){.resolve = resolve, .context = planning, .keep_consoles = is_xen(planning->hardware)};
}

struct settling {
    struct command_line_rules rules;
    bool (*is_meant)(const char *line, size_t length);
};

static void settle_line(struct text *out, const char *line, size_t length, void *context)
{
    const struct settling *settling = context;
    if (settling->is_meant(line, length))
        command_line_settle(out, line, length, &settling->rules);
    else
        text_append_bytes(out, line, length);
}

bool command_line_plan_file(struct planning *planning, const char *path, bool (*is_meant)(const char *line, size_t length), bool keep_lost_root)
{
    struct settling settling = {command_line_rules_of(planning), is_meant};
    settling.rules.keep_lost_root = keep_lost_root;
    cleanup_free char *text = planning_read(planning, path);
    cleanup_free char *better = text ? text_rewrite_lines(text, settle_line, &settling) : NULL;
    return better && planning_write(planning, path, better, "names the root file system by what it is, and leaves out what belongs to the old machine");
}
