/* Static addresses that the job changes: the interface is found in the guest's settings, and every file that names its address says the new one.
 * readdress_text.c knows the files. */
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "../../base/address.h"
#include "../../base/cleanup.h"
#include "../../guest/network/network.h"
#include "network.h"
#include "nic_called.h"
#include "readdress.h"
#include "readdress_text.h"

#define GATEWAY "gateway="

struct wish {
    char *old, *whole, *address; /* whole: the new address with its prefix, address: without */
    char *gateway;               /* NULL: none is given */
    struct address parsed;       /* whole */
};

static void wish_free(struct wish *wish)
{
    free(wish->old);
    free(wish->whole);
    free(wish->address);
    free(wish->gateway);
}
#define cleanup_wish __attribute__((cleanup(wish_free)))

static bool parse(const char *argument, struct wish *wish)
{
    *wish = (struct wish){0};
    const char *equals = strchr(argument, '=');
    if (!equals || equals == argument)
        return false;
    size_t length = strcspn(equals + 1, ",");
    const char *slash = memchr(equals + 1, '/', length), *rest = equals + 1 + length;
    wish->old = checked_copy_bytes(argument, (size_t)(equals - argument));
    wish->whole = checked_copy_bytes(equals + 1, length);
    wish->address = checked_copy_bytes(wish->whole, strcspn(wish->whole, "/"));
    if (string_starts(rest, "," GATEWAY))
        wish->gateway = checked_copy(rest + strlen("," GATEWAY));
    struct address gateway;
    return slash && address_parse(wish->whole, &wish->parsed) &&
           (wish->gateway ? address_parse(wish->gateway, &gateway) && !strchr(wish->gateway, '/') && gateway.family == wish->parsed.family : !*rest);
}

int address_change_check(const char *argument, struct error *err)
{
    cleanup_wish struct wish wish;
    if (parse(argument, &wish))
        return 0;
    error_set(err, "\"%.200s\" is not of the form OLD=ADDRESS/PREFIX[,gateway=ADDRESS]", argument);
    return error_advise(err, "OLD is an interface name, MAC or address of the moved system; what follows is what it is to have here, such as lan0=192.0.2.7/24,gateway=192.0.2.1.");
}

/* "10.9.0.1/16 on br0" is br0's. */
static bool carries_for(const struct guest_nic *nic, const char *address, const char *name)
{
    cleanup_free char *says = checked_printf("%s on %s", address, name);
    return strings_contain(&nic->carries, says);
}

static bool is_meant(const struct guest_nic *nic, const struct guest_network *network, const struct wish *wish)
{
    struct address address, old;
    if (!address_parse(network->address, &address) || address.family != wish->parsed.family)
        return false;
    bool is_its_name = string_is(nic->name, wish->old) || mac_is(nic->mac, wish->old);
    return (address_parse(wish->old, &old) && address_is(&address, &old)) || (is_its_name && strings_contain(&nic->addresses, network->address)) ||
           carries_for(nic, network->address, wish->old);
}

/* The network that is meant; NULL when there is none, or when there are several: `*several` then. */
static const struct guest_network *find(const struct guest *guest, const struct wish *wish, bool *several)
{
    const struct guest_network *found = NULL;
    *several = false;
    for (size_t i = 0; i < guest->nic_count; i++)
        for (size_t j = 0; j < guest->nics[i].network_count; j++) {
            const struct guest_network *network = &guest->nics[i].networks[j];
            if (!is_meant(&guest->nics[i], network, wish))
                continue;
            *several |= found && !string_is(found->address, network->address); /* both cards of a bond have its address */
            found = found ? found : network;
        }
    return *several ? NULL : found;
}

static void copy_networks(const struct guest_nic *nic, struct guest_nic *copy)
{
    copy->networks = checked_alloc((nic->network_count + 1) * sizeof *copy->networks);
    for (size_t i = 0; i < nic->network_count; i++)
        copy->networks[i] = (struct guest_network){checked_copy(nic->networks[i].address), checked_copy(nic->networks[i].gateway), nic->networks[i].vlan};
}

/* Wherever the settings have that address, as its files are changed wherever it stands. */
static void change_networks(const struct guest_nic *nic, const char *old_address, const struct wish *wish, struct guest_nic *copy)
{
    for (size_t i = 0; i < nic->network_count; i++) {
        struct guest_network *network = &copy->networks[i];
        if (!string_is(nic->networks[i].address, old_address))
            continue;
        free(network->address);
        network->address = checked_copy(wish->whole);
        if (wish->gateway) {
            free(network->gateway);
            network->gateway = checked_copy(wish->gateway);
        }
    }
}

void readdress_nics(const struct guest *guest, const struct strings *changes, struct readdressed *after)
{
    *after = (struct readdressed){checked_alloc((guest->nic_count + 1) * sizeof *after->nics), guest->nic_count};
    for (size_t i = 0; i < guest->nic_count; i++) {
        after->nics[i] = guest->nics[i];
        copy_networks(&guest->nics[i], &after->nics[i]);
    }
    for (size_t i = 0; changes && i < changes->count; i++) {
        cleanup_wish struct wish wish;
        bool several;
        const struct guest_network *network = parse(changes->items[i], &wish) ? find(guest, &wish, &several) : NULL;
        for (size_t j = 0; network && j < guest->nic_count; j++)
            change_networks(&guest->nics[j], network->address, &wish, &after->nics[j]);
    }
}

