/* Does the old server still answer? On a wire that was looked at, somebody has an address that this server is going to have: both would answer from its
 * first start on, and which of the two a client reaches would be chance. */
#include "../../base/address.h"
#include "../../base/cleanup.h"
#include "network.h"
#include "readdress.h"

/* Who answers for an address has it; so has who asks for another one with it as the sender's. */
static bool has_address(const struct wire_sight *sight, const struct guest_network *network)
{
    struct address seen, own;
    return (sight->kind == WIRE_ANSWERED || sight->kind == WIRE_SPOKE) && sight->vlan == network->vlan && address_parse(sight->address, &seen) &&
           address_parse(network->address, &own) && address_is(&seen, &own);
}

static void look_on_card(struct planning *planning, const struct hardware_nic *card, const struct guest_network *network)
{
    for (size_t i = 0; i < card->sight_count; i++)
        if (has_address(&card->sights[i], network))
            planning_warn(planning, "stop the old server before this one starts, or keep the two in networks of their own.",
                          "somebody on the wire of the card %s has the address %s of this server: most likely the old server still runs", card->mac, card->sights[i].address);
}

void network_warn_of_source(struct planning *planning)
{
    cleanup_readdressed struct readdressed after;
    readdress_nics(planning->guest, planning->input->address_changes, &after);
    for (size_t i = 0; i < after.count; i++)
        for (size_t j = 0; j < after.nics[i].network_count; j++)
            for (size_t k = 0; k < planning->hardware->nic_count; k++)
                look_on_card(planning, &planning->hardware->nics[k], &after.nics[i].networks[j]);
}
