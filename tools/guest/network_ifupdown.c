/* ifupdown's /etc/network/interfaces (interfaces(5)): stanzas of `iface NAME FAMILY METHOD` with options below. */
#include <stdlib.h>
#include <string.h>

#include "../base/cleanup.h"
#include "network.h"

struct stanza {
    struct network *network;
    const char *file;
    char *name;    /* NULL outside of an iface stanza */
    char *address; /* waits for its netmask */
    int prefix;    /* -1 */
};

/* The index holds while the list grows, so the entry is looked up by name each time. */
static struct network_nic *nic_of(struct stanza *stanza)
{
    return stanza->name ? network_nic(stanza->network, stanza->name, NULL, stanza->file) : NULL;
}

static void end_stanza(struct stanza *stanza)
{
    struct network_nic *nic = stanza->address ? nic_of(stanza) : NULL;
    if (nic) {
        cleanup_free char *address = strchr(stanza->address, '/') || stanza->prefix < 0
                                         ? checked_copy(stanza->address)
                                         : checked_printf("%s/%d", stanza->address, stanza->prefix);
        strings_add_new(&nic->nic.addresses, address);
    }
    free(stanza->address);
    free(stanza->name);
    stanza->address = stanza->name = NULL;
    stanza->prefix = -1;
}

/* "eth0:1" is a further address of eth0; "eth0.100" and "vlan100" are VLANs. */
static void begin_stanza(struct stanza *stanza, char *rest)
{
    char *name = strsep(&rest, " \t"), *family = strsep(&rest, " \t");
    if (!rest || !*name || strlen(name) > 64)
        return;
    const char *method = string_trim(rest);
    stanza->name = checked_copy_bytes(name, strcspn(name, ":"));
    struct network_nic *nic = nic_of(stanza);
    if (!nic)
        return;
    nic->has_settings = true;
    nic->is_virtual |= strchr(name, '.') || string_is(method, "loopback") || string_is(method, "tunnel") ||
                       string_is(method, "ppp") || string_is(method, "wvdial");
    if (string_is(method, "dhcp") && string_is(family, "inet"))
        strings_add_new(&nic->nic.addresses, "dhcp");
    else if (string_is(method, "dhcp") || string_is(method, "auto"))
        strings_add_new(&nic->nic.addresses, string_is(method, "dhcp") ? "dhcp6" : "auto6");
}

/* The cards in a bridge or a bond have no stanza of their own, often. */
static void take_ports(struct stanza *stanza, char *ports)
{
    struct network_nic *nic = nic_of(stanza);
    if (nic)
        nic->is_virtual = true;
    for (char *port; (port = strsep(&ports, " \t"));) {
        if (!*port || string_is(port, "none") || string_is(port, "all") || string_is(port, "regex") || strchr(port, '.') || strlen(port) > 15)
            continue;
        nic = network_nic(stanza->network, port, NULL, stanza->file);
        if (nic)
            nic->has_settings = true;
    }
}

static void take_mac(struct stanza *stanza, const char *value)
{
    struct network_nic *nic = nic_of(stanza);
    cleanup_free char *mac = network_mac(string_starts(value, "ether ") ? value + 6 : value);
    if (!nic || !mac || nic->nic.mac)
        return;
    nic->nic.mac = take_pointer(mac);
    nic->nic.sets_mac = true;
}

static void take_option(struct stanza *stanza, const char *key, char *value)
{
    struct network_nic *nic = nic_of(stanza);
    if (!nic)
        return;
    if (string_is(key, "address")) {
        free(stanza->address);
        stanza->address = checked_copy(value);
    } else if (string_is(key, "netmask")) {
        stanza->prefix = network_prefix_length(value);
    } else if (string_is(key, "gateway") && !nic->nic.gateway) {
        nic->nic.gateway = checked_copy(value);
    } else if (string_is(key, "hwaddress")) {
        take_mac(stanza, value);
    } else if (string_is(key, "bridge_ports") || string_is(key, "bridge-ports") || string_is(key, "slaves") ||
               string_is(key, "bond-slaves") || string_is(key, "bond_slaves")) {
        take_ports(stanza, value);
    } else if (string_is(key, "vlan-raw-device") || string_is(key, "vlan_raw_device")) {
        take_ports(stanza, value);
    }
}

static void take_line(struct stanza *stanza, char *line, struct strings *sources)
{
    char *key = strsep(&line, " \t");
    char *value = line ? string_trim(line) : key + strlen(key);
    bool starts = string_is(key, "iface") || string_is(key, "mapping") || string_is(key, "auto") || string_starts(key, "allow-") ||
                  string_is(key, "source") || string_is(key, "source-directory") || string_is(key, "template");
    if (starts)
        end_stanza(stanza);
    if (string_is(key, "iface"))
        begin_stanza(stanza, value);
    else if (string_starts(key, "source") && starts)
        strings_add(sources, value);
    else if (!starts)
        take_option(stanza, key, value);
}

void network_parse_interfaces(struct network *network, const char *file, const char *text, struct strings *sources)
{
    struct stanza stanza = {.network = network, .file = file, .prefix = -1};
    cleanup_text struct text joined = {0}; /* a backslash at its end joins a line with the next */
    const char *cursor = text, *line;
    for (size_t length; next_line(&cursor, &line, &length);) {
        bool continues = length && line[length - 1] == '\\' && cursor && *cursor;
        text_append_bytes(&joined, line, length - continues);
        if (continues)
            continue;
        cleanup_free char *whole = text_take(&joined);
        char *trimmed = string_trim(whole);
        if (*trimmed && *trimmed != '#')
            take_line(&stanza, trimmed, sources);
    }
    end_stanza(&stanza);
}
