/* NetworkManager's keyfiles (nm-settings-keyfile(5)): one connection each, bound to a card by interface-name, by mac-address,
 * by both, or by nothing. Ports name what they are in by name or by UUID. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "../../base/cleanup.h"
#include "network.h"

struct connection {
    char *type, *uuid, *name, *mac, *set_mac, *upper, *parent, *gateway;
    struct strings addresses;
    unsigned vlan;
    bool bound_to_slot; /* [match] says the path or the driver of the card */
};

static void set(char **slot, const char *value)
{
    free(*slot);
    *slot = *value ? checked_copy(value) : NULL;
}

/* "10.0.2.77/24,10.0.2.2", and up to NetworkManager 0.9.8 "10.0.2.77;24;10.0.2.2;". */
static void take_address(struct connection *connection, const char *value)
{
    cleanup_free char *copy = checked_copy(value);
    bool is_old = strchr(copy, ';') != NULL;
    char *rest = copy, *address = strsep(&rest, ",;"), *prefix = is_old ? strsep(&rest, ",;") : NULL, *gateway = strsep(&rest, ",;");
    cleanup_free char *whole = prefix && *prefix ? checked_printf("%s/%s", address, prefix) : checked_copy(address);
    if (*address)
        strings_add_new(&connection->addresses, whole);
    if (gateway && *gateway && !string_is(gateway, "0.0.0.0") && !string_is(gateway, "::") && !connection->gateway)
        connection->gateway = checked_copy(gateway);
}

/* "address1", "addresses1", "addresses" */
static bool is_address(const char *key)
{
    const char *number = key + (string_starts(key, "addresses") ? 9 : string_starts(key, "address") ? 7 : 0);
    return string_is(key, "addresses") || (number > key && isdigit((unsigned char)*number));
}

static void take_ip(struct connection *connection, const char *section, const char *key, const char *value)
{
    bool is_six = string_is(section, "ipv6");
    if (string_is(key, "method") && string_is(value, "auto"))
        strings_add_new(&connection->addresses, is_six ? "auto6" : "dhcp");
    else if (string_is(key, "method") && string_is(value, "dhcp"))
        strings_add_new(&connection->addresses, "dhcp6");
    else if (string_is(key, "gateway"))
        set(&connection->gateway, value);
    else if (is_address(key))
        take_address(connection, value);
}

static void take_connection(struct connection *connection, const char *key, const char *value)
{
    if (string_is(key, "type"))
        set(&connection->type, value);
    else if (string_is(key, "uuid"))
        set(&connection->uuid, value);
    else if (string_is(key, "interface-name"))
        set(&connection->name, value);
    else if (string_is(key, "master") || string_is(key, "controller")) /* controller: since 1.46 */
        set(&connection->upper, value);
}

static void take_mac(char **slot, const char *value)
{
    free(*slot);
    *slot = network_mac(value); /* NULL for "preserve", "random" and the like */
}

static void take(void *context, const char *section, const char *key, const char *value)
{
    struct connection *connection = context;
    bool is_card = string_is(section, "ethernet") || string_is(section, "802-3-ethernet") || string_is(section, "infiniband");
    if (string_is(section, "connection"))
        take_connection(connection, key, value);
    else if (is_card && string_is(key, "mac-address"))
        take_mac(&connection->mac, value);
    else if (is_card && string_is(key, "cloned-mac-address"))
        take_mac(&connection->set_mac, value);
    else if (string_is(section, "match") && (string_is(key, "path") || string_is(key, "driver")))
        connection->bound_to_slot = true;
    else if (string_is(section, "vlan") && string_is(key, "parent"))
        set(&connection->parent, value);
    else if (string_is(section, "vlan") && string_is(key, "id"))
        connection->vlan = network_vlan(value);
    else if (string_is(key, "interface-name") && !connection->name) /* [bond], [bridge], [vlan], up to 0.9.8 */
        set(&connection->name, value);
    else if (string_is(section, "ipv4") || string_is(section, "ipv6"))
        take_ip(connection, section, key, value);
}

static bool is_of_a_card(const struct connection *connection)
{
    return string_is(connection->type, "ethernet") || string_is(connection->type, "802-3-ethernet") || string_is(connection->type, "infiniband");
}

static void keep(struct network *network, const char *file, struct connection *connection)
{
    const char *any = connection->mac ? NULL : "*"; /* a connection without either takes any card */
    bool nameless = !connection->name && !connection->mac && connection->bound_to_slot;
    struct network_nic *nic = nameless ? network_nameless(network, connection->uuid ? connection->uuid : file, file)
                                       : network_nic(network, connection->name ? connection->name : any, connection->mac, file);
    if (!nic)
        return;
    nic->has_settings = true;
    for (size_t i = 0; i < connection->addresses.count; i++)
        strings_add_new(&nic->nic.addresses, connection->addresses.items[i]);
    if (!nic->nic.gateway)
        nic->nic.gateway = take_pointer(connection->gateway);
    if (!nic->nic.mac && connection->set_mac) {
        nic->nic.mac = take_pointer(connection->set_mac);
        nic->nic.sets_mac = true;
    }
    nic->is_bridge |= string_is(connection->type, "bridge");
    nic->is_virtual |= !is_of_a_card(connection);
    nic->vlan = connection->vlan;
    if (!nic->nic.id)
        nic->nic.id = checked_copy(connection->uuid);
    if (connection->upper)
        network_put_under(nic, connection->upper);
    if (connection->parent)
        strings_add_new(&nic->lowers, connection->parent);
}

static void free_connection(struct connection *connection)
{
    char *all[] = {connection->type,    connection->uuid,  connection->name,   connection->mac,
                   connection->set_mac, connection->upper, connection->parent, connection->gateway};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        free(all[i]);
    strings_free(&connection->addresses);
}

/* Wireless, VPNs, modems and loopback have no part in this. */
static bool is_served(const struct connection *connection)
{
    return is_of_a_card(connection) || string_is(connection->type, "vlan") || string_is(connection->type, "bond") || string_is(connection->type, "bridge") ||
           string_is(connection->type, "team");
}

void network_parse_keyfile(struct network *network, const char *file, const char *text)
{
    struct connection connection = {0};
    ini_parse(text, take, &connection);
    if (is_served(&connection))
        keep(network, file, &connection);
    free_connection(&connection);
}
