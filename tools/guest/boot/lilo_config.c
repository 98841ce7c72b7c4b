/* LILO's lilo.conf (lilo.conf(5) of LILO 21 to 24). It is made of names, some with a value behind "="; ends of lines mean nothing but the end of a
 * comment. Each `image` or `other` begins a section, and what stands before the first holds for all images that do not say it themselves:
 *
 *     boot=/dev/hda
 *     root=/dev/hda1
 *     default=Linux
 *     read-only
 *     append="panic=60"
 *     image=/vmlinuz
 *         label=Linux
 *         initrd=/initrd.img
 *     other=/dev/hda3          (starts another system)
 */
#include "lilo_config.h"

#include <stdlib.h>
#include <string.h>

#include "../../base/cleanup.h"

/* LILO takes words of 1023 bytes, and the kernel a line of 2048; each of 512 images could have the same long one. */
#define WORD_MAX 4096

struct settings {
    char *root, *initrd, *append, *literal, *vga, *mode;
};

struct reading {
    struct boot_entries *entries;
    struct settings all, own; /* of all images, and of the one that is being read */
    struct boot_entry entry;
    char *alias, *added;
    char *wanted;             /* of `default`; NULL: the first */
    bool in_section, found;
};

static void free_settings(struct settings *settings)
{
    char **const fields[] = {&settings->root, &settings->initrd, &settings->append, &settings->literal, &settings->vga, &settings->mode};
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        boot_entry_set(fields[i], NULL);
}

/* Up to the quote at its end, or that of the line where it has none. A backslash takes a quote, itself, or the end of the line. */
static void take_quoted(const char **cursor, struct text *word)
{
    const char *at = *cursor + 1;
    while (*at && *at != '"' && *at != '\n') {
        bool joins = *at == '\\' && at[1] == '\n';
        if (joins)
            at += 2, at += strspn(at, " \t");
        else {
            at += *at == '\\' && at[1] && strchr("\"\\", at[1]);
            text_append_bytes(word, at++, word->length < WORD_MAX);
        }
    }
    *cursor = at + (*at == '"');
}

/* The next word, the caller's; NULL behind the last. "=" is one by itself, of which `is_sign` tells. */
static char *next_word(const char **cursor, bool *is_sign)
{
    struct text word = {0};
    for (*cursor += strspn(*cursor, " \t\r\n"); **cursor == '#'; *cursor += strspn(*cursor, " \t\r\n"))
        *cursor += strcspn(*cursor, "\n");
    *is_sign = **cursor == '=';
    if (!**cursor)
        return NULL;
    if (*is_sign)
        text_append_bytes(&word, (*cursor)++, 1);
    else if (**cursor == '"')
        take_quoted(cursor, &word);
    else {
        size_t length = strcspn(*cursor, " \t\r\n=#\"");
        text_append_bytes(&word, *cursor, length < WORD_MAX ? length : WORD_MAX);
        *cursor += length;
    }
    return text_take(&word);
}

/* A name, and its value where it has one (the caller's both); false behind the last. */
static bool next_item(const char **cursor, char **name, char **value)
{
    bool is_sign;
    *value = NULL;
    *name = next_word(cursor, &is_sign);
    const char *behind = *cursor;
    cleanup_free char *sign = *name ? next_word(&behind, &is_sign) : NULL;
    if (sign && is_sign) {
        *value = next_word(&behind, &is_sign);
        *cursor = behind;
    }
    return *name != NULL;
}

static bool take_setting(struct settings *settings, const char *name, char **value)
{
    const struct {
        const char *name;
        char **field;
    } fields[] = {{"root", &settings->root},       {"initrd", &settings->initrd}, {"append", &settings->append},
                  {"literal", &settings->literal}, {"vga", &settings->vga}};
    bool writes = string_is(name, "read-write");
    if (writes || string_is(name, "read-only"))
        boot_entry_set(&settings->mode, checked_copy(writes ? "rw" : "ro"));
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        if (string_is(name, fields[i].name)) {
            boot_entry_set(fields[i].field, take_pointer(*value));
            return true;
        }
    return false;
}

