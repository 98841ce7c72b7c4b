/* See network_text.h. */
#include "network_text.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "../../base/cleanup.h"
#include "../../base/text.h"

#define MAC_LENGTH 17

/* One comma-separated part of a rule: KEY{attribute}OP"value". */
struct rule_part {
    const char *start;
    size_t length, key_length;
    const char *value;
    size_t value_length;
};

/* A comma within quotes is part of the value. */
static bool next_part(const char **at, const char *end, struct rule_part *part)
{
    while (*at < end && strchr(", \t", **at))
        ++*at;
    if (*at >= end)
        return false;
    *part = (struct rule_part){.start = *at};
    bool quoted = false;
    for (; *at < end && (quoted || **at != ','); ++*at) {
        if (**at == '"' && !quoted && !part->value)
            part->value = *at + 1;
        else if (**at == '"' && quoted)
            part->value_length = (size_t)(*at - part->value);
        quoted ^= **at == '"';
    }
    part->length = (size_t)(*at - part->start);
    while (part->length && isspace((unsigned char)part->start[part->length - 1]))
        part->length--;
    while (part->key_length < part->length && !strchr("=!+:-", part->start[part->key_length]))
        part->key_length++;
    return true;
}

static bool part_is(const struct rule_part *part, const char *key)
{
    return part->key_length == strlen(key) && strncmp(part->start, key, part->key_length) == 0;
}

static bool value_is(const struct rule_part *part, const char *value)
{
    return part->value && part->value_length == strlen(value) && strncasecmp(part->value, value, part->value_length) == 0;
}

/* NAME="lan0"; or, in SLES 10, IMPORT="/lib/udev/rename_netiface %k lan0". */
static bool part_names(const struct rule_part *part, const char *name)
{
    if (part_is(part, "NAME"))
        return value_is(part, name);
    static const char program[] = "/lib/udev/rename_netiface %k ";
    size_t length = sizeof program - 1;
    return part_is(part, "IMPORT") && part->value_length == length + strlen(name) && strncmp(part->value, program, length) == 0 &&
           strncmp(part->value + length, name, strlen(name)) == 0;
}

static bool rule_names(const char *line, size_t length, const char *name)
{
    const char *at = line;
    struct rule_part part;
    while (*line != '#' && next_part(&at, line + length, &part))
        if (part_names(&part, name))
            return true;
    return false;
}

static bool rule_has(const char *line, size_t length, const char *key, const char *value)
{
    const char *at = line;
    struct rule_part part;
    while (*line != '#' && next_part(&at, line + length, &part))
        if (part_is(&part, key) && value_is(&part, value))
            return true;
    return false;
}

bool udev_rules_bind(const char *text, const char *name, const char *mac, bool old_udev)
{
    const char *line;
    size_t length;
    while (next_line(&text, &line, &length))
        if (rule_names(line, length, name) &&
            (rule_has(line, length, "ATTR{address}", mac) || (old_udev && rule_has(line, length, "SYSFS{address}", mac))))
            return true;
    return false;
}

/* What binds a rule to the old card: its place, its driver, attributes of the devices above it. DRIVERS=="?*" only says
 * that it is no virtual interface, and KERNEL=="eth*" that it is none of another kind; these stay. */
static bool part_is_bound_to_old_card(const struct rule_part *part)
{
    if (part_is(part, "KERNELS") || part_is(part, "SUBSYSTEMS") || part_is(part, "ID") || part_is(part, "BUS") || part_is(part, "DEVPATH") ||
        part_is(part, "DRIVER") || part_is(part, "ATTR{address}") || part_is(part, "ATTR{dev_port}") || part_is(part, "SYSFS{address}"))
        return true;
    if (part->key_length > 5 && (strncmp(part->start, "ATTRS", 5) == 0 || strncmp(part->start, "ENV{ID_", 7) == 0))
        return true;
    return (part_is(part, "DRIVERS") && !value_is(part, "?*")) || (part_is(part, "KERNEL") && !memchr(part->value ? part->value : "*", '*', part->value ? part->value_length : 1));
}

static bool rule_has_key(const char *line, size_t length, const char *key)
{
    const char *at = line;
    struct rule_part part;
    while (next_part(&at, line + length, &part))
        if (part_is(&part, key))
            return true;
    return false;
}

struct rebinding {
    const char *name, *new_mac;
};

/* A rule that is bound to the new card by its MAC and by nothing else is left as its author wrote it. */
static void append_rebound_rule(struct text *out, const char *line, size_t length, const struct rebinding *to)
{
    /* udev up to 097 (SLES 10, RHEL 5) knows SYSFS{} only, and none since 174 knows it. */
    const char *key = rule_has_key(line, length, "SYSFS{address}") ? "SYSFS{address}" : "ATTR{address}";
    cleanup_free char *binding = checked_printf("%s==\"%s\"", key, to->new_mac);
    cleanup_strings struct strings parts = {0};
    const char *at = line;
    struct rule_part part;
    bool changed = !rule_has(line, length, key, to->new_mac);
    while (next_part(&at, line + length, &part)) {
        bool is_address = part_is(&part, "ATTR{address}") || part_is(&part, "SYSFS{address}");
        if (is_address || part_names(&part, to->name))
            strings_add_new(&parts, binding);
        if (part_is_bound_to_old_card(&part)) {
            changed = changed || !is_address;
            continue;
        }
        cleanup_free char *copy = checked_copy_bytes(part.start, part.length);
        strings_add(&parts, copy);
    }
    cleanup_free char *rule = strings_join(&parts, ", ");
    if (changed)
        text_append(out, rule);
    else
        text_append_bytes(out, line, length);
}

