/* ifupdown's /etc/network/interfaces (interfaces(5)): stanzas of `iface NAME FAMILY METHOD` with options below. ifupdown-ng
 * (Alpine since 3.13) and ifupdown2 (Proxmox) write `iface NAME` alone, too, and several addresses in a stanza. */
#include <stdlib.h>
#include <string.h>

#include "../../base/cleanup.h"
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

static void end_address(struct stanza *stanza)
{
    struct network_nic *nic = stanza->address ? nic_of(stanza) : NULL;
    if (nic) {
        cleanup_free char *address = strchr(stanza->address, '/') || stanza->prefix < 0
                                         ? checked_copy(stanza->address)
                                         : checked_printf("%s/%d", stanza->address, stanza->prefix);
        strings_add_new(&nic->nic.addresses, address);
    }
    free(stanza->address);
    stanza->address = NULL;
    stanza->prefix = -1;
}

static void end_stanza(struct stanza *stanza)
{
    end_address(stanza);
    free(stanza->name);
    stanza->name = NULL;
}

static void take_method(struct network_nic *nic, const char *family, const char *method)
{
    static const char *const of_software[] = {"loopback", "tunnel", "v4tunnel", "6to4", "ppp", "wvdial"};
    for (size_t i = 0; i < sizeof of_software / sizeof *of_software; i++)
        nic->is_virtual |= string_is(method, of_software[i]);
    if (string_is(method, "dhcp"))
        strings_add_new(&nic->nic.addresses, string_is(family, "inet6") ? "dhcp6" : "dhcp");
    else if (string_is(method, "auto"))
        strings_add_new(&nic->nic.addresses, "auto6");
}

/* "eth0:1" is a further address of eth0; "eth0.100" is a VLAN on it. */
static void begin_stanza(struct stanza *stanza, char *rest)
{
    char *name = strsep(&rest, " \t"), *family = strsep(&rest, " \t");
    stanza->name = checked_copy_bytes(name, strcspn(name, ":"));
    size_t base = strcspn(stanza->name, ".");
    cleanup_free char *card = checked_copy_bytes(stanza->name, base);
    if (stanza->name[base])
        network_put_below(stanza->network, stanza->name, card, stanza->file);
    struct network_nic *nic = nic_of(stanza);
    if (!nic)
        return;
    nic->has_settings = true;
    if (rest)
        take_method(nic, family, string_trim(rest));
}

/* The cards in a bridge or a bond, or below a VLAN, have no stanza of their own, often. */
static void take_ports(struct stanza *stanza, char *ports)
{
    struct network_nic *nic = nic_of(stanza);
    if (nic)
        nic->is_virtual = true;
    for (char *port; (port = strsep(&ports, " \t"));)
        if (*port && !string_is(port, "none") && !string_is(port, "all") && !string_is(port, "regex") && !strpbrk(port, "*()[]"))
            network_put_below(stanza->network, stanza->name, port, stanza->file);
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

static bool names_ports(const char *key)
{
    static const char *const keys[] = {"bridge_ports", "bridge-ports", "slaves", "bond-slaves", "bond_slaves", "bond-members",
                                       "vlan-raw-device", "vlan_raw_device"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (string_is(key, keys[i]))
            return true;
    return false;
}

static void take_option(struct stanza *stanza, const char *key, char *value)
{
    struct network_nic *nic = nic_of(stanza);
    if (!nic)
        return;
    if (string_is(key, "address")) {
        end_address(stanza);
        stanza->address = checked_copy(value);
    } else if (string_is(key, "netmask")) {
        stanza->prefix = network_prefix_length(value);
    } else if (string_is(key, "gateway") && !nic->nic.gateway) {
        nic->nic.gateway = checked_copy(value);
    } else if (string_is(key, "hwaddress")) {
        take_mac(stanza, value);
    } else if (names_ports(key)) {
        nic->is_bridge |= string_starts(key, "bridge");
        take_ports(stanza, value);
    } else if (string_is(key, "bond-master") || string_is(key, "bond_master")) {
        network_put_below(stanza->network, value, stanza->name, stanza->file);
    } else if (string_is(key, "use") && string_is(value, "dhcp")) {
        strings_add_new(&nic->nic.addresses, "dhcp");
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
