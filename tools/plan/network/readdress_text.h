/* Network settings as text, in which one address becomes another. Each function returns the caller's; the text as it was when the old address does
 * not stand in it. Comments stay as they are. */
#ifndef REHOST_PLAN_NETWORK_READDRESS_TEXT_H
#define REHOST_PLAN_NETWORK_READDRESS_TEXT_H

#include "readdress_line.h"

/* Whether a line that is no comment names the old address. */
bool readdress_is_named(const char *text, const struct readdress *change);
/* netplan, systemd-networkd, NetworkManager's keyfiles: the address wherever it stands, with its prefix; the gateway where a gateway or a route is
 * named. */
char *readdress_plain(const char *text, const struct readdress *change);
/* ifupdown: in the stanzas that have the address, with netmask, network and broadcast. Elsewhere only the address itself. */
char *readdress_interfaces(const char *text, const struct readdress *change);
/* An ifcfg file of RHEL or SUSE: with PREFIX, NETMASK, NETWORK and BROADCAST of that very address (IPADDR1 has PREFIX1). */
char *readdress_ifcfg(const char *text, const struct readdress *change);
/* Files of routes that belong to no interface: the gateway alone. */
char *readdress_routes(const char *text, const struct readdress *change);

#endif
