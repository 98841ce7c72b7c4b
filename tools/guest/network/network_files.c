/* Where a guest's network settings are: every file that this program understands, given to its parser. */
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../base/address.h"
#include "../../base/cleanup.h"
#include "../../base/root.h"
#include "network.h"

#define FILE_MAX (1u << 20)
#define SOURCE_DEPTH_MAX 4
#define SOURCE_FILES_MAX 256

typedef void parse_file(struct network *network, const char *file, const char *text);

static void read_directory(struct guest *guest, struct network *network, const char *directory, const char *suffix, parse_file *parse)
{
    cleanup_strings struct strings names = {0};
    root_list(guest->root_fd, directory, &names);
    for (size_t i = 0; i < names.count; i++) {
        if (!string_ends(names.items[i], suffix))
            continue;
        cleanup_free char *file = checked_printf("%s/%s", directory, names.items[i]);
        cleanup_free char *text = root_read(guest->root_fd, file, FILE_MAX, NULL);
        if (text)
            parse(network, file, text);
    }
}

static void read_interfaces(struct guest *guest, struct network *network, const char *file, unsigned depth, unsigned *files);

/* `source DIRECTORY/PATTERN`: the pattern's last component is matched; `source-directory DIR` is the same
 * with every plain name. A relative pattern starts at /etc/network. */
static void read_sourced(struct guest *guest, struct network *network, const char *pattern, unsigned depth, unsigned *files)
{
    cleanup_free char *path = *pattern == '/' ? checked_copy(pattern) : checked_printf("/etc/network/%s", pattern);
    if (root_is_directory(guest->root_fd, path)) {
        char *inside = checked_printf("%s/[a-zA-Z0-9_]*", path);
        free(path);
        path = inside;
    }
    char *slash = strrchr(path, '/');
    cleanup_free char *directory = checked_copy_bytes(path, (size_t)(slash - path));
    cleanup_strings struct strings names = {0};
    root_list(guest->root_fd, directory, &names);
    for (size_t i = 0; i < names.count; i++) {
        cleanup_free char *file = checked_printf("%s/%s", directory, names.items[i]);
        if (fnmatch(slash + 1, names.items[i], FNM_PERIOD) == 0)
            read_interfaces(guest, network, file, depth + 1, files);
    }
}

static void read_interfaces(struct guest *guest, struct network *network, const char *file, unsigned depth, unsigned *files)
{
    cleanup_strings struct strings sources = {0};
    if (depth > SOURCE_DEPTH_MAX || ++*files > SOURCE_FILES_MAX)
        return;
    cleanup_free char *text = root_read(guest->root_fd, file, FILE_MAX, NULL);
    if (text)
        network_parse_interfaces(network, file, text, &sources);
    for (size_t i = 0; i < sources.count; i++)
        read_sourced(guest, network, sources.items[i], depth, files);
}

/* Cards with settings become the guest's; names bound to cards that nothing uses any more are common and are left. */
static void keep_cards(struct guest *guest, struct network *network)
{
    guest->nics = checked_alloc((network->count + 1) * sizeof *guest->nics);
    for (size_t i = 0; i < network->count; i++) {
        struct network_nic *nic = &network->nics[i];
        if (!nic->has_settings || nic->is_virtual || string_is(nic->nic.name, "lo"))
            continue;
        guest->nics[guest->nic_count++] = nic->nic;
        nic->nic = (struct guest_nic){0};
    }
}

/* Files that begin so, and that are no backups: ifcfg-eth0, but not ifcfg-eth0.rpmsave. */
static void read_ifcfg(struct guest *guest, struct network *network, const char *directory)
{
    cleanup_strings struct strings names = {0};
    root_list(guest->root_fd, directory, &names);
    for (size_t i = 0; i < names.count; i++) {
        cleanup_free char *file = checked_printf("%s/%s", directory, names.items[i]);
        bool is_ifcfg = string_starts(names.items[i], "ifcfg-") && !network_is_leftover(names.items[i]);
        cleanup_free char *text = is_ifcfg ? root_read(guest->root_fd, file, FILE_MAX, NULL) : NULL;
        if (text)
            network_parse_ifcfg(network, file, text);
    }
}

/* The gateway that is no interface's own: the one in whose network it is has it. RHEL up to 6: GATEWAY= in /etc/sysconfig/network; SUSE: the
 * default of /etc/sysconfig/network/routes. */
static void read_gateway(struct guest *guest, struct network *network)
{
    char route[64] = "";
    cleanup_free char *text = root_read(guest->root_fd, "/etc/sysconfig/network", FILE_MAX, NULL);
    cleanup_free char *routes = root_read(guest->root_fd, "/etc/sysconfig/network/routes", FILE_MAX, NULL);
    cleanup_free char *said = text ? ifcfg_value(text, "GATEWAY") : NULL;
    const char *cursor = routes ? routes : "", *line;
    for (size_t length; !said && !*route && next_line(&cursor, &line, &length);)
        if (sscanf(line, "default %63s", route) != 1)
            *route = '\0';
    const char *gateway = said ? said : route;
    for (size_t i = 0; i < network->count; i++)
        for (size_t j = 0; !network->nics[i].nic.gateway && j < network->nics[i].nic.addresses.count; j++)
            if (address_text_is_in(gateway, network->nics[i].nic.addresses.items[j]))
                network->nics[i].nic.gateway = checked_copy(gateway);
}

/* What binds names is read first: where settings disagree with it, it is the one that counts. */
void network_read(struct guest *guest)
{
    struct network network = {0};
    unsigned files = 0;
    read_directory(guest, &network, "/etc/udev/rules.d", ".rules", network_parse_udev_rules);
    read_directory(guest, &network, "/etc/udev", "rehost-names", network_parse_names);
    if (guest->system.systemd)
        read_directory(guest, &network, "/etc/systemd/network", ".link", network_parse_link);
    if (guest->system.ifupdown)
        read_interfaces(guest, &network, "/etc/network/interfaces", 0, &files);
    read_ifcfg(guest, &network, "/etc/sysconfig/network-scripts");
    read_ifcfg(guest, &network, "/etc/sysconfig/network");
    read_directory(guest, &network, "/etc/netplan", ".yaml", network_parse_netplan);
    read_directory(guest, &network, "/etc/NetworkManager/system-connections", "", network_parse_keyfile);
    if (guest->system.networkd) {
        read_directory(guest, &network, "/etc/systemd/network", ".netdev", network_parse_netdev);
        read_directory(guest, &network, "/etc/systemd/network", ".network", network_parse_networkd);
    }
    read_gateway(guest, &network);
    network_settle_uppers(&network);
    keep_cards(guest, &network);
    network_read_leases(guest->root_fd, guest->nics, guest->nic_count);
    network_free(&network);
}