/* LILO also takes "current", and the number that the device had ("0x301"): neither means anything to another machine. */
static bool names_a_root(const char *root)
{
    return root && (*root == '/' || strchr(root, '='));
}

static void add_words(struct text *line, const char *prefix, const char *words)
{
    if (words && *words)
        text_printf(line, "%s%s%s", line->length ? " " : "", prefix, words);
}

/* A kernel that is told neither mounts its root read only. */
static void add_arguments(struct reading *reading)
{
    const struct settings *own = &reading->own, *all = &reading->all;
    const char *literal = own->literal ? own->literal : all->literal, *root = own->root ? own->root : all->root;
    const char *mode = own->mode ? own->mode : all->mode, *vga = own->vga ? own->vga : all->vga;
    cleanup_text struct text line = {0};
    add_words(&line, "", literal);
    if (!literal) {
        add_words(&line, "root=", names_a_root(root) ? root : NULL);
        add_words(&line, "", mode ? mode : "ro");
        add_words(&line, "vga=", string_is(vga, "normal") ? NULL : vga);
        add_words(&line, "", own->append ? own->append : all->append);
        add_words(&line, "", reading->added);
    }
    boot_entry_add_arguments(&reading->entry, line.data ? line.data : "");
}

static void end_section(struct reading *reading)
{
    struct boot_entry *entry = &reading->entry;
    const char *initrd = reading->own.initrd ? reading->own.initrd : reading->all.initrd;
    if (entry->kernel) {
        const char *slash = strrchr(entry->kernel, '/');
        if (!entry->id)
            entry->id = checked_copy(slash ? slash + 1 : entry->kernel);
        entry->title = checked_copy(entry->id);
        entry->initrd = initrd && *initrd ? checked_copy(initrd) : NULL;
        add_arguments(reading);
    }
    bool is_wanted = !reading->found && reading->wanted && (string_is(entry->id, reading->wanted) || string_is(reading->alias, reading->wanted));
    if (boot_entries_add(reading->entries, entry) && is_wanted)
        reading->entries->chosen = reading->entries->count - 1, reading->found = true;
    boot_entry_set(&reading->alias, NULL);
    boot_entry_set(&reading->added, NULL);
    free_settings(&reading->own);
}

static void take_item(struct reading *reading, const char *name, char **value)
{
    bool is_image = string_is(name, "image");
    if (is_image || string_is(name, "other")) {
        end_section(reading);
        reading->in_section = true;
        if (is_image)
            boot_entry_set(&reading->entry.kernel, take_pointer(*value));
        return;
    }
    const struct {
        const char *name;
        bool in_section;
        char **field;
    } fields[] = {{"default", false, &reading->wanted}, {"label", true, &reading->entry.id}, {"alias", true, &reading->alias}, {"addappend", true, &reading->added}};
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        if (fields[i].in_section == reading->in_section && string_is(name, fields[i].name)) {
            boot_entry_set(fields[i].field, take_pointer(*value));
            return;
        }
    take_setting(reading->in_section ? &reading->own : &reading->all, name, value);
}

void lilo_entries(const char *config, struct boot_entries *entries)
{
    struct reading reading = {.entries = entries};
    char *name, *value;
    entries->chosen = 0;
    while (next_item(&config, &name, &value)) {
        take_item(&reading, name, &value);
        free(name);
        free(value);
    }
    end_section(&reading);
    free_settings(&reading.all);
    free(reading.wanted);
}

bool lilo_asks_for_password(const char *config)
{
    char *name, *value;
    bool asks = false;
    while (next_item(&config, &name, &value)) {
        asks |= string_is(name, "password");
        free(name);
        free(value);
    }
    return asks;
}
