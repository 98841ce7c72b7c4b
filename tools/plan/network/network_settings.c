/* The files that hold network settings: where one of them means an old card, it is made to mean the new one. */
#include <string.h>

#include "../../base/cleanup.h"
#include "../../guest/network/network.h"
#include "network.h"

#define NETWORKMANAGER "/etc/NetworkManager/system-connections"
#define SUSE_DIRECTORY "/etc/sysconfig/network"
#define NAMED_BY_MAC "names the cards of this machine by their MAC, where the old ones were named"
#define BOUND_BY_MAC "binds these settings to the card's MAC, where the old card's slot or driver bound them"

/* Settings that name a card by its MAC. A .link file that gives a name is treated apart. */
static const struct mac_place {
    const char *directory, *ending;
} mac_places[] = {
    {"/etc/systemd/network", ".network"},
    {"/etc/systemd/network", ".netdev"},
    {"/etc/network/interfaces.d", ""},
    {"/etc/netplan", ".yaml"},
    {NETWORKMANAGER, ""},
    {"/etc/NetworkManager", ".conf"}, /* unmanaged-devices, match-device, no-auto-default */
    {"/etc/NetworkManager/conf.d", ".conf"},
    {"/etc/sysconfig/network-scripts", ""},
    {SUSE_DIRECTORY, ""},
    {"/etc/cloud/cloud.cfg.d", ".cfg"},
};

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
    if (better && planning_write(planning, path, better, NAMED_BY_MAC) &&
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
            cleanup_free char *named = unit_value(text, "Link", "Name");
            ours = ours || (move->hardware_nic && string_is(move->guest_nic->name, named));
        }
        if (!ours)
            replace_macs(planning, files.items[i], pairs, count);
    }
}

/* Not the files of ifcfg that nothing reads any more: whoever left them there wants them as they were. */
static bool is_backup(const char *path)
{
    return network_is_leftover(path) && (string_starts(path, "/etc/sysconfig/") || string_starts(path, NETWORKMANAGER));
}

/* SLES 9 and 10 have the MAC in the file's name. All are read before any is written, as two cards may change places. */
static void rename_ifcfg(struct planning *planning, const struct mac_pair *pairs, size_t count)
{
    cleanup_strings struct strings old = {0}, new = {0}, texts = {0};
    for (size_t i = 0; i < count; i++) {
        cleanup_free char *from = checked_printf(SUSE_DIRECTORY "/ifcfg-eth-id-%s", pairs[i].old_mac);
        cleanup_free char *to = checked_printf(SUSE_DIRECTORY "/ifcfg-eth-id-%s", pairs[i].new_mac);
        cleanup_free char *text = planning_read(planning, from);
        if (!text)
            continue;
        strings_add(&old, from);
        strings_add(&new, to);
        strings_add(&texts, text);
    }
    for (size_t i = 0; i < old.count; i++)
        planning_write(planning, new.items[i], texts.items[i], NAMED_BY_MAC);
    for (size_t i = 0; i < old.count; i++)
        if (!strings_contain(&new, old.items[i]))
            planning_remove(planning, old.items[i], NAMED_BY_MAC);
}

void network_settle_macs(struct planning *planning, const struct mac_pair *pairs, size_t count)
{
    for (size_t i = 0; i < sizeof mac_places / sizeof *mac_places; i++) {
        cleanup_strings struct strings files = {0};
        planning_list(planning, mac_places[i].directory, mac_places[i].ending, &files);
        for (size_t j = 0; j < files.count; j++)
            if (!is_backup(files.items[j]))
                replace_macs(planning, files.items[j], pairs, count);
    }
    replace_macs(planning, "/etc/network/interfaces", pairs, count);
    settle_other_links(planning, pairs, count);
    rename_ifcfg(planning, pairs, count);
}

/* A keyfile of that interface; one without a name is found by its MAC, which is right already. */
static void settle_keyfiles(struct planning *planning, const struct nic_move *move)
{
    cleanup_strings struct strings files = {0};
    planning_list(planning, NETWORKMANAGER, "", &files);
    for (size_t i = 0; i < files.count; i++) {
        cleanup_free char *text = planning_read(planning, files.items[i]);
        cleanup_free char *name = text ? unit_value(text, "connection", "interface-name") : NULL;
        bool is_its = string_is(name, move->guest_nic->name) && !is_backup(files.items[i]);
        cleanup_free char *better = is_its ? keyfile_rebind(text, move->hardware_nic->mac) : NULL;
        if (better)
            planning_write(planning, files.items[i], better, NAMED_BY_MAC);
    }
}

static void settle_netplan(struct planning *planning, const char *name, const char *id, const char *mac)
{
    cleanup_strings struct strings files = {0};
    planning_list(planning, "/etc/netplan", ".yaml", &files);
    for (size_t i = 0; i < files.count; i++) {
        cleanup_free char *text = planning_read(planning, files.items[i]);
        cleanup_free char *better = text ? netplan_rebind(text, name, id, mac) : NULL;
        if (better)
            planning_write(planning, files.items[i], better, name ? NAMED_BY_MAC : BOUND_BY_MAC);
    }
}

void network_settle_files(struct planning *planning, const struct nic_move *move)
{
    settle_interfaces(planning, move);
    settle_keyfiles(planning, move);
    settle_netplan(planning, move->guest_nic->name, NULL, move->hardware_nic->mac);
}

/* SLES 9 and 10: ifcfg-eth-bus-pci-0000:00:03.0. */
static void settle_slot_of_ifcfg(struct planning *planning, const char *path, const char *mac)
{
    cleanup_free char *text = planning_read(planning, path);
    cleanup_free char *to = checked_printf(SUSE_DIRECTORY "/ifcfg-eth-id-%s", mac);
    if (text && planning_write(planning, to, text, BOUND_BY_MAC))
        planning_remove(planning, path, BOUND_BY_MAC);
}

static void settle_slot(struct planning *planning, const char *path, const struct nic_move *move)
{
    const char *mac = move->hardware_nic->mac;
    cleanup_free char *text = planning_read(planning, path), *better = NULL;
    if (string_starts(path, "/etc/netplan/"))
        settle_netplan(planning, NULL, move->guest_nic->id, mac);
    else if (string_starts(path, SUSE_DIRECTORY "/"))
        settle_slot_of_ifcfg(planning, path, mac);
    else if (text)
        better = string_ends(path, ".network") ? link_file_rebind(text, mac) : keyfile_rebind(text, mac);
    if (better)
        planning_write(planning, path, better, BOUND_BY_MAC);
}

void network_settle_slots(struct planning *planning, const struct nic_move *move)
{
    for (size_t i = 0; i < move->guest_nic->sources.count; i++)
        settle_slot(planning, move->guest_nic->sources.items[i], move);
}
