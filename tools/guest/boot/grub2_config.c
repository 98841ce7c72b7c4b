/* See grub2_config.h. grub.cfg is a script; what grub-mkconfig writes is regular enough to be read without running it:
 * menuentry and submenu blocks, `linux` and `initrd` lines in them, and `set default=` in the head:
 *
 *     if [ "${next_entry}" ] ; then set default="${next_entry}" … else set default="0" fi      (or "${saved_entry}")
 *
 * A configuration of another hand that cannot be understood gives no entry, never a wrong one. */
#include "grub2_config.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "../../base/cleanup.h"

#define WORD_MAX 8192
#define DEPTH_MAX 8
#define LINES_MAX 200000

struct menu_item {
    struct boot_entry entry;
    bool is_submenu;
    size_t parent;  /* index + 1 of the submenu it stands in; 0: the top */
    unsigned place; /* among its siblings */
};

struct menu {
    struct menu_item *items;
    size_t count;
    char *default_value;
    size_t open[DEPTH_MAX]; /* the blocks around this line: index + 1 of an item, 0 for another block */
    unsigned depth;
    unsigned ignored_depth; /* blocks beyond DEPTH_MAX */
};

/* Words as the shell of GRUB cuts them: blanks between, quotes and backslashes taken off. `end` bounds the line. */
static bool next_word(const char **cursor, const char *end, struct text *word)
{
    word->length = 0;
    text_append(word, "");
    while (*cursor < end && isspace((unsigned char)**cursor))
        ++*cursor;
    if (*cursor >= end)
        return false;
    for (char quote = 0; *cursor < end && word->length < WORD_MAX; ++*cursor) {
        char letter = **cursor;
        if (quote ? letter == quote : letter == '\'' || letter == '"')
            quote = quote ? 0 : letter;
        else if (letter == '\\' && quote != '\'' && *cursor + 1 < end)
            text_append_bytes(word, ++*cursor, 1);
        else if (!quote && isspace((unsigned char)letter))
            break;
        else
            text_append_bytes(word, &letter, 1);
    }
    return true;
}

static unsigned siblings(const struct menu *menu, size_t parent)
{
    unsigned count = 0;
    for (size_t i = 0; i < menu->count; i++)
        count += menu->items[i].parent == parent;
    return count;
}

/* The submenu around this line, as index + 1. */
static size_t innermost_submenu(const struct menu *menu)
{
    for (unsigned depth = menu->depth; depth-- > 0;)
        if (menu->open[depth] && menu->items[menu->open[depth] - 1].is_submenu)
            return menu->open[depth];
    return 0;
}

static struct boot_entry *innermost_entry(struct menu *menu)
{
    for (unsigned depth = menu->depth; depth-- > 0;)
        if (menu->open[depth] && !menu->items[menu->open[depth] - 1].is_submenu)
            return &menu->items[menu->open[depth] - 1].entry;
    return NULL;
}

static void push(struct menu *menu, size_t item)
{
    if (menu->depth < DEPTH_MAX)
        menu->open[menu->depth++] = item;
    else
        menu->ignored_depth++;
}

static void pop(struct menu *menu)
{
    if (menu->ignored_depth)
        menu->ignored_depth--;
    else if (menu->depth)
        menu->depth--;
}

/* menuentry 'Title' --class x $menuentry_id_option 'id' { */
static void take_item(struct menu *menu, bool is_submenu, const char *cursor, const char *end)
{
    cleanup_text struct text word = {0};
    if (menu->count >= BOOT_ENTRIES_MAX || !next_word(&cursor, end, &word)) {
        push(menu, 0);
        return;
    }
    menu->items = checked_grow(menu->items, menu->count + 1, sizeof *menu->items);
    struct menu_item *item = &menu->items[menu->count];
    *item = (struct menu_item){.is_submenu = is_submenu, .parent = innermost_submenu(menu)};
    item->place = siblings(menu, item->parent);
    item->entry.title = checked_copy(word.data);
    while (next_word(&cursor, end, &word))
        if (string_is(word.data, "--id") || string_is(word.data, "$menuentry_id_option")) {
            if (next_word(&cursor, end, &word))
                boot_entry_set(&item->entry.id, checked_copy(word.data));
        } else if (string_starts(word.data, "--id=")) {
            boot_entry_set(&item->entry.id, checked_copy(word.data + 5));
        }
    push(menu, ++menu->count);
}

static void take_kernel(struct boot_entry *entry, const char *cursor, const char *end)
{
    cleanup_text struct text word = {0};
    if (entry->kernel || !next_word(&cursor, end, &word))
        return;
    entry->kernel = checked_copy(word.data);
    cleanup_text struct text arguments = {0};
    while (next_word(&cursor, end, &word)) {
        if (arguments.length)
            text_append(&arguments, " ");
        text_append(&arguments, word.data);
    }
    entry->arguments = text_take(&arguments);
    entry->root = command_line_root(entry->arguments);
}

static void take_initrd(struct boot_entry *entry, const char *cursor, const char *end)
{
    cleanup_text struct text word = {0};
    while (next_word(&cursor, end, &word))
        boot_entry_set(&entry->initrd, checked_copy(word.data));
}

/* The head's if-else gives the default twice or thrice; the last one that is no ${next_entry} is what an undisturbed
 * boot takes. */
static void take_set(struct menu *menu, const char *cursor, const char *end)
{
    cleanup_text struct text word = {0};
    if (!next_word(&cursor, end, &word) || !string_starts(word.data, "default=") || menu->count)
        return;
    if (!strstr(word.data, "next_entry"))
        boot_entry_set(&menu->default_value, checked_copy(word.data + strlen("default=")));
}

