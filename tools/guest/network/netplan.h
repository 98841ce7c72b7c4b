/* netplan's files (netplan(5)), as libyaml reads them: what each definition says of its card, and where in the text it says so,
 * so that one value can be replaced and every other byte stays. */
#ifndef REHOST_GUEST_NETWORK_NETPLAN_H
#define REHOST_GUEST_NETWORK_NETPLAN_H

#include <stdbool.h>

#include "../../base/text.h"

/* A scalar at its place in the text, in bytes, its quotes included; start == end: it is not there. */
struct netplan_place {
    size_t start, end;
};

struct netplan_interface {
    const char *kind; /* "ethernets", "bonds", "bridges", "vlans", … */
    const char *id;   /* the key of the definition */
    const char *match_mac, *match_name, *match_driver; /* NULL: not given */
    const char *set_name, *sets_mac;
    const char *link; /* of a VLAN: the id of what it is on */
    const char *vlan; /* its tag */
    bool has_match;
    struct strings addresses, ports;
    const char *gateway;
    struct netplan_place match_mac_value; /* the value alone */
    struct netplan_place match_driver_pair; /* "driver: vmxnet3", key and value */
};

/* Calls back for each definition; the strings live as long as the call. -1 when the text is no YAML: nothing was called. */
typedef void netplan_told(void *context, const struct netplan_interface *interface);
int netplan_parse(const char *text, netplan_told *told, void *context);

#endif
