/* Network settings go to this machine's cards under their old names, whatever bound the names to the old cards. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "../base/cleanup.h"
#include "../base/root.h"
#include "network_text.h"
#include "nics.h"

/* Not 70-persistent-net.rules: on many servers that is a link to /dev/null, put there to keep it from being written. */
#define RULES_FILE "/etc/udev/rules.d/70-rehost-net.rules"
#define PERMANENT_MAC_SINCE 245 /* systemd's NEWS: PermanentMACAddress= in .link files */

/* Settings that name a card by its MAC. A .link file that gives a name is treated apart. */
static const struct mac_place {
    const char *directory, *ending;
} mac_places[] = {
    {"/etc/systemd/network", ".network"},         {"/etc/systemd/network", ".netdev"}, {"/etc/network/interfaces.d", ""}, {"/etc/netplan", ".yaml"},
    {"/etc/NetworkManager/system-connections", ""},
};

static bool name_is_pattern(const char *name)
{
    return strpbrk(name, "*?[!") != NULL;
}

static void settle_rules(struct planning *planning, const struct nic_move *move)
{
    cleanup_strings struct strings files = {0};
    planning_list(planning, "/etc/udev/rules.d", ".rules", &files);
    for (size_t i = 0; i < files.count; i++) {
        cleanup_free char *text = planning_read(planning, files.items[i]);
        cleanup_free char *better = text ? udev_rules_rebind(text, move->guest_nic->name, move->hardware_nic->mac) : NULL;
        cleanup_free char *why = checked_printf("gives the name %s to the card %s of this machine", move->guest_nic->name, move->hardware_nic->mac);
        if (better && planning_write(planning, files.items[i], better, why))
            planning->initrd_is_stale = true;
    }
}

static bool link_names(const char *text, const char *name)
{
    cleanup_free char *value = unit_value(text, "Link", "Name");
    return string_is(value, name);
}

static bool link_binds(const char *text, const char *name, const char *mac)
{
    cleanup_free char *permanent = unit_value(text, "Match", "PermanentMACAddress"), *present = unit_value(text, "Match", "MACAddress");
    const char *bound = permanent ? permanent : present;
    return link_names(text, name) && bound && strcasecmp(bound, mac) == 0;
}

static void settle_links(struct planning *planning, const struct nic_move *move)
{
    cleanup_strings struct strings files = {0};
    planning_list(planning, "/etc/systemd/network", ".link", &files);
    for (size_t i = 0; i < files.count; i++) {
        cleanup_free char *text = planning_read(planning, files.items[i]);
        if (!text || !link_names(text, move->guest_nic->name))
            continue;
        cleanup_free char *better = link_file_rebind(text, move->hardware_nic->mac);
        cleanup_free char *why = checked_printf("gives the name %s to the card %s of this machine", move->guest_nic->name, move->hardware_nic->mac);
        if (planning_write(planning, files.items[i], better, why))
            planning->initrd_is_stale = true;
    }
}

static bool is_bound(const struct planning *planning, const struct nic_move *move)
{
    cleanup_strings struct strings rules = {0}, links = {0};
    planning_list(planning, "/etc/udev/rules.d", ".rules", &rules);
    planning_list(planning, "/etc/systemd/network", ".link", &links);
    for (size_t i = 0; i < rules.count; i++) {
        cleanup_free char *text = planning_read(planning, rules.items[i]);
        if (text && udev_rules_bind(text, move->guest_nic->name, move->hardware_nic->mac))
            return true;
    }
    for (size_t i = 0; i < links.count; i++) {
        cleanup_free char *text = planning_read(planning, links.items[i]);
        if (text && link_binds(text, move->guest_nic->name, move->hardware_nic->mac))
            return true;
    }
    return false;
}

/* By the library that systemd's programs share: libsystemd-shared-252.so. 0 when it is not there (older than 230). */
static int systemd_version(const struct guest *guest)
{
    static const char *const places[] = {"/usr/lib/systemd", "/lib/systemd", "/usr/lib/x86_64-linux-gnu/systemd", "/usr/lib/i386-linux-gnu/systemd",
                                         "/usr/lib/aarch64-linux-gnu/systemd", "/usr/lib64/systemd"};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        cleanup_strings struct strings names = {0};
        int version;
        root_list(guest->root_fd, places[i], &names);
        for (size_t j = 0; j < names.count; j++)
            if (sscanf(names.items[j], "libsystemd-shared-%d", &version) == 1)
                return version;
    }
    return 0;
}

/* A VLAN or a bridge has the MAC of its card too: only the permanent address tells the card from them. */
static void bind_by_link(struct planning *planning, const struct nic_move *move)
{
    const char *name = move->guest_nic->name;
    const char *key = systemd_version(planning->guest) >= PERMANENT_MAC_SINCE ? "PermanentMACAddress" : "MACAddress";
    cleanup_free char *path = checked_printf("/etc/systemd/network/10-rehost-%s.link", name);
    cleanup_free char *content = checked_printf("# Written by rehost: the settings of this server speak of %s.\n[Match]\n%s=%s\n\n[Link]\nName=%s\n", name, key,
                                                move->hardware_nic->mac, name);
    cleanup_free char *why = checked_printf("gives the name %s to the card %s of this machine", name, move->hardware_nic->mac);
    if (planning_write(planning, path, content, why))
        planning->initrd_is_stale = true;
}

