/* systemd's .link files, by which udev names interfaces since systemd 197 (systemd.link(5)). */
#include <stdlib.h>
#include <string.h>

#include "../../base/cleanup.h"
#include "network.h"

struct link_file {
    char *mac, *name;
};

static void take(void *context, const char *section, const char *key, const char *value)
{
    struct link_file *link = context;
    if (string_is(section, "Match") && (string_is(key, "MACAddress") || string_is(key, "PermanentMACAddress"))) {
        cleanup_free char *first = checked_copy_bytes(value, strcspn(value, " \t"));
        free(link->mac);
        link->mac = network_mac(first);
    } else if (string_is(section, "Link") && string_is(key, "Name")) {
        free(link->name);
        link->name = checked_copy(value);
    }
}

void network_parse_link(struct network *network, const char *file, const char *text)
{
    struct link_file link = {0};
    ini_parse(text, take, &link);
    if (link.name && *link.name) /* matched by path or driver: the name is known, the card is not */
        network_nic(network, link.name, link.mac, file);
    free(link.mac);
    free(link.name);
}
