/* extlinux.conf and syslinux.cfg (wiki.syslinux.org, "Config"): keywords in any case, one to a line.
 *
 *     DEFAULT lts
 *     LABEL lts
 *       LINUX vmlinuz-lts           (or KERNEL)
 *       INITRD initramfs-lts        (or initrd= among the arguments; several with commas)
 *       APPEND root=UUID=… quiet
 *
 * Debian keeps the labels in linux.cfg, which extlinux.conf includes. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "../../base/cleanup.h"
#include "boot_entry.h"

#define INCLUDES_MAX 32

struct reading {
    struct boot_entries *entries;
    struct boot_entry entry;  /* the label that is being read */
    char *wanted;             /* of DEFAULT, or of ONTIMEOUT, which holds when nobody touches a key */
    char *menu_default;       /* the label with MENU DEFAULT in it */
    extlinux_include *include;
    void *context;
    unsigned includes;
};

static void end_label(struct reading *reading)
{
    struct boot_entry *entry = &reading->entry;
    if (entry->id && !entry->title)
        entry->title = checked_copy(entry->id);
    cleanup_free char *initrd = entry->arguments ? command_line_value(entry->arguments, "initrd") : NULL;
    const char *value = entry->initrd ? entry->initrd : initrd;
    if (value) {
        char *last = checked_copy(strrchr(value, ',') ? strrchr(value, ',') + 1 : value);
        boot_entry_set(&entry->initrd, last);
    }
    boot_entries_add(reading->entries, entry);
}

static void take_menu(struct reading *reading, const char *value)
{
    if (strncasecmp(value, "label", 5) == 0 && isspace((unsigned char)value[5]) && reading->entry.id)
        boot_entry_set(&reading->entry.title, checked_copy(value + 5 + strspn(value + 5, " \t")));
    else if (strcasecmp(value, "default") == 0 && reading->entry.id)
        boot_entry_set(&reading->menu_default, checked_copy(reading->entry.id));
}

static void read_text(struct reading *reading, const char *text);

static void take_include(struct reading *reading, const char *path)
{
    cleanup_free char *text = reading->include && reading->includes++ < INCLUDES_MAX ? reading->include(reading->context, path) : NULL;
    if (text)
        read_text(reading, text);
}

static void take_line(struct reading *reading, const char *word, const char *value)
{
    struct boot_entry *entry = &reading->entry;
    if (strcasecmp(word, "default") == 0 || strcasecmp(word, "ontimeout") == 0)
        boot_entry_set(&reading->wanted, checked_copy(value));
    else if (strcasecmp(word, "include") == 0)
        take_include(reading, value);
    else if (strcasecmp(word, "menu") == 0)
        take_menu(reading, value);
    else if (strcasecmp(word, "label") == 0) {
        end_label(reading);
        entry->id = checked_copy(value);
    } else if (!entry->id)
        return;
    else if (strcasecmp(word, "linux") == 0 || strcasecmp(word, "kernel") == 0)
        boot_entry_set(&entry->kernel, checked_copy(value));
    else if (strcasecmp(word, "initrd") == 0)
        boot_entry_set(&entry->initrd, checked_copy(value));
    else if (strcasecmp(word, "append") == 0)
        boot_entry_add_arguments(entry, value);
}

static void read_text(struct reading *reading, const char *text)
{
    const char *line;
    for (size_t length; next_line(&text, &line, &length);) {
        cleanup_free char *copy = checked_copy_bytes(line, length);
        char *word = string_trim(copy), *value = word + strcspn(word, " \t");
        if (*value)
            *value++ = '\0';
        take_line(reading, word, string_trim(value));
    }
}

static void choose(struct reading *reading)
{
    struct boot_entries *entries = reading->entries;
    const char *wanted = reading->menu_default ? reading->menu_default : reading->wanted;
    entries->chosen = 0; /* with a menu and no such label, the first */
    for (size_t i = 0; i < entries->count; i++)
        if (string_is(entries->items[i].id, wanted))
            entries->chosen = i;
}

void extlinux_entries(const char *config, extlinux_include *include, void *context, struct boot_entries *entries)
{
    struct reading reading = {.entries = entries, .include = include, .context = context};
    read_text(&reading, config);
    end_label(&reading);
    boot_entry_free(&reading.entry);
    choose(&reading);
    free(reading.wanted);
    free(reading.menu_default);
}
