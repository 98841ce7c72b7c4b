/* The settings of a guest speak of names: each is given to the new card, by what gave it to the old one, else by what this
 * guest's udev understands. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "../base/cleanup.h"
#include "../base/root.h"
#include "../guest/network.h"
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

/* DRIVERS=="?*": only cards have one; a VLAN or a bridge has the MAC of its card. */
static void bind_by_rule(struct planning *planning, const struct nic_move *move)
{
    cleanup_free char *text = planning_read(planning, RULES_FILE);
    cleanup_free char *better = checked_printf("%s# Written by rehost: the settings of this server speak of %s.\nSUBSYSTEM==\"net\", ACTION==\"add\", DRIVERS==\"?*\", ATTR{address}==\"%s\", NAME=\"%s\"\n",
                                               text ? text : "", move->guest_nic->name, move->hardware_nic->mac, move->guest_nic->name);
    cleanup_free char *why = checked_printf("gives the name %s to the card %s of this machine", move->guest_nic->name, move->hardware_nic->mac);
    if (planning_write(planning, RULES_FILE, better, why))
        planning->initrd_is_stale = true;
}

/* Whether anything in the guest acts on rules and .link files: Alpine and other small systems run mdev, or nothing. */
static bool has_udev(const struct guest *guest)
{
    static const char *const programs[] = {"/lib/systemd/systemd-udevd", "/usr/lib/systemd/systemd-udevd", "/sbin/udevd", "/usr/sbin/udevd", "/lib/udev/udevd",
                                           "/sbin/udevadm", "/bin/udevadm", "/usr/bin/udevadm"};
    for (size_t i = 0; i < sizeof programs / sizeof *programs; i++)
        if (root_exists(guest->root_fd, programs[i]))
            return true;
    return guest->system.systemd;
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

/* udev gives up when a name is in use, since systemd 209 (commit 97595710b77a); Debian and Ubuntu took that back, up to version 252. */
static bool udev_waits_for_names(const struct guest *guest)
{
    int version = systemd_version(guest);
    bool is_debian = string_is(guest->system.family, "debian");
    return version == 0 ? !guest->system.systemd || is_debian : is_debian && version <= 252;
}

static size_t place_of(const struct hardware *hardware, const struct hardware_nic *nic)
{
    return (size_t)(nic - hardware->nics);
}

/* "eth1" is what the kernel itself calls the second card that it finds. A name of its own kind cannot be relied on to be free when
 * udev wants to give it to another card, and names are not changed here behind the back of a firewall's rules that speak of them. */
static void doubt_kernel_name(struct planning *planning, const struct nic_move *move)
{
    const char *name = move->guest_nic->name;
    bool is_kernels = string_starts(name, "eth") && isdigit((unsigned char)name[3]);
    if (!is_kernels || (has_udev(planning->guest) && udev_waits_for_names(planning->guest)))
        return;
    char *end;
    if (strtoul(name + 3, &end, 10) == place_of(planning->hardware, move->hardware_nic) && !*end)
        return;
    cleanup_free char *way_out = checked_printf("give %s the card that stands at its place in `rehost hardware`, or rename the interfaces on the source (lan0, wan0).", name);
    planning_warn(planning, way_out, "%s goes to the card %s, to which the kernel gives another name of this kind by itself; this guest cannot exchange the two", name,
                  move->hardware_nic->mac);
}

static void bind_name(struct planning *planning, const struct nic_move *move)
{
    if (!has_udev(planning->guest))
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
    if (!bound)
        bind_name(planning, move);
    doubt_kernel_name(planning, move);
}
