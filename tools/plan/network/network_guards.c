/* What in the guest would undo the settings at the next boot, or hold on to devices that stay behind. */
#include <string.h>

#include "../../base/cleanup.h"
#include "../../base/root.h"
#include "network.h"

#define CLOUD_DIRECTORY "/etc/cloud/cloud.cfg.d"
#define CLOUD_GUARD CLOUD_DIRECTORY "/99-rehost-network.cfg"
#define DRIVE_RULES "/etc/udev/rules.d/70-persistent-cd.rules"

bool network_has_cloud_init(const struct guest *guest)
{
    return root_is_directory(guest->root_fd, CLOUD_DIRECTORY) && !root_exists(guest->root_fd, "/etc/cloud/cloud-init.disabled") &&
           (root_exists(guest->root_fd, "/usr/bin/cloud-init") || root_exists(guest->root_fd, "/usr/local/bin/cloud-init"));
}

/* "network: {config: disabled}", on one line or on two: cloud-init's own way to keep its hands off (its manual, "Network configuration"). */
static bool is_disabled(const struct planning *planning)
{
    cleanup_strings struct strings files = {0};
    planning_list(planning, CLOUD_DIRECTORY, ".cfg", &files);
    for (size_t i = 0; i < files.count; i++) {
        cleanup_free char *text = planning_read(planning, files.items[i]);
        const char *network = text ? strstr(text, "network:") : NULL;
        if (network && strstr(network, "config: disabled"))
            return true;
    }
    return false;
}

/* It takes a machine with another serial number, or without the old cloud's metadata, for a new one, and writes the network settings
 * anew: DHCP on the first card. */
void network_keep_from_cloud_init(struct planning *planning)
{
    if (!planning->plan->nic_move_count || !network_has_cloud_init(planning->guest) || is_disabled(planning))
        return;
    planning_write(planning, CLOUD_GUARD,
                   "# Written by rehost: the network settings of this server moved with it; cloud-init is not to write them anew.\n"
                   "network: {config: disabled}\n",
                   "keeps cloud-init from replacing the network settings on what it takes for a new machine");
}

/* udev wrote it up to systemd 203 (Debian 8 kept it): cdrom is the old machine's drive by its slot, and the new one would be cdrom1. Without the
 * file the first drive is cdrom again. One that an administrator wrote is left. */
void network_forget_drives(struct planning *planning)
{
    cleanup_free char *text = planning_read(planning, DRIVE_RULES);
    if (text && strstr(text, "write_cd_rules"))
        planning_remove(planning, DRIVE_RULES, "it names the optical drive of the old machine; udev makes it anew for this one");
}
