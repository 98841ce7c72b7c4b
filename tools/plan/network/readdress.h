/* The guest's networks as the job's changes of addresses leave them. */
#ifndef REHOST_PLAN_NETWORK_READDRESS_H
#define REHOST_PLAN_NETWORK_READDRESS_H

#include "../../guest/guest.h"

/* The guest's interfaces in their order, with networks of their own; all else in them is the guest's. */
struct readdressed {
    struct guest_nic *nics;
    size_t count;
};

/* `changes` (NULL: none): OLD=ADDRESS/PREFIX[,gateway=ADDRESS]. One that names nothing, or several addresses, changes nothing. */
void readdress_nics(const struct guest *guest, const struct strings *changes, struct readdressed *after);
void readdressed_free(struct readdressed *after);
#define cleanup_readdressed __attribute__((cleanup(readdressed_free)))

#endif
