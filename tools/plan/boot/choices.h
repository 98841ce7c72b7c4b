/* --nic OLD=MAC, as `plan` and `fix` take it. */
#ifndef REHOST_PLAN_BOOT_CHOICES_H
#define REHOST_PLAN_BOOT_CHOICES_H

#include "../plan.h"

struct nic_choices {
    struct nic_choice *items;
    size_t count;
};

/* For a row of an option table; -1 when it is not of that form. */
int take_nic_choice(void *context, const char *argument);
void nic_choices_free(struct nic_choices *choices);

#endif
