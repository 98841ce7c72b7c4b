/* The guest's interfaces and this machine's cards, by what a person or a job calls them: a name, a MAC, an address. */
#ifndef REHOST_PLAN_NETWORK_NIC_CALLED_H
#define REHOST_PLAN_NETWORK_NIC_CALLED_H

#include "../plan.h"

/* Equal, and neither NULL; the case of letters means nothing. */
bool mac_is(const char *a, const char *b);
/* Whether the job can mean this interface by `old`: a name, a MAC, an address that it has, had or carries. */
bool nic_is_called(const struct guest_nic *nic, const char *old);
/* The interface that the job means by `old`; NULL: none. `*twin`: another one that it can mean as well, as both cards of a bond have its address. */
struct nic_move *nic_move_called(struct plan *plan, const char *old, struct nic_move **twin);
/* The first card with that MAC; NULL: none. */
const struct hardware_nic *nic_by_mac(const struct hardware *hardware, const char *mac);
/* Whether an interface has this card already. */
bool nic_is_taken(const struct plan *plan, const struct hardware_nic *nic);
/* "lan0 (10.0.2.77/24)"; the caller's. */
char *nic_words(const struct guest_nic *nic);

#endif
