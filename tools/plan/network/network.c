/* Network settings go to this machine's cards under their old names, whatever bound the names to the old cards. */
#include "network.h"

#include <string.h>
#include <strings.h>

#include "../../base/cleanup.h"
#include "nics.h"

static bool name_is_pattern(const char *name)
{
    return strpbrk(name, "*?[!") != NULL;
}

/* In one pass for all cards, as two of them may change places. */
static void settle_macs(struct planning *planning)
{
    const struct plan *plan = planning->plan;
    cleanup_free struct mac_pair *pairs = checked_alloc((plan->nic_move_count + 1) * sizeof *pairs);
    size_t count = 0;
    for (size_t i = 0; i < plan->nic_move_count; i++) {
        const struct nic_move *move = &plan->nic_moves[i];
        if (move->hardware_nic && move->guest_nic->mac && strcasecmp(move->guest_nic->mac, move->hardware_nic->mac) != 0)
            pairs[count++] = (struct mac_pair){move->guest_nic->mac, move->hardware_nic->mac};
    }
    if (count)
        network_settle_macs(planning, pairs, count);
}

static void settle_move(struct planning *planning, const struct nic_move *move)
{
    const struct guest_nic *nic = move->guest_nic;
    if (!nic->mac && !nic->name)
        network_settle_slots(planning, move);
    if (!nic->name || name_is_pattern(nic->name))
        return;
    network_settle_files(planning, move);
    network_settle_name(planning, move);
}

/* MACs are replaced before names are settled: what a name's rule says afterwards is not to be replaced again. */
void plan_network(struct planning *planning)
{
    nics_match(planning);
    network_warn_of_source(planning);
    planning_is_plain(planning, "/etc/network/interfaces");
    const struct plan *plan = planning->plan;
    settle_macs(planning);
    for (size_t i = 0; i < plan->nic_move_count; i++)
        if (plan->nic_moves[i].hardware_nic)
            settle_move(planning, &plan->nic_moves[i]);
    network_swap_names(planning);
    network_readdress(planning);
    network_keep_from_cloud_init(planning);
    network_keep_from_kudzu(planning);
    network_forget_drives(planning);
    network_switch_lro_off(planning);
}
