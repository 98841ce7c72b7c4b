/* The parts of the step "network", each in a file of its own. */
#ifndef REHOST_PLAN_NETWORK_H
#define REHOST_PLAN_NETWORK_H

#include "network_text.h"
#include "planning.h"

/* Every file in which the old cards' MACs stand names the new ones; what bound settings to a slot or a driver binds them to the
 * new card. */
void network_settle_macs(struct planning *planning, const struct mac_pair *pairs, size_t count);
void network_settle_slots(struct planning *planning, const struct nic_move *move);
/* The files that speak of a name and of a MAC say the MAC of the card that has the name from now on. */
void network_settle_files(struct planning *planning, const struct nic_move *move);
/* The name is given to the card, for good. */
void network_settle_name(struct planning *planning, const struct nic_move *move);
/* What would undo it at the next boot: cloud-init, which writes the settings anew on what it takes for a new machine. */
void network_keep_from_cloud_init(struct planning *planning);
/* Rules that name the optical drives of the old machine. */
void network_forget_drives(struct planning *planning);
/* A guest that forwards packets must not have its cards merge them. */
void network_switch_lro_off(struct planning *planning);

#endif
