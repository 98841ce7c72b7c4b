/* Which network card of this machine takes the settings of which interface of the guest. */
#ifndef REHOST_PLAN_NETWORK_NICS_H
#define REHOST_PLAN_NETWORK_NICS_H

#include "../planning.h"

/* Fills plan->nic_moves, and says what is doubtful. The job's word counts first, then a MAC that is here again, then what was seen
 * on the wires of the cards, then "there is only one", then the order. */
void nics_match(struct planning *planning);

#endif
