/* The files that bind network settings to a card, as text. MACs are compared without regard to case. */
#ifndef REHOST_PLAN_NETWORK_NETWORK_TEXT_H
#define REHOST_PLAN_NETWORK_NETWORK_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* udev rules that give a card the name `name`: bound to the MAC `new_mac` alone; keys that name the old card's place or
 * driver go. Rules for other names stay byte for byte. The caller's. */
char *udev_rules_rebind(const char *text, const char *name, const char *new_mac);
/* Does a rule give `name` to the card with this MAC? `old_udev`: one that still knows SYSFS{address} (up to 173). */
bool udev_rules_bind(const char *text, const char *name, const char *mac, bool old_udev);
/* A .link file: [Match] is bound to `new_mac` alone. The caller's. */
char *link_file_rebind(const char *text, const char *new_mac);
/* The value of a key in a section of a systemd file; NULL when it is not there. The caller's. */
char *unit_value(const char *text, const char *section, const char *key);

struct mac_pair {
    const char *old_mac, *new_mac;
};

/* Every mention of an old MAC (aa:bb:…, AA-BB-…) becomes its new one, in one pass, so that two cards can change places.
 * The caller's. */
char *mac_replace(const char *text, const struct mac_pair *pairs, size_t count);
/* ifupdown: `hwaddress` lines within `iface NAME` say `new_mac`. The caller's. */
char *interfaces_rebind(const char *text, const char *name, const char *new_mac);
/* An ifcfg file: HWADDR says `new_mac`; where it has none, it gets one if `add` says so. The caller's. */
char *ifcfg_rebind(const char *text, const char *new_mac, bool add);
/* A NetworkManager keyfile: a mac-address that is there says `new_mac`, and [match] no longer speaks of a slot or a driver. Where
 * only these bound it, it gets the mac-address. The caller's. */
char *keyfile_rebind(const char *text, const char *new_mac);
/* netplan: the definition that gives the name `name` (set-name; NULL: the one with the id `id`) matches by `new_mac`, where it matched
 * by another MAC or by a driver. Every other byte stays. NULL when the text is no YAML; else the caller's. */
char *netplan_rebind(const char *text, const char *name, const char *id, const char *new_mac);
/* Does a definition give `name` to the card with this MAC? */
bool netplan_binds(const char *text, const char *name, const char *mac);

#endif
