/* udev rules that bind an interface name to a MAC: /etc/udev/rules.d/70-persistent-net.rules, written by udev itself up
 * to systemd 197 (Debian 8, RHEL 6) and kept by upgrades since, and rules of an administrator's own hand:
 *
 *     SUBSYSTEM=="net", ACTION=="add", DRIVERS=="?*", ATTR{address}=="52:54:00:aa:00:01", NAME="lan0"
 */
#include <stdlib.h>
#include <string.h>

#include "../../base/cleanup.h"
#include "network.h"

struct rule {
    char *mac, *name;
    bool other_subsystem;
};

static void take_pair(struct rule *rule, const char *key, const char *operator, const char *value)
{
    bool is_match = string_is(operator, "==");
    if (is_match && (string_is(key, "ATTR{address}") || string_is(key, "ATTRS{address}") || string_is(key, "SYSFS{address}"))) {
        free(rule->mac);
        rule->mac = network_mac(value);
    } else if (string_is(key, "NAME") && !is_match && !strpbrk(value, "%$")) {
        free(rule->name);
        rule->name = checked_copy(value);
    } else if (string_is(key, "IMPORT") && string_starts(value, "/lib/udev/rename_netiface %k ")) { /* SLES 10 */
        free(rule->name);
        rule->name = checked_copy(strrchr(value, ' ') + 1);
    } else if (string_is(key, "SUBSYSTEM") && is_match && !string_is(value, "net")) {
        rule->other_subsystem = true;
    }
}

/* KEY{attribute} OPERATOR "VALUE", cut in place. Returns what follows it, or NULL when the line cannot be read. */
static char *next_pair(char *line, struct rule *rule)
{
    char *key = line + strspn(line, " \t,");
    char *quote = strchr(key, '"'), *end = quote ? strchr(quote + 1, '"') : NULL;
    if (!end)
        return NULL;
    *quote = *end = '\0';
    char *sign = key + strcspn(key, "=!+:-");
    cleanup_free char *operator = checked_copy(sign);
    operator[strcspn(operator, " \t")] = '\0';
    *sign = '\0';
    take_pair(rule, string_trim(key), operator, quote + 1);
    return end + 1;
}

void network_parse_udev_rules(struct network *network, const char *file, const char *text)
{
    const char *cursor = text, *start;
    for (size_t length; next_line(&cursor, &start, &length);) {
        cleanup_free char *line = checked_copy_bytes(start, length);
        struct rule rule = {0};
        if (*string_trim(line) != '#')
            for (char *rest = line; rest && *rest;)
                rest = next_pair(rest, &rule);
        if (rule.mac && rule.name && *rule.name && !rule.other_subsystem)
            network_nic(network, rule.name, rule.mac, file);
        free(rule.mac);
        free(rule.name);
    }
}

void network_parse_names(struct network *network, const char *file, const char *text)
{
    const char *line;
    for (size_t length; next_line(&text, &line, &length);) {
        char temporary[16], name[16];
        cleanup_free char *copy = checked_copy_bytes(line, length);
        if (sscanf(copy, "link set dev %15s name %15s", temporary, name) != 2)
            continue;
        struct network_nic *nic = network_is_name(temporary) ? network_nic(network, temporary, NULL, file) : NULL;
        cleanup_free char *mac = nic ? checked_copy(nic->nic.mac) : NULL;
        if (mac)
            network_nic(network, name, mac, file);
    }
}