void readdressed_free(struct readdressed *after)
{
    for (size_t i = 0; i < after->count; i++) {
        for (size_t j = 0; j < after->nics[i].network_count; j++) {
            free(after->nics[i].networks[j].address);
            free(after->nics[i].networks[j].gateway);
        }
        free(after->nics[i].networks);
    }
    free(after->nics);
}

static bool has_address_already(const struct guest *guest, const struct wish *wish)
{
    for (size_t i = 0; i < guest->nic_count; i++)
        for (size_t j = 0; j < guest->nics[i].network_count; j++) {
            struct address address;
            if (address_parse(guest->nics[i].networks[j].address, &address) && address_is(&address, &wish->parsed))
                return true;
        }
    return false;
}

/* Returns whether it can be gone on. */
static bool check_gateway(struct planning *planning, const struct guest_network *network, const struct wish *wish)
{
    if (wish->gateway && !network->gateway) {
        planning_block(planning, "leave gateway= out, and set it after the move.", "the settings with the address %s name no gateway that could be changed to %s", network->address,
                       wish->gateway);
        return false;
    }
    const char *gateway = wish->gateway ? wish->gateway : network->gateway;
    if (gateway && !address_text_is_in(gateway, wish->whole) && strncasecmp(gateway, "fe80:", 5) != 0)
        planning_warn(planning, "give the right one: --address OLD=ADDRESS/PREFIX,gateway=ADDRESS (address= in a job).",
                      "the gateway %s is not in the network of the new address %s", gateway, wish->whole);
    return true;
}

typedef char *text_changer(const char *text, const struct readdress *change);

static const struct place {
    const char *directory, *pattern;
    text_changer *change;
} places[] = {
    {"/etc/network", "interfaces", readdress_interfaces},
    {"/etc/network/interfaces.d", "*", readdress_interfaces},
    {"/etc/netplan", "*.yaml", readdress_plain},
    {"/etc/systemd/network", "*.network", readdress_plain},
    {"/etc/NetworkManager/system-connections", "*", readdress_plain},
    {"/etc/sysconfig/network-scripts", "ifcfg-*", readdress_ifcfg},
    {"/etc/sysconfig/network-scripts", "route-*", readdress_routes},
    {"/etc/sysconfig/network", "ifcfg-*", readdress_ifcfg},
    {"/etc/sysconfig/network", "ifroute-*", readdress_routes}, /* SUSE */
    {"/etc/sysconfig/network", "routes", readdress_routes},
    {"/etc/sysconfig", "network", readdress_routes}, /* RHEL's GATEWAY= */
    {"/etc", "hosts", readdress_plain},
};

/* Whether the file has the old address. */
static bool change_file(struct planning *planning, const char *path, text_changer *changer, const struct readdress *change)
{
    cleanup_free char *text = planning_read(planning, path);
    if (!text)
        return false;
    cleanup_free char *better = changer(text, change), *why = checked_printf("%s becomes %s, as the job says", change->old_address, change->new_address);
    planning_write(planning, path, better, why);
    return readdress_is_named(text, change);
}

static bool change_place(struct planning *planning, const struct place *place, const struct readdress *change)
{
    cleanup_strings struct strings files = {0};
    bool found = false;
    planning_list(planning, place->directory, "", &files);
    for (size_t i = 0; i < files.count; i++)
        if (fnmatch(place->pattern, strrchr(files.items[i], '/') + 1, FNM_PERIOD) == 0 && !network_is_leftover(files.items[i]))
            found |= change_file(planning, files.items[i], place->change, change);
    return found;
}

static void carry_out(struct planning *planning, const struct guest_network *network, const struct wish *wish)
{
    cleanup_free char *old = checked_copy_bytes(network->address, strcspn(network->address, "/"));
    const struct readdress change = {.old_address = old, .new_address = wish->address, .new_prefix = wish->parsed.bits,
                                     .old_gateway = network->gateway, .new_gateway = wish->gateway};
    bool in_settings = false;
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        in_settings |= change_place(planning, &places[i], &change) && !string_is(places[i].directory, "/etc");
    if (!in_settings)
        planning_block(planning, "change it on the source, or after the move.", "the address %s stands in a file that this program does not change", old);
    else
        planning_note(planning, "%s becomes %s in the network's settings; programs that name the address in settings of their own keep it", old, wish->whole);
}

static void readdress(struct planning *planning, const char *argument)
{
    cleanup_wish struct wish wish;
    bool several;
    if (!parse(argument, &wish))
        return;
    const struct guest_network *network = find(planning->guest, &wish, &several);
    bool is_done = network && string_is(network->address, wish.whole) && (!wish.gateway || string_is(network->gateway, wish.gateway));
    if (several)
        planning_block(planning, "name the address that is to be changed.", "%s is to have the address %s, but has several now", wish.old, wish.address);
    else if (!network && !has_address_already(planning->guest, &wish))
        planning_block(planning, "name an interface with a static address, or that address, as `rehost inspect` shows them.",
                       "%s is to have the address %s, but is no static address of the guest's settings, and no interface that has one", wish.old, wish.address);
    else if (network && !is_done && check_gateway(planning, network, &wish))
        carry_out(planning, network, &wish);
}

void network_readdress(struct planning *planning)
{
    const struct strings *changes = planning->input->address_changes;
    for (size_t i = 0; changes && i < changes->count; i++)
        readdress(planning, changes->items[i]);
}
