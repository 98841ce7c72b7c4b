/* The network cards of this machine: interfaces with a device behind them. */
#include <ctype.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "../base/cleanup.h"
#include "../base/root.h"
#include "probe.h"
#include "sysfs.h"

#define MAC_BYTES 6

/* The kernel knows interfaces by name alone, so it must not be asked about those of a test's tree. */
static bool is_this_machine(int root_fd)
{
    struct stat here, there;
    return stat("/sys/class/net", &here) == 0 && root_stat(root_fd, "/sys/class/net", &there) == 0 && here.st_dev == there.st_dev &&
           here.st_ino == there.st_ino;
}

/* The address in the card's own memory, as a bond or an administrator may have given the interface another one. */
static char *permanent_mac(const char *name)
{
    cleanup_close int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct {
        struct ethtool_perm_addr head;
        unsigned char bytes[32];
    } question = {.head = {.cmd = ETHTOOL_GPERMADDR, .size = sizeof question.bytes}};
    struct ifreq request = {.ifr_data = (char *)&question};
    strncpy(request.ifr_name, name, sizeof request.ifr_name - 1);
    if (fd < 0 || ioctl(fd, SIOCETHTOOL, &request) < 0 || question.head.size != MAC_BYTES)
        return NULL;
    const unsigned char *b = question.bytes;
    if (!(b[0] | b[1] | b[2] | b[3] | b[4] | b[5])) /* virtio_net and others have no permanent one */
        return NULL;
    return checked_printf("%02x:%02x:%02x:%02x:%02x:%02x", b[0], b[1], b[2], b[3], b[4], b[5]);
}

static char *mac_of(int root_fd, const char *name, const char *directory)
{
    char *mac = is_this_machine(root_fd) ? permanent_mac(name) : NULL;
    if (!mac)
        mac = sysfs_value(root_fd, directory, "address");
    for (char *letter = mac; letter && *letter; letter++)
        *letter = (char)tolower((unsigned char)*letter);
    return mac;
}

/* `carrier` cannot be read (EINVAL) while the interface is down. */
static int link_of(int root_fd, const char *directory)
{
    cleanup_free char *carrier = sysfs_value(root_fd, directory, "carrier");
    return carrier ? *carrier == '1' : -1;
}

static void probe_nic(int root_fd, const char *name, struct hardware_nic *nic)
{
    cleanup_free char *directory = checked_printf("/sys/class/net/%s", name);
    cleanup_free char *resolved = sysfs_resolve(root_fd, directory);
    const char *path = resolved ? resolved : directory;
    nic->name = checked_copy(name);
    nic->mac = mac_of(root_fd, name, directory);
    nic->driver = sysfs_driver(root_fd, path, NULL);
    nic->link = link_of(root_fd, directory);
    sysfs_modaliases(root_fd, path, &nic->modaliases);
}

/* A card is an Ethernet interface (ARPHRD_ETHER) with a device; bridges, bonds, VLANs and tunnels have none. */
static bool is_card(int root_fd, const char *name)
{
    cleanup_free char *directory = checked_printf("/sys/class/net/%s", name);
    cleanup_free char *device = checked_printf("%s/device", directory);
    cleanup_free char *type = sysfs_value(root_fd, directory, "type");
    return root_exists(root_fd, device) && (!type || string_is(type, "1"));
}

void probe_nics(int root_fd, struct hardware *hardware)
{
    cleanup_strings struct strings names = {0};
    root_list(root_fd, "/sys/class/net", &names);
    hardware->nics = checked_alloc((names.count + 1) * sizeof *hardware->nics);
    for (size_t i = 0; i < names.count; i++)
        if (is_card(root_fd, names.items[i]))
            probe_nic(root_fd, names.items[i], &hardware->nics[hardware->nic_count++]);
}
