/* See network_text.h: the files of RHEL, NetworkManager and netplan, as text. */
#include <string.h>
#include <strings.h>

#include "../../base/cleanup.h"
#include "../../base/text.h"
#include "../../guest/network/netplan.h"
#include "network_text.h"

struct hwaddr {
    const char *new_mac;
    bool found;
};

static void rebind_hwaddr(struct text *out, const char *line, size_t length, void *context)
{
    struct hwaddr *hwaddr = context;
    cleanup_free char *copy = checked_copy_bytes(line, length);
    const char *start = copy + strspn(copy, " \t");
    if (!string_starts(start, "HWADDR=")) {
        text_append(out, copy);
        return;
    }
    hwaddr->found = true;
    const char *value = start + strlen("HWADDR="), *quote = strchr("\"'", *value);
    bool is_quoted = quote && *value;
    size_t skipped = is_quoted ? 1 + strcspn(value + 1, (char[]){*value, '\0'}) : strcspn(value, " \t#");
    text_append_bytes(out, copy, (size_t)(value - copy) + is_quoted);
    text_append(out, hwaddr->new_mac);
    text_append(out, value + skipped);
}

char *ifcfg_rebind(const char *text, const char *new_mac, bool add)
{
    struct hwaddr hwaddr = {.new_mac = new_mac};
    cleanup_free char *better = text_rewrite_lines(text, rebind_hwaddr, &hwaddr);
    size_t length = strlen(better);
    if (hwaddr.found || !add)
        return take_pointer(better);
    return checked_printf("%s%sHWADDR=%s\n", better, length && better[length - 1] != '\n' ? "\n" : "", new_mac);
}

struct keyfile {
    const char *new_mac;
    char section[64];
    bool has_mac, was_bound; /* by a slot or a driver */
    struct text *out;
};

static bool is_ethernet(const char *section)
{
    return string_is(section, "ethernet") || string_is(section, "802-3-ethernet");
}

/* Returns whether the line stays as it is. */
static bool rebind_key(struct keyfile *keyfile, const char *line)
{
    size_t key = strcspn(line, "= \t");
    bool is_mac = is_ethernet(keyfile->section) && key == strlen("mac-address") && strncmp(line, "mac-address", key) == 0;
    bool says_slot = (key == 4 && strncmp(line, "path", 4) == 0) || (key == 6 && strncmp(line, "driver", 6) == 0);
    bool is_slot = says_slot && string_is(keyfile->section, "match");
    if (is_mac)
        text_printf(keyfile->out, "mac-address=%s\n", keyfile->new_mac);
    keyfile->has_mac |= is_mac;
    keyfile->was_bound |= is_slot;
    return !is_mac && !is_slot;
}

static void rebind_keyfile_line(struct keyfile *keyfile, const char *line)
{
    if (*line == '[')
        snprintf(keyfile->section, sizeof keyfile->section, "%.*s", (int)strcspn(line + 1, "]"), line + 1);
    if (rebind_key(keyfile, line))
        text_printf(keyfile->out, "%s\n", line);
}

char *keyfile_rebind(const char *text, const char *new_mac)
{
    struct text out = {0};
    struct keyfile keyfile = {.new_mac = new_mac, .out = &out};
    const char *cursor = text, *line;
    for (size_t length; next_line(&cursor, &line, &length);) {
        cleanup_free char *copy = checked_copy_bytes(line, length);
        rebind_keyfile_line(&keyfile, copy);
    }
    if (keyfile.was_bound && !keyfile.has_mac)
        text_printf(&out, "\n[ethernet]\nmac-address=%s\n", new_mac);
    cleanup_free char *better = text_take(&out);
    return keyfile.was_bound || keyfile.has_mac ? take_pointer(better) : checked_copy(text);
}

struct netplan_search {
    const char *name, *id, *new_mac;
    struct netplan_place place; /* what is to be replaced */
    bool is_driver;
    bool is_bound;
};

static void search(void *context, const struct netplan_interface *interface)
{
    struct netplan_search *at = context;
    if (!string_is(interface->kind, "ethernets") || !(at->name ? string_is(interface->set_name, at->name) : string_is(interface->id, at->id)))
        return;
    if (interface->match_mac) {
        at->place = interface->match_mac_value;
        at->is_bound = strcasecmp(interface->match_mac, at->new_mac) == 0;
    } else if (interface->match_driver) {
        at->place = interface->match_driver_pair;
        at->is_driver = true;
    }
}

/* The value's quotes stay what they were: an unquoted MAC of digits alone is a number to some readers (YAML 1.1, base 60). */
char *netplan_rebind(const char *text, const char *name, const char *id, const char *new_mac)
{
    struct netplan_search at = {.name = name, .id = id, .new_mac = new_mac};
    if (netplan_parse(text, search, &at) < 0)
        return NULL;
    if (at.place.start == at.place.end || at.is_bound)
        return checked_copy(text);
    char quote[2] = {at.is_driver || text[at.place.start] == '"' ? '"' : text[at.place.start] == '\'' ? '\'' : '\0', '\0'};
    struct text out = {0};
    text_append_bytes(&out, text, at.place.start);
    text_printf(&out, "%s%s%s%s", at.is_driver ? "macaddress: " : "", quote, new_mac, quote);
    text_append(&out, text + at.place.end);
    return text_take(&out);
}

bool netplan_binds(const char *text, const char *name, const char *mac)
{
    struct netplan_search at = {.name = name, .new_mac = mac};
    return netplan_parse(text, search, &at) == 0 && at.is_bound;
}
