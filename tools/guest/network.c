/* See network.h: the list, and where the files are. */
#include "network.h"

#include <ctype.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "../base/cleanup.h"
#include "../base/root.h"

#define NICS_MAX 1024
#define FILE_MAX (1u << 20)
#define SOURCE_DEPTH_MAX 4
#define SOURCE_FILES_MAX 256

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

struct network_nic *network_nic(struct network *network, const char *name, const char *mac, const char *file)
{
    struct network_nic *nic = find(network, name, mac);
    if (!nic && network->count >= NICS_MAX)
        return NULL;
    if (!nic) {
        network->nics = checked_grow(network->nics, network->count + 1, sizeof *network->nics);
        nic = &network->nics[network->count++];
        *nic = (struct network_nic){0};
    }
    if (name && !nic->nic.name)
        nic->nic.name = checked_copy(name);
    if (mac && !nic->nic.mac)
        nic->nic.mac = checked_copy(mac);
    strings_add_new(&nic->nic.sources, file);
    return nic;
}

static void free_nic(struct guest_nic *nic)
{
    free(nic->name);
    free(nic->mac);
    free(nic->gateway);
    strings_free(&nic->addresses);
    strings_free(&nic->sources);
}

void network_free(struct network *network)
{
    for (size_t i = 0; i < network->count; i++)
        free_nic(&network->nics[i].nic);
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

static bool has_files(struct guest *guest, const char *directory)
{
    cleanup_strings struct strings names = {0};
    return root_list(guest->root_fd, directory, &names) == 0 && names.count > 0;
}

static void note_unknown(struct guest *guest)
{
    if (has_files(guest, "/etc/netplan"))
        strings_add(&guest->notes, "/etc/netplan holds network settings; netplan's are not read yet");
    if (has_files(guest, "/etc/NetworkManager/system-connections"))
        strings_add(&guest->notes, "/etc/NetworkManager/system-connections holds network settings; NetworkManager's are not read yet");
}

void network_read(struct guest *guest)
{
    struct network network = {0};
    unsigned files = 0;
    read_directory(guest, &network, "/etc/udev/rules.d", ".rules", network_parse_udev_rules);
    if (guest->system.systemd)
        read_directory(guest, &network, "/etc/systemd/network", ".link", network_parse_link);
    if (guest->system.ifupdown)
        read_interfaces(guest, &network, "/etc/network/interfaces", 0, &files);
    if (guest->system.networkd) {
        read_directory(guest, &network, "/etc/systemd/network", ".netdev", network_parse_netdev);
        read_directory(guest, &network, "/etc/systemd/network", ".network", network_parse_networkd);
    }
    keep_cards(guest, &network);
    note_unknown(guest);
    network_free(&network);
}
