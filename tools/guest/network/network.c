/* See network.h: the list, and what all its parsers need. */
#include "network.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "../../base/cleanup.h"

#define NICS_MAX 1024
#define UPPERS_MAX 64      /* VLANs of one card */
#define UPPER_DEPTH_MAX 4  /* a bridge on a VLAN on a bond on a card */
#define CARRIES_MAX 64
#define CARRY_STEPS_MAX 20000 /* a hostile guest's bridges may stand on each other in circles */

char *network_mac(const char *text)
{
    char digits[13];
    size_t count = 0;
    for (; *text; text++) {
        if (isxdigit((unsigned char)*text) && count < 12)
            digits[count++] = (char)tolower((unsigned char)*text);
        else if (!strchr(":-.", *text))
            return NULL;
        else
            continue;
    }
    if (count != 12)
        return NULL;
    const char *d = digits;
    return checked_printf("%.2s:%.2s:%.2s:%.2s:%.2s:%.2s", d, d + 2, d + 4, d + 6, d + 8, d + 10);
}

int network_prefix_length(const char *netmask)
{
    unsigned a, b, c, d;
    char rest;
    if (sscanf(netmask, "%u.%u.%u.%u%c", &a, &b, &c, &d, &rest) == 4 && (a | b | c | d) < 256) {
        uint32_t mask = a << 24 | b << 16 | c << 8 | d;
        int bits = __builtin_popcount(mask);
        return bits == 0 || mask == ~0u << (32 - bits) ? bits : -1;
    }
    char *end;
    unsigned long bits = strtoul(netmask, &end, 10);
    return *netmask && !*end && bits <= 128 ? (int)bits : -1;
}

static struct network_nic *find(struct network *network, const char *name, const char *mac)
{
    for (size_t i = 0; name && i < network->count; i++)
        if (string_is(network->nics[i].nic.name, name))
            return &network->nics[i];
    for (size_t i = 0; mac && i < network->count; i++)
        if (string_is(network->nics[i].nic.mac, mac) && (!name || !network->nics[i].nic.name))
            return &network->nics[i];
    return NULL;
}

/* The kernel's own rule (dev_valid_name), and nothing that a udev rule, a .link file or a file name would read as more than a
 * name; a pattern ("en*", "!veth*") may be longer. */
bool network_is_name(const char *name)
{
    size_t length = strlen(name);
    if (length == 0 || length > (strpbrk(name, "*?[!") ? 64 : 15) || string_is(name, ".") || string_is(name, ".."))
        return false;
    for (; *name; name++)
        if (!isgraph((unsigned char)*name) || strchr("/:\"'\\$%;#=,", *name))
            return false;
    return true;
}

static struct network_nic *add(struct network *network)
{
    if (network->count >= NICS_MAX)
        return NULL;
    network->nics = checked_grow(network->nics, network->count + 1, sizeof *network->nics);
    struct network_nic *nic = &network->nics[network->count++];
    *nic = (struct network_nic){0};
    return nic;
}

struct network_nic *network_nameless(struct network *network, const char *id, const char *file)
{
    struct network_nic *nic = NULL;
    for (size_t i = 0; i < network->count && !nic; i++)
        if (string_is(network->nics[i].nic.id, id))
            nic = &network->nics[i];
    nic = nic ? nic : add(network);
    if (!nic)
        return NULL;
    if (!nic->nic.id)
        nic->nic.id = checked_copy(id);
    strings_add_new(&nic->nic.sources, file);
    return nic;
}

struct network_nic *network_nic(struct network *network, const char *name, const char *mac, const char *file)
{
    if ((name && !network_is_name(name)) || (!name && !mac))
        return NULL;
    struct network_nic *nic = find(network, name, mac);
    nic = nic ? nic : add(network);
    if (!nic)
        return NULL;
    if (name && !nic->nic.name)
        nic->nic.name = checked_copy(name);
    if (mac && !nic->nic.mac)
        nic->nic.mac = checked_copy(mac);
    strings_add_new(&nic->nic.sources, file);
    return nic;
}

void guest_nic_free(struct guest_nic *nic)
{
    free(nic->name);
    free(nic->mac);
    free(nic->id);
    free(nic->gateway);
    strings_free(&nic->addresses);
    strings_free(&nic->leases);
    strings_free(&nic->carries);
    strings_free(&nic->sources);
    for (size_t i = 0; i < nic->network_count; i++) {
        free(nic->networks[i].address);
        free(nic->networks[i].gateway);
    }
    free(nic->networks);
}

void network_free(struct network *network)
{
    for (size_t i = 0; i < network->count; i++) {
        guest_nic_free(&network->nics[i].nic);
        strings_free(&network->nics[i].uppers);
        strings_free(&network->nics[i].lowers);
    }
    free(network->nics);
    *network = (struct network){0};
}

void ini_parse(const char *text, ini_told *told, void *context)
{
    cleanup_free char *section = checked_copy("");
    const char *cursor = text, *start;
    for (size_t length; next_line(&cursor, &start, &length);) {
        cleanup_free char *copy = checked_copy_bytes(start, length);
        char *line = string_trim(copy), *equals = strchr(line, '=');
        size_t end = strlen(line);
        if (*line == '[' && line[end - 1] == ']') {
            free(section);
            section = checked_copy_bytes(line + 1, end - 2);
        } else if (equals && *line != '#' && *line != ';') {
            *equals = '\0';
            told(context, section, string_trim(line), string_trim(equals + 1));
        }
    }
}

void network_put_under(struct network_nic *lower, const char *upper)
{
    lower->has_settings = true;
    if (lower->uppers.count < UPPERS_MAX)
        strings_add_new(&lower->uppers, upper);
}

