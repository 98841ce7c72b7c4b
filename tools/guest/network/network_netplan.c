/* What netplan's definitions mean for the guest's cards; netplan.c reads them. */
#include <stdlib.h>
#include <string.h>

#include "../../base/cleanup.h"
#include "netplan.h"
#include "network.h"

struct reading {
    struct network *network;
    const char *file;
};

/* A definition may go on in another file, under its id. */
static bool is_known(const struct network *network, const char *id)
{
    for (size_t i = 0; i < network->count; i++)
        if (string_is(network->nics[i].nic.id, id))
            return true;
    return false;
}

/* Without a match the id is the interface's name. A match by name may be a pattern. */
static struct network_nic *nic_of(struct reading *reading, const struct netplan_interface *interface)
{
    cleanup_free char *mac = interface->match_mac ? network_mac(interface->match_mac) : NULL;
    const char *name = interface->set_name ? interface->set_name : !interface->has_match ? interface->id : interface->match_name;
    if ((!name && !mac) || is_known(reading->network, interface->id))
        return network_nameless(reading->network, interface->id, reading->file);
    struct network_nic *nic = network_nic(reading->network, name, mac, reading->file);
    if (nic && !nic->nic.id)
        nic->nic.id = checked_copy(interface->id);
    return nic;
}

static void take(void *context, const struct netplan_interface *interface)
{
    struct reading *reading = context;
    struct network_nic *nic = nic_of(reading, interface);
    if (!nic)
        return;
    nic->has_settings = true;
    nic->is_bridge |= string_is(interface->kind, "bridges");
    nic->is_virtual |= !string_is(interface->kind, "ethernets");
    nic->vlan = string_is(interface->kind, "vlans") ? network_vlan(interface->vlan) : 0;
    for (size_t i = 0; i < interface->addresses.count; i++)
        strings_add_new(&nic->nic.addresses, interface->addresses.items[i]);
    for (size_t i = 0; i < interface->ports.count; i++)
        strings_add_new(&nic->lowers, interface->ports.items[i]);
    if (interface->link)
        strings_add_new(&nic->lowers, interface->link);
    if (interface->gateway && !nic->nic.gateway)
        nic->nic.gateway = checked_copy(interface->gateway);
    cleanup_free char *set_mac = interface->sets_mac && !nic->nic.mac ? network_mac(interface->sets_mac) : NULL;
    if (set_mac) {
        nic->nic.mac = take_pointer(set_mac);
        nic->nic.sets_mac = true;
    }
}

void network_parse_netplan(struct network *network, const char *file, const char *text)
{
    netplan_parse(text, take, &(struct reading){network, file});
}
