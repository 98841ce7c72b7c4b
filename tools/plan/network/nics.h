/* Which network card of this machine takes the settings of which interface of the guest. */
#ifndef REHOST_PLAN_NETWORK_NICS_H
#define REHOST_PLAN_NETWORK_NICS_H

#include "../planning.h"

/* Fills plan->nic_moves, and says what is doubtful. The job's word counts first, then a MAC that is here again, then what was seen
 * on the wires of the cards, then "there is only one", then the order. */
void nics_match(struct planning *planning);
/* "lan0 (10.0.2.77/24)"; the caller's. */
char *nic_words(const struct guest_nic *nic);
/* Whether the job can mean this interface by `old`: a name, a MAC, an address that it has, had or carries. */
bool nic_is_called(const struct guest_nic *nic, const char *old);
bool nic_is_taken(const struct plan *plan, const struct hardware_nic *nic);

#endif
