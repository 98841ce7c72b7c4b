/* A kernel's module tables, from the text files that depmod writes and the kernel's own build (modules.builtin,
 * modules.builtin.modinfo). The binary indexes say the same; the texts are the same in every release since 2.6. */
#include "modules.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "../../base/cleanup.h"
#include "../../base/root.h"
#include "builtin_aliases.h"

/* Each of these files is below 3 MiB in any distribution's kernel. */
#define TABLE_MAX (32u << 20)
#define ALIASES_MAX 500000
#define MODULES_MAX 100000

struct alias {
    char *pattern;
    char *module;
};

struct module {
    char *name;
    char *file; /* NULL: built in */
    struct strings depends; /* names */
};

struct module_table {
    struct alias *aliases;
    size_t alias_count, alias_capacity;
    struct module *modules; /* sorted by name once loaded */
    size_t module_count, module_capacity;
};

/* modprobe takes '-' for '_' everywhere but inside brackets (kmod's alias_normalize); so do we, in place. */
static void normalise(char *name)
{
    bool in_brackets = false;
    for (; *name; name++) {
        if (*name == '[')
            in_brackets = true;
        else if (*name == ']')
            in_brackets = false;
        else if (*name == '-' && !in_brackets)
            *name = '_';
    }
}

char *modules_name_of_path(const char *path)
{
    static const char *const suffixes[] = {".ko", ".ko.xz", ".ko.zst", ".ko.gz"};
    const char *slash = strrchr(path, '/');
    const char *base = slash ? slash + 1 : path;
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        if (!string_ends(base, suffixes[i]) || strlen(base) == strlen(suffixes[i]))
            continue;
        char *name = checked_copy_bytes(base, strlen(base) - strlen(suffixes[i]));
        normalise(name);
        return name;
    }
    return NULL;
}

static void add_alias(struct module_table *table, const char *pattern, const char *module)
{
    if (table->alias_count >= ALIASES_MAX)
        return;
    if (table->alias_count == table->alias_capacity) {
        table->alias_capacity = table->alias_capacity ? table->alias_capacity * 2 : 1024;
        table->aliases = checked_grow(table->aliases, table->alias_capacity, sizeof *table->aliases);
    }
    struct alias *alias = &table->aliases[table->alias_count++];
    *alias = (struct alias){checked_copy(pattern), checked_copy(module)};
    normalise(alias->pattern);
    normalise(alias->module);
}

/* depmod wrote whole paths before module-init-tools 3.5 (RHEL 5): "/lib/modules/VERSION/kernel/…". */
static const char *below_version(const char *path)
{
    static const char prefix[] = "/lib/modules/";
    const char *slash = string_starts(path, prefix) ? strchr(path + strlen(prefix), '/') : NULL;
    return slash ? slash + 1 : path;
}

static struct module *add_module(struct module_table *table, const char *path, bool builtin)
{
    char *name = modules_name_of_path(path);
    if (!name || table->module_count >= MODULES_MAX) {
        free(name);
        return NULL;
    }
    if (table->module_count == table->module_capacity) {
        table->module_capacity = table->module_capacity ? table->module_capacity * 2 : 1024;
        table->modules = checked_grow(table->modules, table->module_capacity, sizeof *table->modules);
    }
    struct module *module = &table->modules[table->module_count++];
    *module = (struct module){.name = name, .file = builtin ? NULL : checked_copy(below_version(path))};
    return module;
}

/* "alias PATTERN MODULE"; comments and other words are passed over. */
static void parse_aliases(struct module_table *table, char *text)
{
    char *rest = text;
    for (char *line; (line = strsep(&rest, "\n"));) {
        char *word = strsep(&line, " \t"), *pattern = strsep(&line, " \t");
        if (string_is(word, "alias") && pattern && line)
            add_alias(table, pattern, string_trim(line));
    }
}

/* "kernel/a.ko: kernel/b.ko kernel/c.ko" */
static void parse_dependencies(struct module_table *table, char *text)
{
    char *rest = text;
    for (char *line; (line = strsep(&rest, "\n"));) {
        char *path = strsep(&line, ":");
        struct module *module = line ? add_module(table, path, false) : NULL;
        for (char *word; module && (word = strsep(&line, " \t"));) {
            cleanup_free char *name = modules_name_of_path(word);
            if (name)
                strings_add(&module->depends, name);
        }
    }
}

static void parse_builtin(struct module_table *table, char *text)
{
    char *rest = text;
    for (char *line; (line = strsep(&rest, "\n"));)
        add_module(table, string_trim(line), true);
}

/* Records "virtio_blk.alias=virtio:d00000002v*", each ended by a zero byte. */
static void parse_builtin_modinfo(struct module_table *table, char *data, size_t length)
{
    for (char *record = data; record < data + length; record += strlen(record) + 1) {
        char *key = strchr(record, '.'), *value = strchr(record, '=');
        if (!key || !value || key > value || strncmp(key, ".alias=", 7) != 0)
            continue;
        *key = '\0';
        add_alias(table, value + 1, record);
        *key = '.';
    }
}

