/* ifcfg-NAME, shell assignments one file per interface: /etc/sysconfig/network-scripts of RHEL 5-9 and its relatives (initscripts'
 * sysconfig.txt; NetworkManager reads the same files), /etc/sysconfig/network of SUSE (ifcfg(5), wicked). The keys of the two
 * differ, and hardly ever mean different things: where they do, the directory decides. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "../../base/cleanup.h"
#include "network.h"

#define KEYS_MAX 1024

struct ifcfg {
    struct strings keys, values;
};

/* What a shell would make of it, as far as these files go: quotes, or a word up to a comment. */
static char *unquoted(const char *value)
{
    size_t length = *value == '"' || *value == '\'' ? strcspn(value + 1, (char[]){*value, '\0'}) : strcspn(value, " \t#;");
    return checked_copy_bytes(value + (*value == '"' || *value == '\''), length);
}

static void take(void *context, const char *section, const char *key, const char *value)
{
    struct ifcfg *ifcfg = context;
    if (*section || ifcfg->keys.count == KEYS_MAX)
        return;
    cleanup_free char *plain = unquoted(value);
    strings_add(&ifcfg->keys, string_starts(key, "export ") ? key + 7 : key);
    strings_add(&ifcfg->values, string_trim(plain));
}

/* The last assignment counts; an empty one is none. */
static const char *get(const struct ifcfg *ifcfg, const char *key)
{
    for (size_t i = ifcfg->keys.count; i-- > 0;)
        if (string_is(ifcfg->keys.items[i], key))
            return *ifcfg->values.items[i] ? ifcfg->values.items[i] : NULL;
    return NULL;
}

static bool is_yes(const char *value)
{
    return value && (strcasecmp(value, "yes") == 0 || strcasecmp(value, "true") == 0 || string_is(value, "1"));
}

static const char *with_suffix(const struct ifcfg *ifcfg, const char *key, const char *suffix)
{
    cleanup_free char *whole = checked_printf("%s%s", key, suffix);
    return get(ifcfg, whole);
}

/* IPADDR, IPADDR0 … (RHEL), IPADDR_0, IPADDR_office (SUSE), each with a PREFIX, PREFIXLEN or NETMASK of the same suffix. */
static void take_addresses(const struct ifcfg *ifcfg, struct strings *addresses)
{
    for (size_t i = 0; i < ifcfg->keys.count; i++) {
        const char *value = ifcfg->values.items[i], *suffix = ifcfg->keys.items[i] + 6;
        if (!string_starts(ifcfg->keys.items[i], "IPADDR") || string_starts(ifcfg->keys.items[i], "IPADDR_START") || !*value)
            continue;
        const char *prefix = with_suffix(ifcfg, "PREFIX", suffix);
        prefix = prefix ? prefix : with_suffix(ifcfg, "PREFIXLEN", suffix);
        prefix = prefix ? prefix : with_suffix(ifcfg, "NETMASK", suffix);
        int bits = prefix ? network_prefix_length(prefix) : -1;
        cleanup_free char *address = strchr(value, '/') || bits < 0 ? checked_copy(value) : checked_printf("%s/%d", value, bits);
        strings_add_new(addresses, address);
    }
    const char *six = get(ifcfg, "IPV6ADDR");
    if (six)
        strings_add_new(addresses, six);
}

static void take_protocol(const struct ifcfg *ifcfg, struct strings *addresses)
{
    const char *protocol = get(ifcfg, "BOOTPROTO");
    if (protocol && (strcasecmp(protocol, "bootp") == 0 || (strncasecmp(protocol, "dhcp", 4) == 0 && protocol[4] != '6')))
        strings_add_new(addresses, "dhcp");
    if ((protocol && strcasecmp(protocol, "dhcp6") == 0) || is_yes(get(ifcfg, "DHCPV6C")))
        strings_add_new(addresses, "dhcp6");
    if (is_yes(get(ifcfg, "IPV6_AUTOCONF")))
        strings_add_new(addresses, "auto6");
}

/* TYPE is RHEL's, and most files of RHEL 5 have none: their bonds are known by the ports that speak of them. */
static bool makes_virtual(const struct ifcfg *ifcfg)
{
    static const char *const cards[] = {"Ethernet", "Wireless", "InfiniBand", "Token Ring", "qeth"};
    static const char *const marks[] = {"BONDING_OPTS", "BONDING_MASTER", "ETHERDEVICE", "TUNNEL", "TEAM_CONFIG", "BRIDGE_PORTS", "TUNNEL_DEVICE",
                                        "PEER_OUTER_IPADDR"};
    const char *type = get(ifcfg, "TYPE"), *device_type = get(ifcfg, "DEVICETYPE");
    bool is_virtual = is_yes(get(ifcfg, "VLAN")) || is_yes(get(ifcfg, "BRIDGE")) || string_is(device_type, "Team") || string_is(device_type, "ovs");
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
        is_virtual |= get(ifcfg, marks[i]) != NULL;
    for (size_t i = 0; type && i < sizeof cards / sizeof *cards; i++)
        if (strcasecmp(type, cards[i]) == 0)
            return is_virtual;
    return is_virtual || type;
}

