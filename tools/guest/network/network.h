/* The guest's network settings: one parser for each kind of file, all filling one list. The parsers are pure: text in,
 * list out; network.c finds the files. */
#ifndef REHOST_GUEST_NETWORK_H
#define REHOST_GUEST_NETWORK_H

#include "../guest.h"

struct network {
    struct network_nic {
        struct guest_nic nic;
        struct strings uppers; /* the bridges, bonds and VLANs that it is a part of, by name or id */
        struct strings lowers; /* its own parts, by name or id, where it is the one that names them */
        bool has_settings;     /* more than a name: an address, DHCP, a place in a bridge or bond */
        unsigned vlan;         /* the tag, where it is a VLAN; 0 */
    bool is_bridge;
        bool is_virtual;       /* a bridge, bond, VLAN: made by software, no card stands behind it */
    } *nics;
    size_t count;
};

/* The interface of that name, else of that MAC, else a new one. Either may be NULL, not both. NULL once there are more
 * than any server has. Remembers `file` as one that speaks of it. */
struct network_nic *network_nic(struct network *network, const char *name, const char *mac, const char *file);
/* The interface that settings are for which are bound to the old card's place or driver, and to no name or MAC: one for each
 * `id` (a file, or a definition in it). NULL as above. */
struct network_nic *network_nameless(struct network *network, const char *id, const char *file);
/* The interface `lower` is a port of the bridge or bond `upper`, or what the VLAN `upper` is on: `upper` is no card then, and
 * `lower` has settings. "eth0.7" as `lower` is a VLAN on eth0 itself. */
void network_put_below(struct network *network, const char *upper, const char *lower, const char *file);
/* The same for each name of a list, which is cut in place at blanks and commas. */
void network_put_all_below(struct network *network, const char *upper, char *lowers, const char *file);
/* The same where a port names what it is in, by name or id. */
void network_put_under(struct network_nic *lower, const char *upper);
/* 1 to 4094 of a text that says nothing else; 0 of any other, and of NULL. */
unsigned network_vlan(const char *text);
/* Tells the cards which addresses the interfaces above them have. To be called once everything is read. */
void network_settle_uppers(struct network *network);
/* Lower case with colons, from any of "52-54-00-AA-00-01", "5254.00aa.0001", …; NULL when it is no MAC. The caller's. */
char *network_mac(const char *text);
/* Can it be the name of an interface, or a pattern of such names? Anything else is never taken over from a guest's file. */
bool network_is_name(const char *name);
/* "24" from "255.255.255.0" or "24"; -1 when it is neither. */
int network_prefix_length(const char *netmask);
void network_free(struct network *network);
void guest_nic_free(struct guest_nic *nic);

/* Names bound to MACs. */
void network_parse_udev_rules(struct network *network, const char *file, const char *text);
void network_parse_link(struct network *network, const char *file, const char *text);
/* What rehost itself wrote at an earlier move (plan/network/network_swap.c): "link set dev rehost0 name eth3" after the udev rule of rehost0. */
void network_parse_names(struct network *network, const char *file, const char *text);
/* Settings. `sources` gets the patterns of ifupdown's source lines. */
void network_parse_interfaces(struct network *network, const char *file, const char *text, struct strings *sources);
void network_parse_networkd(struct network *network, const char *file, const char *text);
void network_parse_netdev(struct network *network, const char *file, const char *text);
void network_parse_ifcfg(struct network *network, const char *file, const char *text);   /* RHEL's and SUSE's */
void network_parse_keyfile(struct network *network, const char *file, const char *text); /* NetworkManager's */
void network_parse_netplan(struct network *network, const char *file, const char *text);

/* systemd's files: calls back for each "key=value" with its section ("[Match]" → "Match"). */
typedef void ini_told(void *context, const char *section, const char *key, const char *value);
void ini_parse(const char *text, ini_told *told, void *context);

/* The value of a key of an ifcfg file, without quotes; NULL when there is none. The caller's. */
char *ifcfg_value(const char *text, const char *key);
/* Is this one of the backups that editors and package managers leave beside an ifcfg file, and that no system reads? */
bool network_is_leftover(const char *file);

/* Adds to each interface what the guest's DHCP clients remember of it. */
void network_read_leases(int root_fd, struct guest_nic *nics, size_t count);

/* Reads every file of the guest that this program understands, into guest->nics; notes what it does not. */
void network_read(struct guest *guest);

#endif