static int compare_modules(const void *a, const void *b)
{
    return strcmp(((const struct module *)a)->name, ((const struct module *)b)->name);
}

static char *read_table(int root_fd, const char *directory, const char *name, size_t *length)
{
    cleanup_free char *path = checked_printf("%s/%s", directory, name);
    return root_read(root_fd, path, TABLE_MAX, length);
}

/* modules.builtin is missing before 2.6.33, modules.builtin.modinfo before 5.2. */
static void load_builtin(struct module_table *table, int root_fd, const char *directory)
{
    size_t length = 0;
    cleanup_free char *builtin = read_table(root_fd, directory, "modules.builtin", NULL);
    cleanup_free char *modinfo = read_table(root_fd, directory, "modules.builtin.modinfo", &length);
    if (builtin)
        parse_builtin(table, builtin);
    if (modinfo)
        parse_builtin_modinfo(table, modinfo, length);
}

struct module_table *modules_load(int root_fd, const char *directory, struct error *err)
{
    cleanup_free char *aliases = read_table(root_fd, directory, "modules.alias", NULL);
    if (!aliases) {
        error_errno(err, "read %s/modules.alias", directory);
        return NULL;
    }
    cleanup_free char *dependencies = read_table(root_fd, directory, "modules.dep", NULL);
    struct module_table *table = checked_alloc(sizeof *table);
    parse_aliases(table, aliases);
    if (dependencies)
        parse_dependencies(table, dependencies);
    load_builtin(table, root_fd, directory);
    if (table->module_count)
        qsort(table->modules, table->module_count, sizeof *table->modules, compare_modules);
    for (size_t i = 0; i < sizeof builtin_aliases / sizeof *builtin_aliases; i++)
        if (modules_is_builtin(table, builtin_aliases[i].driver))
            add_alias(table, builtin_aliases[i].pattern, builtin_aliases[i].driver);
    return table;
}

void modules_free(struct module_table *table)
{
    if (!table)
        return;
    for (size_t i = 0; i < table->alias_count; i++) {
        free(table->aliases[i].pattern);
        free(table->aliases[i].module);
    }
    for (size_t i = 0; i < table->module_count; i++) {
        free(table->modules[i].name);
        free(table->modules[i].file);
        strings_free(&table->modules[i].depends);
    }
    free(table->aliases);
    free(table->modules);
    free(table);
}

static const struct module *find(const struct module_table *table, const char *name)
{
    cleanup_free char *normal = checked_copy(name);
    normalise(normal);
    const struct module key = {.name = normal};
    if (!table || !table->module_count)
        return NULL;
    return bsearch(&key, table->modules, table->module_count, sizeof *table->modules, compare_modules);
}

static size_t match_aliases(const struct module_table *table, const char *modalias, struct strings *names)
{
    cleanup_free char *normal = checked_copy(modalias);
    normalise(normal);
    size_t bus = strcspn(normal, ":*?["), matches = 0;
    for (size_t i = 0; table && i < table->alias_count; i++) {
        const struct alias *alias = &table->aliases[i];
        /* Most patterns are of another bus: spare the slow comparison. */
        if (strncmp(alias->pattern, normal, bus < 3 ? bus : 3) != 0 || fnmatch(alias->pattern, normal, 0) != 0)
            continue;
        strings_add_new(names, alias->module);
        matches++;
    }
    return matches;
}

/* Hyper-V's generation 1 has the disks of its IDE controller twice: on VMBus, and for a kernel that has no driver for that as those of an 82371AB. */
#define HYPER_V_IDE "vmbus:32264132cb86a2449b5c50d1417354f5"
#define ITS_EMULATION "pci:v00008086d00007111sv00000000sd00000000bc01sc01i80"

size_t modules_match(const struct module_table *table, const char *modalias, struct strings *names)
{
    size_t matches = match_aliases(table, modalias, names);
    bool is_emulated_too = !matches && string_is(modalias, HYPER_V_IDE) && !modules_is_builtin(table, "hv_storvsc");
    return is_emulated_too ? match_aliases(table, ITS_EMULATION, names) : matches;
}

bool modules_is_builtin(const struct module_table *table, const char *name)
{
    const struct module *module = find(table, name);
    return module && !module->file;
}

bool modules_has(const struct module_table *table, const char *name)
{
    return find(table, name) != NULL;
}

const char *modules_file(const struct module_table *table, const char *name)
{
    const struct module *module = find(table, name);
    return module ? module->file : NULL;
}

/* `open` holds the modules on the way down, so that a table with a ring in it ends. */
static void add_closure(const struct module_table *table, const char *name, struct strings *open, struct strings *names)
{
    const struct module *module = find(table, name);
    if (!module || !module->file || strings_contain(names, module->name) || strings_contain(open, module->name))
        return;
    strings_add(open, module->name);
    for (size_t i = 0; i < module->depends.count; i++)
        add_closure(table, module->depends.items[i], open, names);
    strings_add_new(names, module->name);
}

void modules_with_dependencies(const struct module_table *table, const char *name, struct strings *names)
{
    cleanup_strings struct strings open = {0};
    add_closure(table, name, &open, names);
}
