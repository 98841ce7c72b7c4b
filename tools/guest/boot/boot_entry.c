/* See boot_entry.h: what the readers of all boot loaders share. */
#include "boot_entry.h"

#include <stdlib.h>
#include <string.h>

void boot_entry_free(struct boot_entry *entry)
{
    free(entry->title);
    free(entry->id);
    free(entry->kernel);
    free(entry->initrd);
    free(entry->arguments);
    free(entry->root);
    free(entry->version);
    *entry = (struct boot_entry){0};
}

void boot_entries_free(struct boot_entries *entries)
{
    for (size_t i = 0; i < entries->count; i++)
        boot_entry_free(&entries->items[i]);
    free(entries->items);
    *entries = (struct boot_entries){0};
}

bool boot_entries_add(struct boot_entries *entries, struct boot_entry *entry)
{
    if (!entry->kernel || entries->count >= BOOT_ENTRIES_MAX) {
        boot_entry_free(entry);
        return false;
    }
    if (!entry->arguments)
        entry->arguments = checked_copy("");
    entries->items = checked_grow(entries->items, entries->count + 1, sizeof *entries->items);
    entries->items[entries->count++] = *entry;
    *entry = (struct boot_entry){0};
    return true;
}

void boot_entry_set(char **field, char *value)
{
    free(*field);
    *field = value;
}

void boot_entry_add_arguments(struct boot_entry *entry, const char *words)
{
    bool first = !entry->arguments || !*entry->arguments;
    boot_entry_set(&entry->arguments, first ? checked_copy(words) : checked_printf("%s %s", entry->arguments, words));
    boot_entry_set(&entry->root, command_line_root(entry->arguments));
}

char *command_line_value(const char *command_line, const char *name)
{
    char *value = NULL;
    size_t name_length = strlen(name);
    for (const char *word = command_line; *word;) {
        size_t length = strcspn(word, " \t\n");
        if (length > name_length && strncmp(word, name, name_length) == 0 && word[name_length] == '=')
            boot_entry_set(&value, checked_copy_bytes(word + name_length + 1, length - name_length - 1));
        word += length + strspn(word + length, " \t\n");
    }
    return value;
}

char *command_line_root(const char *command_line)
{
    char *real = command_line_value(command_line, "real_root");
    return real ? real : command_line_value(command_line, "root");
}