/* "eth0.100" is on eth0; "vlan100" says so by PHYSDEV (RHEL) or ETHERDEVICE (SUSE). */
static void take_lowers(struct network *network, const struct ifcfg *ifcfg, const char *name, const char *file)
{
    static const char *const vlan_keys[] = {"PHYSDEV", "ETHERDEVICE"}, *const list_keys[] = {"BONDING_SLAVE", "BRIDGE_PORTS", "TEAM_PORT_DEVICE"};
    size_t base = strcspn(name, ".");
    cleanup_free char *card = checked_copy_bytes(name, base);
    if (name[base])
        network_put_below(network, name, card, file);
    for (size_t i = 0; i < sizeof vlan_keys / sizeof *vlan_keys; i++)
        if (get(ifcfg, vlan_keys[i]))
            network_put_below(network, name, get(ifcfg, vlan_keys[i]), file);
    for (size_t i = 0; i < ifcfg->keys.count; i++)
        for (size_t j = 0; j < sizeof list_keys / sizeof *list_keys; j++) {
            cleanup_free char *ports = checked_copy(ifcfg->values.items[i]);
            if (string_starts(ifcfg->keys.items[i], list_keys[j]))
                network_put_all_below(network, name, ports, file);
        }
}

/* A port says what it is in: RHEL. */
static void take_uppers(const struct ifcfg *ifcfg, struct network_nic *lower)
{
    static const char *const keys[] = {"MASTER", "BRIDGE", "TEAM_MASTER", "OVS_BRIDGE", "MASTER_UUID", "BRIDGE_UUID", "TEAM_MASTER_UUID"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        const char *upper = get(ifcfg, keys[i]);
        if (upper && !is_yes(upper) && strcasecmp(upper, "no") != 0)
            network_put_under(lower, upper);
    }
}

/* SLES 9 and 10 name the file by the card: ifcfg-eth-id-00:0c:29:aa:00:01. */
static char *mac_of_file(const char *suffix)
{
    return string_starts(suffix, "eth-id-") ? network_mac(suffix + 7) : NULL;
}

/* … and by its slot: ifcfg-eth-bus-pci-0000:00:03.0, ifcfg-bus-pci-… */
static bool is_bound_to_slot(const char *suffix)
{
    return string_starts(suffix, "eth-bus-") || string_starts(suffix, "bus-");
}

static void keep(struct network *network, const struct ifcfg *ifcfg, const char *name, const char *mac, const char *file)
{
    const char *gateway = get(ifcfg, "GATEWAY") ? get(ifcfg, "GATEWAY") : get(ifcfg, "GATEWAY0"), *id = get(ifcfg, "UUID");
    const char *set = get(ifcfg, "MACADDR") ? get(ifcfg, "MACADDR") : get(ifcfg, "LLADDR"); /* RHEL's, SUSE's */
    struct network_nic *nic = name || mac ? network_nic(network, name, mac, file) : network_nameless(network, file, file);
    if (!nic)
        return;
    size_t before = nic->nic.addresses.count;
    take_addresses(ifcfg, &nic->nic.addresses);
    take_protocol(ifcfg, &nic->nic.addresses);
    /* Installers write a file for every card, and leave those that are not used switched off. */
    const char *on_boot = get(ifcfg, "ONBOOT");
    nic->has_settings |= nic->nic.addresses.count > before || !on_boot || is_yes(on_boot);
    const char *type = get(ifcfg, "TYPE");
    nic->is_bridge |= (type && strcasecmp(type, "Bridge") == 0) || is_yes(get(ifcfg, "BRIDGE"));
    nic->is_virtual |= makes_virtual(ifcfg);
    nic->vlan = network_vlan(get(ifcfg, "VLAN_ID"));
    cleanup_free char *set_mac = set && !nic->nic.mac ? network_mac(set) : NULL;
    if (set_mac) {
        nic->nic.mac = take_pointer(set_mac);
        nic->nic.sets_mac = true;
    }
    if (gateway && !nic->nic.gateway)
        nic->nic.gateway = checked_copy(gateway);
    if (id && !nic->nic.id)
        nic->nic.id = checked_copy(id);
    take_uppers(ifcfg, nic);
    if (name)
        take_lowers(network, ifcfg, name, file);
}

void network_parse_ifcfg(struct network *network, const char *file, const char *text)
{
    struct ifcfg ifcfg = {0};
    ini_parse(text, take, &ifcfg);
    const char *slash = strrchr(file, '/'), *suffix = (slash ? slash + 1 : file) + strlen("ifcfg-");
    bool is_suse = strstr(file, "/network-scripts/") == NULL;
    const char *device = is_suse ? NULL : get(&ifcfg, "DEVICE"), *hwaddr = is_suse ? NULL : get(&ifcfg, "HWADDR");
    cleanup_free char *mac = hwaddr ? network_mac(hwaddr) : mac_of_file(suffix);
    const char *said = device ? device : mac || is_bound_to_slot(suffix) ? NULL : suffix; /* NetworkManager takes a file by its HWADDR alone */
    cleanup_free char *name = said ? checked_copy_bytes(said, strcspn(said, ":")) : NULL; /* eth0:1 is a further address of eth0 */
    keep(network, &ifcfg, name, mac, file);
    strings_free(&ifcfg.keys);
    strings_free(&ifcfg.values);
}

/* As initscripts' network-functions and SUSE's ifup leave them out. */
bool network_is_leftover(const char *file)
{
    static const char *const endings[] = {"~",        ".bak",     ".old", ".orig",     ".rpmnew",     ".rpmsave",
                                          ".rpmorig", ".swp", ".template", ".scpmbackup", ".augnew"};
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
        if (string_ends(file, endings[i]))
            return true;
    return false;
}

char *ifcfg_value(const char *text, const char *key)
{
    struct ifcfg ifcfg = {0};
    ini_parse(text, take, &ifcfg);
    char *value = checked_copy(get(&ifcfg, key));
    strings_free(&ifcfg.keys);
    strings_free(&ifcfg.values);
    return value;
}