static void bind_by_rule(struct planning *planning, const struct nic_move *move)
{
    cleanup_free char *text = planning_read(planning, RULES_FILE);
    cleanup_free char *better = checked_printf("%s# Written by rehost: the settings of this server speak of %s.\nSUBSYSTEM==\"net\", ACTION==\"add\", ATTR{address}==\"%s\", NAME=\"%s\"\n",
                                               text ? text : "", move->guest_nic->name, move->hardware_nic->mac, move->guest_nic->name);
    cleanup_free char *why = checked_printf("gives the name %s to the card %s of this machine", move->guest_nic->name, move->hardware_nic->mac);
    if (planning_write(planning, RULES_FILE, better, why))
        planning->initrd_is_stale = true;
}

static bool is_kernel_name(const char *name)
{
    return string_starts(name, "eth") && isdigit((unsigned char)name[3]);
}

static void settle_name(struct planning *planning, const struct nic_move *move)
{
    settle_rules(planning, move);
    settle_links(planning, move);
    if (!is_bound(planning, move)) {
        if (planning->guest->system.systemd)
            bind_by_link(planning, move);
        else
            bind_by_rule(planning, move);
    }
    if (is_kernel_name(move->guest_nic->name) && planning->hardware->nic_count > 1)
        planning_warn(planning, "rename the interfaces on the source (lan0, wan0) if the order matters.",
                      "%s is a name that the kernel gives out by itself; with several cards two of them can be in each other's way", move->guest_nic->name);
}

static void settle_interfaces(struct planning *planning, const struct nic_move *move)
{
    cleanup_strings struct strings files = {0};
    planning_list(planning, "/etc/network/interfaces.d", "", &files);
    strings_add(&files, "/etc/network/interfaces");
    for (size_t i = 0; i < files.count; i++) {
        cleanup_free char *text = planning_read(planning, files.items[i]);
        cleanup_free char *better = text ? interfaces_rebind(text, move->guest_nic->name, move->hardware_nic->mac) : NULL;
        if (better)
            planning_write(planning, files.items[i], better, "sets the card's own address, where the old card's was set");
    }
}

static void replace_macs(struct planning *planning, const char *path, const struct mac_pair *pairs, size_t count)
{
    cleanup_free char *text = planning_read(planning, path);
    cleanup_free char *better = text ? mac_replace(text, pairs, count) : NULL;
    if (better && planning_write(planning, path, better, "names the cards of this machine by their MAC, where the old ones were named") &&
        string_ends(path, ".link"))
        planning->initrd_is_stale = true;
}

/* Link files that give no name of ours: MTU, wake on LAN and the like for an old card. */
static void settle_other_links(struct planning *planning, const struct mac_pair *pairs, size_t count)
{
    cleanup_strings struct strings files = {0};
    planning_list(planning, "/etc/systemd/network", ".link", &files);
    for (size_t i = 0; i < files.count; i++) {
        cleanup_free char *text = planning_read(planning, files.items[i]);
        bool ours = false;
        for (size_t j = 0; text && j < planning->plan->nic_move_count; j++) {
            const struct nic_move *move = &planning->plan->nic_moves[j];
            ours = ours || (move->hardware_nic && move->guest_nic->name && link_names(text, move->guest_nic->name));
        }
        if (!ours)
            replace_macs(planning, files.items[i], pairs, count);
    }
}

static void settle_macs(struct planning *planning, const struct mac_pair *pairs, size_t count)
{
    for (size_t i = 0; i < sizeof mac_places / sizeof *mac_places; i++) {
        cleanup_strings struct strings files = {0};
        planning_list(planning, mac_places[i].directory, mac_places[i].ending, &files);
        for (size_t j = 0; j < files.count; j++)
            replace_macs(planning, files.items[j], pairs, count);
    }
    replace_macs(planning, "/etc/network/interfaces", pairs, count);
    settle_other_links(planning, pairs, count);
}

/* MACs are replaced before names are settled: what a name's rule says afterwards is not to be replaced again. */
void plan_network(struct planning *planning)
{
    nics_match(planning);
    planning_is_plain(planning, "/etc/network/interfaces");
    const struct plan *plan = planning->plan;
    cleanup_free struct mac_pair *pairs = checked_alloc((plan->nic_move_count + 1) * sizeof *pairs);
    size_t count = 0;
    for (size_t i = 0; i < plan->nic_move_count; i++) {
        const struct nic_move *move = &plan->nic_moves[i];
        if (move->hardware_nic && move->guest_nic->mac && strcasecmp(move->guest_nic->mac, move->hardware_nic->mac) != 0)
            pairs[count++] = (struct mac_pair){move->guest_nic->mac, move->hardware_nic->mac};
    }
    if (count)
        settle_macs(planning, pairs, count);
    for (size_t i = 0; i < plan->nic_move_count; i++) {
        const struct nic_move *move = &plan->nic_moves[i];
        if (!move->hardware_nic || !move->guest_nic->name || name_is_pattern(move->guest_nic->name))
            continue;
        settle_interfaces(planning, move);
        settle_name(planning, move);
    }
}
