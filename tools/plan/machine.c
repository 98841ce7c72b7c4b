/* What knows the old machine by its numbers (DMI's serial number and UUID, MACs, a fingerprint of both) and takes this one for another server. */
#include <string.h>

#include "../base/cleanup.h"
#include "../base/root.h"
#include "network/network.h"
#include "planning.h"

#define ASK_VENDOR "have the licence issued for the new machine; until then it will most likely be refused."
#define ASK_VENDOR_MAC "give the new machine the old MAC, or have the licence issued for the new one (`lmhostid` tells its number)."
#define ASK_VENDOR_ADDRESS "nothing has to be done while the public address stays; otherwise have the licence moved to the new one."
#define REGISTER "register the system (`subscription-manager register`), as those servers answer in that cloud alone."
#define CLOUD_GUARD "/etc/cloud/cloud.cfg.d/99-rehost-instance.cfg"

/* Licences and registrations that are kept by such numbers. Nobody can carry them over but their owner. */
static const struct {
    const char *path, *name, *advice;
} bound[] = {
    {"/usr/local/flexlm", "a FlexNet licence server", ASK_VENDOR_MAC},
    {"/opt/flexlm", "a FlexNet licence server", ASK_VENDOR_MAC},
    {"/var/hasplm", "Sentinel LDK (HASP)", ASK_VENDOR},
    {"/var/lib/CodeMeter", "CodeMeter", ASK_VENDOR},
    {"/etc/pki/consumer/cert.pem", "Red Hat's subscription manager", "run `subscription-manager facts --update` after the move; a subscription of the old machine's host stays with that."},
    {"/etc/sysconfig/rhn/systemid", "the Red Hat Network", "run `rhn-profile-sync` after the move."},
    {"/etc/yum.repos.d/redhat-rhui.repo", "a cloud's own update servers (RHUI)", REGISTER},
    {"/etc/yum.repos.d/rh-cloud.repo", "a cloud's own update servers (RHUI)", REGISTER},
    {"/etc/zypp/credentials.d/SCCcredentials", "the SUSE Customer Center", "look at `SUSEConnect --status` after the move, and register again where it says so."},
    {"/var/lib/ubuntu-advantage/private/machine-token.json", "Ubuntu Pro", "run `pro refresh` after the move; what a cloud paid for stays there."},
    {"/usr/local/psa", "Plesk", ASK_VENDOR_ADDRESS},
    {"/usr/local/cpanel", "cPanel", ASK_VENDOR_ADDRESS},
};

/* On what it takes for a new instance cloud-init makes new host keys, users and a host name. Its manual, "First boot determination": with
 * manual_cache_clean it trusts what it knows. The other two are for one that knows nothing any more. */
static void keep_from_cloud_init(struct planning *planning)
{
    if (network_has_cloud_init(planning->guest))
        planning_write(planning, CLOUD_GUARD,
                       "# Written by rehost: this is the same server on another machine, and not a new instance.\n"
                       "manual_cache_clean: true\n"
                       "ssh_deletekeys: false\n"
                       "preserve_hostname: true\n",
                       "keeps cloud-init from making new host keys, users and a host name on what it takes for a new machine");
}

void plan_machine(struct planning *planning)
{
    keep_from_cloud_init(planning);
    for (size_t i = 0; i < sizeof bound / sizeof *bound; i++)
        if (root_exists(planning->guest->root_fd, bound[i].path))
            planning_warn(planning, bound[i].advice, "%s (%s) knows this server by the numbers of the old machine", bound[i].name, bound[i].path);
}
