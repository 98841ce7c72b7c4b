/* --nic, --address and --listen, as `plan` and `fix` take them. */
#ifndef REHOST_PLAN_CHOICES_H
#define REHOST_PLAN_CHOICES_H

#include "plan.h"

struct nic_choices {
    struct nic_choice *items;
    size_t count;
    struct strings addresses; /* of --address */
};

/* For rows of an option table; -1 when it is not of that form. */
int take_nic_choice(void *context, const char *argument);
int take_address_change(void *context, const char *argument);
void nic_choices_free(struct nic_choices *choices);

#define ADDRESS_ARGUMENT "OLD=NEW"
#define ADDRESS_HELP "a static address, or that of an interface by name or MAC, becomes NEW: ADDRESS/PREFIX[,gateway=ADDRESS] (may be repeated)"
/* --listen: the wires of this machine's cards are looked at, before there is a plan. 0 when that is not wanted. */
#define LISTEN_HELP "find out by listening and asking which card is in which network (some seconds; needs root)"
int listen_for_plan(bool listen, const char *hardware_file, const struct plan_input *input, struct hardware *hardware, struct error *err);

#endif
