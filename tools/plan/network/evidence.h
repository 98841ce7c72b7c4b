/* Which card is in which network, by what was seen on the wires of the cards (hardware/wire.h). */
#ifndef REHOST_PLAN_NETWORK_EVIDENCE_H
#define REHOST_PLAN_NETWORK_EVIDENCE_H

#include "../planning.h"

/* Whether a look at the wires is of use: several cards that were not looked at, and interfaces whose networks are known. Where the job says which card
 * is whose, too: what it says is checked. */
bool evidence_is_wanted(const struct plan_input *input);
/* Looks at the wires of this machine's cards for the networks of the guest's settings, as the job's changes of addresses leave them, and adds what was
 * seen to `hardware`: the input's, which must be this machine's. What the job names a card for is not waited for. -1: nothing can be looked at. */
int evidence_look(const struct plan_input *input, struct hardware *hardware, struct error *err);
/* Gives the cards that are left to the interfaces that are left, where a card is in the networks of one interface alone; warns where it is in
 * those of several, and where the wires contradict the job. */
void evidence_match(struct planning *planning);
/* The best of what was seen on the card's wire that speaks for this interface; NULL: nothing does. */
const struct wire_sight *evidence_for(const struct guest_nic *nic, const struct hardware_nic *card);

#endif