static void take_line(struct menu *menu, const char *line, const char *end)
{
    cleanup_text struct text word = {0};
    const char *cursor = line;
    if (!next_word(&cursor, end, &word) || *word.data == '#')
        return;
    struct boot_entry *entry = innermost_entry(menu);
    if (string_is(word.data, "menuentry") || string_is(word.data, "submenu"))
        take_item(menu, *word.data == 's', cursor, end);
    else if (string_is(word.data, "}"))
        pop(menu);
    else if (string_is(word.data, "set"))
        take_set(menu, cursor, end);
    else if (entry && (string_is(word.data, "linux") || string_is(word.data, "linux16") || string_is(word.data, "linuxefi")))
        take_kernel(entry, cursor, end);
    else if (entry && (string_is(word.data, "initrd") || string_is(word.data, "initrd16") || string_is(word.data, "initrdefi")))
        take_initrd(entry, cursor, end);
    else if (end[-1] == '{') /* function NAME { */
        push(menu, 0);
}

static void parse(struct menu *menu, const char *config)
{
    const char *cursor = config, *line;
    size_t length, lines = 0;
    while (lines++ < LINES_MAX && next_line(&cursor, &line, &length)) {
        while (length && isspace((unsigned char)line[length - 1]))
            length--;
        if (length && length <= WORD_MAX)
            take_line(menu, line, line + length);
    }
}

/* One step of "1>2" or "title>id": the item of that name or number in the submenu `parent`. */
static const struct menu_item *find_step(const struct menu *menu, size_t parent, const char *step)
{
    char *end;
    unsigned long place = strtoul(step, &end, 10);
    bool is_number = *step && !*end;
    for (size_t i = 0; i < menu->count; i++) {
        const struct menu_item *item = &menu->items[i];
        if (item->parent != parent)
            continue;
        if (is_number ? item->place == place : string_is(item->entry.id, step) || string_is(item->entry.title, step))
            return item;
    }
    return NULL;
}

/* GRUB falls back to the first entry where the default names none, so the first bootable one in `parent` or below. */
static const struct menu_item *first_entry(const struct menu *menu, size_t parent)
{
    for (size_t i = 0; i < menu->count; i++)
        if (menu->items[i].parent == parent && !menu->items[i].is_submenu)
            return &menu->items[i];
    return NULL;
}

static const struct menu_item *find_default(const struct menu *menu, const char *wanted)
{
    cleanup_free char *path = checked_copy(wanted);
    const struct menu_item *item = NULL;
    size_t parent = 0;
    char *rest = path;
    for (char *step; (step = strsep(&rest, ">"));) {
        item = find_step(menu, parent, step);
        if (!item)
            return first_entry(menu, 0);
        parent = (size_t)(item - menu->items) + 1;
        if (!item->is_submenu)
            return item;
    }
    const struct menu_item *inside = item ? first_entry(menu, parent) : NULL;
    return inside ? inside : first_entry(menu, 0);
}

static char *wanted_default(const struct menu *menu, const char *environment)
{
    const char *value = menu->default_value;
    if (!value || !*value)
        return checked_copy("0");
    if (!strstr(value, "saved_entry"))
        return checked_copy(value);
    char *saved = environment ? grub2_environment_value(environment, "saved_entry") : NULL;
    return saved && *saved ? saved : (free(saved), checked_copy("0"));
}

static void free_menu(struct menu *menu)
{
    for (size_t i = 0; i < menu->count; i++)
        boot_entry_free(&menu->items[i].entry);
    free(menu->items);
    free(menu->default_value);
}

/* "submenu>entry", by titles, which GRUB 1.99 knows already and grub-mkconfig writes the same again; ids hold the name of the
 * old machine's root. NULL for a title that holds the sign which parts them. */
static char *path_of(const struct menu *menu, const struct menu_item *item)
{
    const char *name = item->entry.title;
    if (strchr(name, '>'))
        return NULL;
    if (!item->parent)
        return checked_copy(name);
    cleanup_free char *above = path_of(menu, &menu->items[item->parent - 1]);
    return above ? checked_printf("%s>%s", above, name) : NULL;
}

static void take_entry(const struct menu *menu, const struct menu_item *item, struct boot_entries *entries)
{
    struct boot_entry entry = {
        .title = checked_copy(item->entry.title),
        .id = path_of(menu, item),
        .kernel = checked_copy(item->entry.kernel),
        .initrd = checked_copy(item->entry.initrd),
        .arguments = checked_copy(item->entry.arguments),
        .root = checked_copy(item->entry.root),
    };
    boot_entries_add(entries, &entry);
}

void grub2_entries(const char *config, const char *environment, struct boot_entries *entries)
{
    struct menu menu = {0};
    parse(&menu, config);
    cleanup_free char *wanted = wanted_default(&menu, environment);
    const struct menu_item *chosen = find_default(&menu, wanted);
    bool found = false;
    for (size_t i = 0; i < menu.count; i++) {
        if (menu.items[i].is_submenu)
            continue;
        if (&menu.items[i] == chosen && chosen->entry.kernel)
            entries->chosen = entries->count, found = true;
        take_entry(&menu, &menu.items[i], entries);
    }
    if (!found)
        entries->chosen = entries->count;
    free_menu(&menu);
}

bool grub2_default_is_saved(const char *config)
{
    struct menu menu = {0};
    parse(&menu, config);
    bool saved = menu.default_value && strstr(menu.default_value, "saved_entry");
    free_menu(&menu);
    return saved;
}

char *grub2_environment_value(const char *environment, const char *name)
{
    const char *cursor = environment, *line;
    size_t length, name_length = strlen(name);
    while (next_line(&cursor, &line, &length))
        if (length > name_length && strncmp(line, name, name_length) == 0 && line[name_length] == '=')
            return checked_copy_bytes(line + name_length + 1, length - name_length - 1);
    return NULL;
}