static void put_under(struct network *network, const char *lower, const char *upper, const char *file)
{
    struct network_nic *nic = network_nic(network, lower, NULL, file);
    if (nic)
        network_put_under(nic, upper);
}

void network_put_below(struct network *network, const char *upper, const char *lower, const char *file)
{
    struct network_nic *nic = network_nic(network, upper, NULL, file);
    if (!nic || string_is(upper, lower))
        return;
    nic->is_virtual = true;
    put_under(network, lower, upper, file);
    size_t base = strcspn(lower, ".");
    if (!lower[base])
        return;
    cleanup_free char *card = checked_copy_bytes(lower, base);
    nic = network_nic(network, lower, NULL, file);
    if (nic)
        nic->is_virtual = true;
    put_under(network, card, lower, file);
}

void network_put_all_below(struct network *network, const char *upper, char *lowers, const char *file)
{
    for (char *lower; (lower = strsep(&lowers, " \t,"));)
        if (*lower && !strpbrk(lower, "*?["))
            network_put_below(network, upper, lower, file);
}

static bool is_called(const struct network_nic *nic, const char *name)
{
    return string_is(nic->nic.name, name) || string_is(nic->nic.id, name);
}

unsigned network_vlan(const char *text)
{
    char *end;
    unsigned long vlan = text && isdigit((unsigned char)*text) ? strtoul(text, &end, 10) : 0;
    return vlan >= 1 && vlan <= 4094 && !*end ? (unsigned)vlan : 0;
}

/* What its settings say, else what its name does: eth0.100, vlan100. */
static unsigned vlan_of(const struct network_nic *nic)
{
    const char *name = nic->nic.name ? nic->nic.name : "", *dot = strrchr(name, '.');
    if (nic->vlan)
        return nic->vlan;
    return network_vlan(dot ? dot + 1 : strncasecmp(name, "vlan", 4) == 0 ? name + 4 : "");
}

static bool has_network(const struct guest_nic *card, const char *address, unsigned vlan)
{
    for (size_t i = 0; i < card->network_count; i++)
        if (card->networks[i].vlan == vlan && string_is(card->networks[i].address, address))
            return true;
    return false;
}

/* "dhcp" and the like are no addresses. */
static void add_networks(struct guest_nic *card, const struct guest_nic *settings, unsigned vlan)
{
    for (size_t i = 0; i < settings->addresses.count && card->network_count < CARRIES_MAX; i++) {
        const char *address = settings->addresses.items[i];
        if (!strchr(address, '/') || has_network(card, address, vlan))
            continue;
        const char *gateway = settings->gateway && !strchr(settings->gateway, ':') == !strchr(address, ':') ? settings->gateway : NULL;
        card->networks = checked_grow(card->networks, card->network_count + 1, sizeof *card->networks);
        card->networks[card->network_count++] =
            (struct guest_network){checked_copy(address), checked_copy(gateway), vlan};
    }
}

/* One card, and what stands on it. */
struct carrying {
    const struct network *network;
    struct guest_nic *card;
    unsigned steps;
};

static void carry_one(struct carrying *carrying, const struct network_nic *upper, unsigned vlan)
{
    add_networks(carrying->card, &upper->nic, vlan);
    for (size_t i = 0; i < upper->nic.addresses.count && carrying->card->carries.count < CARRIES_MAX; i++) {
        cleanup_free char *says = checked_printf("%s on %s", upper->nic.addresses.items[i], upper->nic.name ? upper->nic.name : "an interface");
        strings_add_new(&carrying->card->carries, says);
    }
}

/* The addresses of what is on top of it, and on top of that in turn. `vlan`: the tag that frames have below; the outer one counts. */
static void carry(struct carrying *carrying, const struct network_nic *lower, unsigned vlan, unsigned depth)
{
    const struct network *network = carrying->network;
    for (size_t i = 0; depth < UPPER_DEPTH_MAX && i < lower->uppers.count; i++)
        for (size_t j = 0; j < network->count && carrying->steps < CARRY_STEPS_MAX; j++, carrying->steps++) {
            const struct network_nic *upper = &network->nics[j];
            if (!is_called(upper, lower->uppers.items[i]))
                continue;
            unsigned tag = vlan ? vlan : vlan_of(upper);
            carrying->card->in_bridge |= upper->is_bridge;
            carry_one(carrying, upper, tag);
            carry(carrying, upper, tag, depth + 1);
        }
}

static void settle_lowers(struct network *network, const struct network_nic *upper)
{
    const char *name = upper->nic.name ? upper->nic.name : upper->nic.id;
    for (size_t i = 0; name && i < upper->lowers.count; i++)
        for (size_t j = 0; j < network->count; j++)
            if (is_called(&network->nics[j], upper->lowers.items[i]) && &network->nics[j] != upper)
                network_put_under(&network->nics[j], name);
}

void network_settle_uppers(struct network *network)
{
    for (size_t i = 0; i < network->count; i++)
        settle_lowers(network, &network->nics[i]);
    for (size_t i = 0; i < network->count; i++)
        for (size_t j = 0; j < network->nics[i].uppers.count; j++) {
            struct network_nic *upper = find(network, network->nics[i].uppers.items[j], NULL);
            if (upper)
                upper->is_virtual = true;
        }
    for (size_t i = 0; i < network->count; i++) {
        struct guest_nic *card = &network->nics[i].nic;
        if (network->nics[i].is_virtual)
            continue;
        add_networks(card, card, 0);
        carry(&(struct carrying){.network = network, .card = card}, &network->nics[i], 0, 0);
    }
}
