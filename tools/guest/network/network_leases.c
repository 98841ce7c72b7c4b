/* What the guest's DHCP clients remember: the address that a server gave an interface last, by which its network can be told.
 * systemd-networkd keeps its leases in /run, which is gone; what it has in /var/lib/systemd/network (since 256) are those that its server gave to
 * others. udhcpc keeps none. */
#include <arpa/inet.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "../../base/cleanup.h"
#include "../../base/root.h"
#include "network.h"

#define LEASE_FILE_MAX (4u << 20) /* dhclient appends to its file for as long as it runs */
#define YIADDR 16                 /* "your address", in a DHCP packet: RFC 2131 */

struct lease {
    char *interface, *address;
};

static void set(char **slot, char *value)
{
    free(*slot);
    *slot = value;
}

/* dhclient.leases(5): lease { interface "eth0"; fixed-address 10.0.2.15; … }, the newest last. */
static void read_dhclient(const char *text, size_t length, struct lease *lease)
{
    (void)length;
    const char *line;
    for (size_t size; next_line(&text, &line, &size);) {
        cleanup_free char *copy = checked_copy_bytes(line, size);
        char *rest = string_trim(copy), *word = strsep(&rest, " \t"), *value = rest ? string_trim(rest) : NULL;
        if (!value)
            continue;
        value[strcspn(value, ";")] = '\0';
        if (string_is(word, "interface") && *value == '"')
            set(&lease->interface, checked_copy_bytes(value + 1, strcspn(value + 1, "\"")));
        else if (string_is(word, "fixed-address"))
            set(&lease->address, checked_copy(value));
    }
}

static void take_pair(void *context, const char *section, const char *key, const char *value)
{
    struct lease *lease = context;
    if (!*section && (string_is(key, "ADDRESS") || string_is(key, "IPADDR")))
        set(&lease->address, checked_copy_bytes(value + (*value == '\''), strcspn(value + (*value == '\''), "'")));
}

/* NetworkManager's own client (ADDRESS=10.0.2.15), and SUSE's dhcpcd 1 (IPADDR='10.0.2.15'). */
static void read_pairs(const char *text, size_t length, struct lease *lease)
{
    (void)length;
    ini_parse(text, take_pair, lease);
}

/* dhcpcd keeps the server's packet as it came. */
static void read_packet(const char *bytes, size_t length, struct lease *lease)
{
    char address[INET_ADDRSTRLEN];
    if (length > 236 && inet_ntop(AF_INET, bytes + YIADDR, address, sizeof address))
        set(&lease->address, checked_copy(address));
}

/* wicked: <local>10.0.2.15/24</local>. */
static void read_wicked(const char *text, size_t length, struct lease *lease)
{
    (void)length;
    const char *local = strstr(text, "<local>");
    if (local)
        set(&lease->address, checked_copy_bytes(local + 7, strcspn(local + 7, "</ \n")));
}

/* Where the interface stands in the file's name: between `before` and `after`; NULL: in the file itself, or both. */
static const struct lease_kind {
    const char *directory, *pattern, *before, *after;
    void (*read)(const char *text, size_t length, struct lease *lease);
} kinds[] = {
    {"/var/lib/dhcp", "dhclient*.leases", "dhclient.", ".leases", read_dhclient},
    {"/var/lib/dhcp3", "dhclient*.leases", "dhclient.", ".leases", read_dhclient},
    {"/var/lib/dhclient", "dhclient*.lease*", "dhclient-", ".lease", read_dhclient}, /* RHEL */
    {"/var/lib/NetworkManager", "dhclient-*.lease", NULL, ".lease", read_dhclient},
    {"/var/lib/NetworkManager", "internal-*.lease", NULL, ".lease", read_pairs},
    {"/var/lib/dhcpcd", "*.lease", "", ".lease", read_packet},
    {"/var/lib/dhcpcd5", "dhcpcd-*.lease", "dhcpcd-", ".lease", read_packet},
    {"/var/lib/dhcpcd", "dhcpcd-*.info", "dhcpcd-", ".info", read_pairs},
    {"/var/lib/wicked", "lease-*-dhcp-ipv4.xml", "lease-", "-dhcp-ipv4.xml", read_wicked},
};

/* "dhclient.eth0.leases"; NetworkManager has the connection's UUID before: "internal-2f1b…-eth0.lease", 36 characters. */
static char *interface_of(const char *file, const struct lease_kind *kind)
{
    size_t start = kind->before ? strlen(kind->before) : strcspn(file, "-") + 1 + 36 + 1;
    const char *end = strstr(file, kind->after);
    bool fits = (!kind->before || string_starts(file, kind->before)) && end && start < (size_t)(end - file);
    return fits ? checked_copy_bytes(file + start, (size_t)(end - file) - start) : NULL;
}

static void tell(struct guest_nic *nics, size_t count, const struct lease *lease)
{
    unsigned char address[16];
    if (!lease->interface || !lease->address || (inet_pton(AF_INET, lease->address, address) != 1 && inet_pton(AF_INET6, lease->address, address) != 1))
        return;
    for (size_t i = 0; i < count; i++)
        if (string_is(nics[i].name, lease->interface))
            strings_add_new(&nics[i].leases, lease->address);
}

static void read_file(int root_fd, const struct lease_kind *kind, const char *file, struct guest_nic *nics, size_t count)
{
    struct lease lease = {.interface = interface_of(file, kind)};
    size_t length = 0;
    cleanup_free char *path = checked_printf("%s/%s", kind->directory, file);
    cleanup_free char *text = root_read(root_fd, path, LEASE_FILE_MAX, &length);
    if (text)
        kind->read(text, length, &lease);
    tell(nics, count, &lease);
    free(lease.interface);
    free(lease.address);
}

void network_read_leases(int root_fd, struct guest_nic *nics, size_t count)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        cleanup_strings struct strings names = {0};
        root_list(root_fd, kinds[i].directory, &names);
        for (size_t j = 0; j < names.count; j++)
            if (fnmatch(kinds[i].pattern, names.items[j], 0) == 0)
                read_file(root_fd, &kinds[i], names.items[j], nics, count);
    }
}
