/* systemd-networkd's .network and .netdev files (systemd.network(5), systemd.netdev(5)). */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "../../base/cleanup.h"
#include "network.h"

struct network_file {
    char *name, *mac, *gateway;
    struct strings addresses, uppers;
    bool other_kind; /* matches something that is no card */
    bool has_match, bound_to_slot;
};

static void set(char **slot, char *value)
{
    free(*slot);
    *slot = value;
}

static void take_match(struct network_file *file, const char *key, const char *value)
{
    cleanup_free char *first = checked_copy_bytes(value, strcspn(value, " \t"));
    file->has_match = true;
    if (string_is(key, "Name"))
        set(&file->name, checked_copy(first));
    else if (string_is(key, "MACAddress") || string_is(key, "PermanentMACAddress"))
        set(&file->mac, network_mac(first));
    else if (string_is(key, "Path") || string_is(key, "Driver"))
        file->bound_to_slot = true;
    else if (string_is(key, "Kind") && *value != '!')
        file->other_kind = true;
    else if (string_is(key, "Type") && !string_is(value, "ether"))
        file->other_kind = true;
}

static void take_dhcp(struct network_file *file, const char *value)
{
    static const char *const both[] = {"yes", "true", "on", "1", "both"};
    bool is_both = false;
    for (size_t i = 0; i < sizeof both / sizeof *both; i++)
        is_both |= strcasecmp(value, both[i]) == 0;
    if (is_both || strcasecmp(value, "ipv4") == 0 || strcasecmp(value, "v4") == 0)
        strings_add_new(&file->addresses, "dhcp");
    if (is_both || strcasecmp(value, "ipv6") == 0 || strcasecmp(value, "v6") == 0)
        strings_add_new(&file->addresses, "dhcp6");
}

static bool names_upper(const char *key)
{
    return string_is(key, "VLAN") || string_is(key, "Bridge") || string_is(key, "Bond") || string_is(key, "MACVLAN");
}

static void take(void *context, const char *section, const char *key, const char *value)
{
    struct network_file *file = context;
    bool in_network = string_is(section, "Network");
    if (string_is(section, "Match"))
        take_match(file, key, value);
    else if (in_network && string_is(key, "DHCP"))
        take_dhcp(file, value);
    else if (in_network && names_upper(key) && network_is_name(value))
        strings_add_new(&file->uppers, value);
    else if ((in_network || string_is(section, "Address")) && string_is(key, "Address") && *value)
        strings_add_new(&file->addresses, value);
    else if ((in_network || string_is(section, "Route")) && string_is(key, "Gateway") && !file->gateway && *value)
        set(&file->gateway, checked_copy(value));
}

/* The first file that matches an interface is the only one that applies to it. */
static void keep(struct network *network, const char *file, struct network_file *settings)
{
    const char *name = settings->name || settings->mac ? settings->name : "*"; /* by type: any card */
    bool nameless = !settings->name && !settings->mac && settings->bound_to_slot;
    struct network_nic *nic = nameless ? network_nameless(network, file, file) : network_nic(network, name, settings->mac, file);
    if (!nic || nic->has_settings)
        return;
    nic->has_settings = true;
    for (size_t i = 0; i < settings->uppers.count; i++)
        network_put_under(nic, settings->uppers.items[i]);
    for (size_t i = 0; i < settings->addresses.count; i++)
        strings_add_new(&nic->nic.addresses, settings->addresses.items[i]);
    if (!nic->nic.gateway)
        nic->nic.gateway = take_pointer(settings->gateway);
}

void network_parse_networkd(struct network *network, const char *file, const char *text)
{
    struct network_file settings = {0};
    ini_parse(text, take, &settings);
    if (settings.has_match && !settings.other_kind)
        keep(network, file, &settings);
    free(settings.name);
    free(settings.mac);
    free(settings.gateway);
    strings_free(&settings.addresses);
    strings_free(&settings.uppers);
}

struct netdev {
    char *name;
    bool is_bridge;
    unsigned vlan;
};

static void take_netdev(void *context, const char *section, const char *key, const char *value)
{
    struct netdev *netdev = context;
    if (string_is(section, "NetDev") && string_is(key, "Name"))
        set(&netdev->name, checked_copy(value));
    else if (string_is(section, "NetDev") && string_is(key, "Kind"))
        netdev->is_bridge = string_is(value, "bridge");
    else if (string_is(section, "VLAN") && string_is(key, "Id"))
        netdev->vlan = network_vlan(value);
}

/* What a .netdev file makes is no card, whatever its .network file says. */
void network_parse_netdev(struct network *network, const char *file, const char *text)
{
    struct netdev netdev = {0};
    ini_parse(text, take_netdev, &netdev);
    struct network_nic *nic = netdev.name && *netdev.name ? network_nic(network, netdev.name, NULL, file) : NULL;
    if (nic) {
        nic->is_virtual = true;
        nic->is_bridge = netdev.is_bridge;
        nic->vlan = netdev.vlan;
    }
    free(netdev.name);
}