static void rebind_line(struct text *out, const char *line, size_t length, void *context)
{
    const struct rebinding *rebinding = context;
    if (rule_names(line, length, rebinding->name))
        append_rebound_rule(out, line, length, rebinding);
    else
        text_append_bytes(out, line, length);
}

char *udev_rules_rebind(const char *text, const char *name, const char *new_mac)
{
    return text_rewrite_lines(text, rebind_line, &(struct rebinding){name, new_mac});
}

static bool is_section(const char *line, size_t length, const char *section)
{
    size_t name = strlen(section);
    return length >= name + 2 && line[0] == '[' && strncmp(line + 1, section, name) == 0 && line[name + 1] == ']';
}

static bool is_key(const char *line, size_t length, const char *key)
{
    size_t name = strlen(key);
    return length > name && strncmp(line, key, name) == 0 && (line[name] == '=' || line[name] == ' ');
}

char *unit_value(const char *text, const char *section, const char *key)
{
    const char *line;
    size_t length;
    bool inside = false;
    while (next_line(&text, &line, &length)) {
        if (length && *line == '[')
            inside = is_section(line, length, section);
        const char *equals = inside && is_key(line, length, key) ? memchr(line, '=', length) : NULL;
        if (equals) {
            cleanup_free char *value = checked_copy_bytes(equals + 1, (size_t)(line + length - equals - 1));
            return checked_copy(string_trim(value));
        }
    }
    return NULL;
}

/* In [Match], everything that is no condition on the running system itself. */
static bool is_match_of_card(const char *line, size_t length)
{
    static const char *const keys[] = {"MACAddress", "PermanentMACAddress", "OriginalName", "Path", "Driver", "Type", "Kind", "Property", "Name"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (is_key(line, length, keys[i]))
            return true;
    return false;
}

/* The key stays, as old versions of systemd know MACAddress= only. */
char *link_file_rebind(const char *text, const char *new_mac)
{
    cleanup_free char *permanent = unit_value(text, "Match", "PermanentMACAddress");
    const char *key = permanent ? "PermanentMACAddress" : "MACAddress";
    struct text out = {0};
    const char *line;
    size_t length;
    bool inside = false;
    while (next_line(&text, &line, &length)) {
        if (length && *line == '[')
            inside = is_section(line, length, "Match");
        if (!inside || !is_match_of_card(line, length)) {
            text_append_bytes(&out, line, length);
            text_append(&out, "\n");
        }
        if (is_section(line, length, "Match"))
            text_printf(&out, "%s=%s\n", key, new_mac);
    }
    return text_take(&out);
}

/* Dashes or colons, upper or lower case. */
static bool mac_is_here(const char *at, const char *mac)
{
    for (size_t i = 0; i < MAC_LENGTH; i++) {
        if (!mac[i])
            return false;
        bool separator = i % 3 == 2;
        if (separator ? (at[i] != ':' && at[i] != '-') : tolower((unsigned char)at[i]) != tolower((unsigned char)mac[i]))
            return false;
    }
    return !isxdigit((unsigned char)at[MAC_LENGTH]) && at[MAC_LENGTH] != ':';
}

char *mac_replace(const char *text, const struct mac_pair *pairs, size_t count)
{
    struct text out = {0};
    while (*text) {
        size_t i = 0;
        while (i < count && !mac_is_here(text, pairs[i].old_mac))
            i++;
        if (i < count) {
            text_append(&out, pairs[i].new_mac);
            text += MAC_LENGTH;
        } else
            text_append_bytes(&out, text++, 1);
    }
    return text_take(&out);
}

/* "iface lan0 inet static" and the like open a stanza; these words end one. */
static bool opens_stanza(const char *word)
{
    static const char *const words[] = {"iface", "mapping", "auto", "source", "source-directory", "rename", "no-auto-down", "no-scripts"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (string_is(word, words[i]))
            return true;
    return string_starts(word, "allow-");
}

struct stanza {
    const char *name, *new_mac;
    bool inside; /* the lines now belong to the interface `name` */
};

static void rebind_hwaddress(struct text *out, const char *line, size_t length, void *context)
{
    struct stanza *stanza = context;
    cleanup_free char *copy = checked_copy_bytes(line, length);
    char *rest = NULL, *word = strtok_r(copy, " \t", &rest), *second = word ? strtok_r(NULL, " \t", &rest) : NULL;
    if (word && opens_stanza(word))
        stanza->inside = string_is(word, "iface") && string_is(second, stanza->name);
    bool sets = stanza->inside && string_is(word, "hwaddress");
    const char *mac = sets && string_is(second, "ether") ? strtok_r(NULL, " \t", &rest) : sets ? second : NULL;
    size_t before = mac ? (size_t)(mac - copy) : length, after = mac ? before + strlen(mac) : length;
    text_append_bytes(out, line, before);
    text_append(out, mac ? stanza->new_mac : "");
    text_append_bytes(out, line + after, length - after);
}

char *interfaces_rebind(const char *text, const char *name, const char *new_mac)
{
    return text_rewrite_lines(text, rebind_hwaddress, &(struct stanza){.name = name, .new_mac = new_mac});
}
