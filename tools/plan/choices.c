/* See choices.h. */
#include "choices.h"

#include <stdlib.h>

#include "../base/cleanup.h"
#include "network/evidence.h"

int take_nic_choice(void *context, const char *argument)
{
    struct nic_choices *choices = context;
    choices->items = checked_grow(choices->items, choices->count + 1, sizeof *choices->items);
    if (nic_choice_parse(argument, &choices->items[choices->count]) < 0)
        return -1;
    choices->count++;
    return 0;
}

int take_address_change(void *context, const char *argument)
{
    struct nic_choices *choices = context;
    struct error err = {0};
    if (address_change_check(argument, &err) < 0)
        return -1;
    strings_add(&choices->addresses, argument);
    return 0;
}

void nic_choices_free(struct nic_choices *choices)
{
    for (size_t i = 0; i < choices->count; i++) {
        free(choices->items[i].old);
        free(choices->items[i].mac);
    }
    free(choices->items);
    strings_free(&choices->addresses);
}

int listen_for_plan(bool listen, const char *hardware_file, const struct plan_input *input, struct hardware *hardware, struct error *err)
{
    if (!listen)
        return 0;
    if (!hardware_file)
        return evidence_is_wanted(input) ? evidence_look(input, hardware, err) : 0;
    error_set(err, "--listen is for the machine that this runs on, and --hardware for another one");
    return error_advise(err, "Leave one of them out.");
}
