/* The guest's network settings: one parser for each kind of file, all filling one list. The parsers are pure: text in,
 * list out; network.c finds the files. */
#ifndef REHOST_GUEST_NETWORK_H
#define REHOST_GUEST_NETWORK_H

#include "guest.h"

struct network {
    struct network_nic {
        struct guest_nic nic;
        bool has_settings; /* more than a name: an address, DHCP, a place in a bridge or bond */
        bool is_virtual;   /* a bridge, bond, VLAN: made by software, no card stands behind it */
    } *nics;
    size_t count;
};

/* The interface of that name, else of that MAC, else a new one. Either may be NULL, not both. NULL once there are more
 * than any server has. Remembers `file` as one that speaks of it. */
struct network_nic *network_nic(struct network *network, const char *name, const char *mac, const char *file);
/* Lower case with colons, from any of "52-54-00-AA-00-01", "5254.00aa.0001", …; NULL when it is no MAC. The caller's. */
char *network_mac(const char *text);
/* "24" from "255.255.255.0" or "24"; -1 when it is neither. */
int network_prefix_length(const char *netmask);
void network_free(struct network *network);

/* Names bound to MACs. */
void network_parse_udev_rules(struct network *network, const char *file, const char *text);
void network_parse_link(struct network *network, const char *file, const char *text);
/* Settings. `sources` gets the patterns of ifupdown's source lines. */
void network_parse_interfaces(struct network *network, const char *file, const char *text, struct strings *sources);
void network_parse_networkd(struct network *network, const char *file, const char *text);
void network_parse_netdev(struct network *network, const char *file, const char *text);

/* systemd's files: calls back for each "key=value" with its section ("[Match]" → "Match"). */
typedef void ini_told(void *context, const char *section, const char *key, const char *value);
void ini_parse(const char *text, ini_told *told, void *context);

/* Reads every file of the guest that this program understands, into guest->nics; notes what it does not. */
void network_read(struct guest *guest);

#endif
