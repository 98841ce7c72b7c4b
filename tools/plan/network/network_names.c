/* The settings of a guest speak of names: each is given to the new card, by what gave it to the old one, else by what this
 * guest's udev understands. */
#include <string.h>
#include <strings.h>

#include "../../base/cleanup.h"
#include "../../base/root.h"
#include "../../guest/network/network.h"
#include "network.h"
#include "network_text.h"

/* Not 70-persistent-net.rules: on many servers that is a link to /dev/null, put there to keep it from being written. */
#define RULES_FILE "/etc/udev/rules.d/70-rehost-net.rules"
#define IFCFG_DIRECTORY "/etc/sysconfig/network-scripts"
#define PERMANENT_MAC_SINCE 245 /* systemd's NEWS: PermanentMACAddress= in .link files */

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
        if (text && udev_rules_bind(text, move->guest_nic->name, move->hardware_nic->mac, !planning->guest->system.systemd))
            return true;
    }
    for (size_t i = 0; i < links.count; i++) {
        cleanup_free char *text = planning_read(planning, links.items[i]);
        if (text && link_binds(text, move->guest_nic->name, move->hardware_nic->mac))
            return true;
    }
    return false;
}

/* A VLAN or a bridge has the MAC of its card too: only the permanent address tells the card from them. */
static void bind_by_link(struct planning *planning, const struct nic_move *move)
{
    const char *name = move->guest_nic->name;
    const char *key = network_systemd_version(planning->guest) >= PERMANENT_MAC_SINCE ? "PermanentMACAddress" : "MACAddress";
    cleanup_free char *path = checked_printf("/etc/systemd/network/10-rehost-%s.link", name);
    cleanup_free char *content = checked_printf("# Written by rehost: the settings of this server speak of %s.\n[Match]\n%s=%s\n\n[Link]\nName=%s\n", name, key,
                                                move->hardware_nic->mac, name);
    cleanup_free char *why = checked_printf("gives the name %s to the card %s of this machine", name, move->hardware_nic->mac);
    if (planning_write(planning, path, content, why))
        planning->initrd_is_stale = true;
}

/* DRIVERS=="?*": only cards have one; a VLAN or a bridge has the MAC of its card. */
static void bind_by_rule(struct planning *planning, const struct nic_move *move)
{
    cleanup_free char *text = planning_read(planning, RULES_FILE);
    cleanup_free char *better = checked_printf("%s# Written by rehost: the settings of this server speak of %s.\n"
                                               "SUBSYSTEM==\"net\", ACTION==\"add\", DRIVERS==\"?*\", ATTR{address}==\"%s\", NAME=\"%s\"\n",
                                               text ? text : "", move->guest_nic->name, move->hardware_nic->mac, move->guest_nic->name);
    cleanup_free char *why = checked_printf("gives the name %s to the card %s of this machine", move->guest_nic->name, move->hardware_nic->mac);
    if (planning_write(planning, RULES_FILE, better, why))
        planning->initrd_is_stale = true;
}

/* initscripts of RHEL 5 to 8: udev asks it for the name that the ifcfg file with the card's HWADDR gives in DEVICE. */
static bool has_rename_device(const struct guest *guest)
{
    return root_exists(guest->root_fd, "/lib/udev/rename_device") || root_exists(guest->root_fd, "/usr/lib/udev/rename_device");
}

static bool is_ifcfg_of(const char *path, const char *text, const char *name)
{
    const char *file = strrchr(path, '/') + 1;
    cleanup_free char *device = ifcfg_value(text, "DEVICE"), *hwaddr = ifcfg_value(text, "HWADDR");
    if (!string_starts(file, "ifcfg-") || network_is_leftover(file))
        return false;
    return device ? string_is(device, name) : !hwaddr && string_is(file + strlen("ifcfg-"), name);
}

/* An HWADDR that is there has to be right, or the interface stays down. Where rename_device reads it, it binds the name as well,
 * and is put in unless something else does. */
static bool settle_hwaddr(struct planning *planning, const struct nic_move *move, bool is_bound_already)
{
    cleanup_strings struct strings files = {0};
    bool adds = !is_bound_already && has_rename_device(planning->guest), found = false;
    planning_list(planning, IFCFG_DIRECTORY, "", &files);
    for (size_t i = 0; i < files.count; i++) {
        cleanup_free char *text = planning_read(planning, files.items[i]);
        if (!text || !is_ifcfg_of(files.items[i], text, move->guest_nic->name))
            continue;
        cleanup_free char *better = ifcfg_rebind(text, move->hardware_nic->mac, adds);
        cleanup_free char *why = checked_printf("gives the settings of %s to the card %s of this machine", move->guest_nic->name, move->hardware_nic->mac);
        planning_write(planning, files.items[i], better, why);
        found = true;
    }
    return adds && found;
}

/* netplan makes a .link file of set-name with a match by MAC. */
static bool netplan_names(struct planning *planning, const struct nic_move *move)
{
    cleanup_strings struct strings files = {0};
    planning_list(planning, "/etc/netplan", ".yaml", &files);
    for (size_t i = 0; i < files.count; i++) {
        cleanup_free char *text = planning_read(planning, files.items[i]);
        if (text && netplan_binds(text, move->guest_nic->name, move->hardware_nic->mac))
            return true;
    }
    return false;
}

static void bind_name(struct planning *planning, const struct nic_move *move)
{
    if (!network_has_udev(planning->guest))
        planning_note(planning, "nothing in the guest gives names to network cards: %s is what its kernel calls the card", move->guest_nic->name);
    else if (planning->guest->system.systemd)
        bind_by_link(planning, move);
    else
        bind_by_rule(planning, move);
}

void network_settle_name(struct planning *planning, const struct nic_move *move)
{
    settle_rules(planning, move);
    settle_links(planning, move);
    bool bound = is_bound(planning, move) || netplan_names(planning, move);
    bound |= settle_hwaddr(planning, move, bound);
    if (!bound && !network_swaps_names(planning))
        bind_name(planning, move);
}
