/* The files that bind network settings to a card, as text. MACs are compared without regard to case. */
#ifndef REHOST_PLAN_NETWORK_TEXT_H
#define REHOST_PLAN_NETWORK_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* udev rules that give a card the name `name`: bound to the MAC `new_mac` alone; keys that name the old card's place or
 * driver go. Rules for other names stay byte for byte. The caller's. */
char *udev_rules_rebind(const char *text, const char *name, const char *new_mac);
/* Does a rule give `name` to the card with this MAC? */
bool udev_rules_bind(const char *text, const char *name, const char *mac);
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

#endif
