/* Large receive offload glues packets together that a router has to send on one by one: with VMXNET3 a gateway fell from 90 MB/s to 0.4
 * (VMware's KB 1027511). Newer kernels switch it off where they see themselves forward; this does not rely on it. */
#include <ctype.h>
#include <string.h>

#include "../../base/cleanup.h"
#include "../../base/root.h"
#include "network.h"

#define LRO_RULES "/etc/udev/rules.d/81-rehost-lro.rules"

/* "net.ipv4.ip_forward = 1", and the like for IPv6 and for single interfaces, with dots or slashes. */
static bool line_forwards(const char *line)
{
    cleanup_free char *copy = checked_copy(line);
    char *equals = strchr(copy, '='), *key = string_trim(copy + strspn(copy, " \t-"));
    if (!equals || *key == '#' || *key == ';')
        return false;
    *equals = '\0';
    key = string_trim(key);
    for (char *at = key; *at; at++)
        if (*at == '/')
            *at = '.';
    bool is_one = string_is(string_trim(equals + 1), "1");
    return is_one && string_starts(key, "net.ipv") && (string_ends(key, ".ip_forward") || string_ends(key, ".forwarding"));
}

static bool sysctl_forwards(const struct planning *planning)
{
    static const char *const directories[] = {"/etc/sysctl.d", "/usr/lib/sysctl.d", "/lib/sysctl.d"};
    cleanup_strings struct strings files = {0};
    strings_add(&files, "/etc/sysctl.conf");
    for (size_t i = 0; i < sizeof directories / sizeof *directories; i++)
        planning_list(planning, directories[i], ".conf", &files);
    for (size_t i = 0; i < files.count; i++) {
        cleanup_free char *text = planning_read(planning, files.items[i]);
        const char *cursor = text, *line;
        for (size_t length; next_line(&cursor, &line, &length);) {
            cleanup_free char *copy = checked_copy_bytes(line, length);
            if (line_forwards(copy))
                return true;
        }
    }
    return false;
}

/* systemd-networkd: IPForward= up to 255, IPv4Forwarding= and IPv6Forwarding= since. */
static bool networkd_forwards(const struct planning *planning)
{
    static const char *const keys[] = {"IPForward", "IPv4Forwarding", "IPv6Forwarding", "IPMasquerade"};
    cleanup_strings struct strings files = {0};
    planning_list(planning, "/etc/systemd/network", ".network", &files);
    for (size_t i = 0; i < files.count; i++)
        for (size_t j = 0; j < sizeof keys / sizeof *keys; j++) {
            cleanup_free char *text = planning_read(planning, files.items[i]);
            cleanup_free char *value = text ? unit_value(text, "Network", keys[j]) : NULL;
            if (value && *value && !string_is(value, "no") && !string_is(value, "false") && !string_is(value, "0"))
                return true;
        }
    return false;
}

static const char *ethtool_of(const struct guest *guest)
{
    static const char *const places[] = {"/sbin/ethtool", "/usr/sbin/ethtool", "/usr/bin/ethtool"};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        if (root_is_file(guest->root_fd, places[i]))
            return places[i];
    return NULL;
}

/* One way for every network system: each has a setting of its own for this, in a version of its own, and udev's rules are read by all.
 * The rule comes after those that give names, 80-net-setup-link.rules the last of them: $name is the one that the card has when RUN runs, unless the
 * cards exchange theirs (network_swap.c) and the event of another one was faster: "move" tells of each new name. */
static char *rules_for(const struct plan *plan, const char *ethtool)
{
    struct text out = {0};
    text_append(&out, "# Written by rehost: this server forwards packets, and a card that merges those it receives would slow it down.\n");
    for (size_t i = 0; i < plan->nic_move_count; i++)
        if (plan->nic_moves[i].hardware_nic)
            text_printf(&out, "SUBSYSTEM==\"net\", ACTION==\"add|move\", DRIVERS==\"?*\", ATTR{address}==\"%s\", RUN+=\"%s -K $name lro off\"\n",
                        plan->nic_moves[i].hardware_nic->mac, ethtool);
    return text_take(&out);
}

void network_switch_lro_off(struct planning *planning)
{
    bool serves = false, bridges = false;
    for (size_t i = 0; i < planning->plan->nic_move_count; i++) {
        serves |= planning->plan->nic_moves[i].hardware_nic != NULL;
        bridges |= planning->plan->nic_moves[i].guest_nic->in_bridge;
    }
    if (!serves || (!bridges && !sysctl_forwards(planning) && !networkd_forwards(planning)))
        return;
    const char *ethtool = ethtool_of(planning->guest);
    if (!ethtool) {
        planning_warn(planning, "install ethtool on the source, or run `ethtool -K NAME lro off` for each card by hand after the move.",
                      "the guest forwards packets, and has no ethtool by which large receive offload could be switched off on its cards");
        return;
    }
    cleanup_free char *rules = rules_for(planning->plan, ethtool);
    if (planning_write(planning, LRO_RULES, rules, "the guest forwards packets: switches large receive offload off on its cards"))
        planning_note(planning, "the guest forwards packets: large receive offload is switched off on its cards");
}
