/* modprobe's own settings may keep a driver out that this machine needs: a blacklist written for the old one. */
#include <string.h>

#include "../base/cleanup.h"
#include "drivers.h"
#include "planning.h"
#include "shell_config.h"

#define COMMENT " # taken out by rehost: this machine needs the driver"

/* "blacklist NAME", "install NAME /bin/true", "install NAME /bin/false", "alias NAME off" (modprobe.d(5)). Other commands of `install`
 * load the driver in their own way. */
static bool keeps_out(const char *line, size_t length, const struct strings *drivers)
{
    cleanup_free char *copy = checked_copy_bytes(line, length);
    char *rest = string_trim(copy), *word = strsep(&rest, " \t");
    char *name = rest ? strsep(&rest, " \t") : NULL;
    char *what = rest ? string_trim(rest) : NULL;
    bool is = string_is(word, "blacklist") || (string_is(word, "alias") && string_is(what, "off")) ||
              (string_is(word, "install") && what && (string_ends(what, "/true") || string_ends(what, "/false")));
    for (size_t i = 0; is && name && i < drivers->count; i++)
        if (words_name_module(name, drivers->items[i]))
            return true;
    return false;
}

static void take_out(struct text *out, const char *line, size_t length, void *context)
{
    bool goes = keeps_out(line, length, context);
    text_append(out, goes ? "#" : "");
    text_append_bytes(out, line, length);
    text_append(out, goes ? COMMENT : "");
}

/* The text with those lines commented out that keep one of the drivers from being loaded; the caller's. */
static char *modprobe_without_blacklist(const char *text, const struct strings *drivers)
{
    return text_rewrite_lines(text, take_out, (void *)drivers);
}

/* Of several drivers that match one device (8139cp and 8139too) a distribution may keep all but one out: that is its choice. So only
 * those that stand alone are needed. */
static void needed_drivers(const struct planning *planning, struct strings *needed)
{
    const struct hardware_disk *disk;
    for (size_t i = 0; i <= planning->guest->other_count; i++) {
        cleanup_strings struct strings without = {0};
        if ((disk = planning_disk(planning, i)))
            drivers_of_chain(planning->kernel, &disk->modaliases, disk->driver, needed, &without);
    }
    for (size_t i = 0; i < planning->hardware->nic_count; i++) {
        const struct hardware_nic *nic = &planning->hardware->nics[i];
        for (size_t j = 0; j < nic->modaliases.count; j++) {
            cleanup_strings struct strings one = {0}, drivers = {0}, without = {0};
            strings_add(&one, nic->modaliases.items[j]);
            drivers_of_chain(planning->kernel, &one, nic->driver, &drivers, &without);
            if (drivers.count == 1)
                strings_add_new(needed, drivers.items[0]);
        }
    }
}

void plan_modprobe(struct planning *planning)
{
    cleanup_strings struct strings files = {0}, needed = {0};
    if (!planning->kernel || !planning->kernel->modules)
        return;
    needed_drivers(planning, &needed);
    planning_list(planning, "/etc/modprobe.d", "", &files);
    strings_add(&files, "/etc/modprobe.conf");
    for (size_t i = 0; i < files.count; i++) {
        cleanup_free char *text = planning_read(planning, files.items[i]);
        cleanup_free char *better = text ? modprobe_without_blacklist(text, &needed) : NULL;
        if (better && planning_write(planning, files.items[i], better, "lets the drivers of this machine be loaded"))
            planning->initrd_is_stale = true;
    }
}
