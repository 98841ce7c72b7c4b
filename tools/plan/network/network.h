/* The parts of the step "network", each in a file of its own. */
#ifndef REHOST_PLAN_NETWORK_H
#define REHOST_PLAN_NETWORK_H

#include "../planning.h"
#include "network_text.h"

/* Every file in which the old cards' MACs stand names the new ones; what bound settings to a slot or a driver binds them to the
 * new card. */
void network_settle_macs(struct planning *planning, const struct mac_pair *pairs, size_t count);
void network_settle_slots(struct planning *planning, const struct nic_move *move);
/* The files that speak of a name and of a MAC say the MAC of the card that has the name from now on. */
void network_settle_files(struct planning *planning, const struct nic_move *move);
/* The name is given to the card, for good. */
void network_settle_name(struct planning *planning, const struct nic_move *move);
/* Cards that have to exchange names of the kernel's own kind (eth0 and eth1): does this plan see to that itself, and then how. */
bool network_swaps_names(const struct planning *planning);
void network_swap_names(struct planning *planning);

/* The guest's udev (network_udev.c). Whether there is one: Alpine and other small systems run mdev, or nothing. */
bool network_has_udev(const struct guest *guest);
/* 0: not known, older than 230, or another init. */
int network_systemd_version(const struct guest *guest);
/* Does it rename a card to a name that another one has for now, once that one has given it up? */
bool network_udev_waits_for_names(const struct guest *guest);
/* The static addresses that the job changes, in every file of settings that has them. */
void network_readdress(struct planning *planning);
/* Whether the old server still answers, where the wires were looked at. */
void network_warn_of_source(struct planning *planning);
/* Is cloud-init there, and not switched off? */
bool network_has_cloud_init(const struct guest *guest);
/* What would undo it at the next boot: cloud-init, which writes the settings anew on what it takes for a new machine. */
void network_keep_from_cloud_init(struct planning *planning);
/* The same: kudzu of RHEL up to 5. */
void network_keep_from_kudzu(struct planning *planning);
/* Rules that name the optical drives of the old machine. */
void network_forget_drives(struct planning *planning);
/* A guest that forwards packets must not have its cards merge them. */
void network_switch_lro_off(struct planning *planning);

#endif
