/* See nics.h. */
#include "nics.h"

#include <string.h>

#include "../../base/cleanup.h"
#include "../drivers.h"
#include "evidence.h"
#include "nic_called.h"

static void take(struct nic_move *move, const struct hardware_nic *nic, const char *by)
{
    move->hardware_nic = nic;
    move->by = by;
}

static void match_choice(struct planning *planning, const struct nic_choice *choice)
{
    struct nic_move *twin, *move = nic_move_called(planning->plan, choice->old, &twin);
    const struct hardware_nic *nic = nic_by_mac(planning->hardware, choice->mac);
    if (!move)
        planning_block(planning, "name an interface, a MAC or an address that `rehost inspect` shows.", "the job gives %s to %s, which is no interface of the guest's settings",
                       choice->mac, choice->old);
    else if (twin)
        planning_block(planning, "name the interfaces one by one, by name or MAC.",
                       "the job gives %s to %s, which more than one interface of the guest's settings has", choice->mac, choice->old);
    else if (!nic)
        planning_block(planning, "give a MAC that `rehost hardware` shows.", "the job gives %s the card %s, which is not in this machine", choice->old, choice->mac);
    else if (nic_is_taken(planning->plan, nic) || move->hardware_nic)
        planning_block(planning, "give every interface a card of its own.", "the job names %s twice", move->hardware_nic ? choice->old : choice->mac);
    else
        take(move, nic, "job");
}

static void match_same_macs(struct planning *planning)
{
    for (size_t i = 0; i < planning->plan->nic_move_count; i++) {
        struct nic_move *move = &planning->plan->nic_moves[i];
        const struct hardware_nic *nic = nic_by_mac(planning->hardware, move->guest_nic->mac);
        if (!move->hardware_nic && nic && !nic_is_taken(planning->plan, nic))
            take(move, nic, "same MAC");
    }
}

/* A card without a driver is as good as none: Hyper-V's own beside the legacy adapter, for a kernel without its services. */
static bool some_free_card_has_driver(const struct planning *planning)
{
    for (size_t i = 0; planning->kernel && i < planning->hardware->nic_count; i++) {
        const struct hardware_nic *nic = &planning->hardware->nics[i];
        if (!nic_is_taken(planning->plan, nic) && kernel_drives_nic(planning->kernel, nic))
            return true;
    }
    return false;
}

/* The next card that is free and has a driver; one with a cable in it before the others when only one interface is left to serve, or when all
 * cables were looked at. */
static const struct hardware_nic *next_free(const struct planning *planning, bool only_one_left)
{
    const struct hardware_nic *first = NULL;
    bool needs_driver = some_free_card_has_driver(planning);
    for (size_t i = 0; i < planning->hardware->nic_count; i++) {
        const struct hardware_nic *nic = &planning->hardware->nics[i];
        if (nic_is_taken(planning->plan, nic) || (needs_driver && !kernel_drives_nic(planning->kernel, nic)))
            continue;
        if (nic->link == 1 || !(only_one_left || nic->listened))
            return nic;
        first = first ? first : nic;
    }
    return first;
}

/* What --nic can call it. */
static const char *old_of(const struct guest_nic *nic)
{
    const char *address = nic->addresses.count ? nic->addresses.items[0] : "OLD";
    return nic->name ? nic->name : nic->mac ? nic->mac : address;
}

static bool is_placed_by_evidence(const struct plan *plan)
{
    for (size_t i = 0; i < plan->nic_move_count; i++)
        if (string_is(plan->nic_moves[i].by, "evidence"))
            return true;
    return false;
}

/* One interface and one card are left. When the job or the wires placed the others, they placed these too. */
static bool only_one_is_left(const struct planning *planning, size_t left)
{
    size_t free_cards = 0;
    for (size_t i = 0; i < planning->hardware->nic_count; i++)
        free_cards += !nic_is_taken(planning->plan, &planning->hardware->nics[i]);
    bool alone = planning->plan->nic_move_count == 1 && planning->hardware->nic_count == 1;
    return left == 1 && free_cards == 1 && (alone || planning->input->nic_choice_count || is_placed_by_evidence(planning->plan));
}

static void match_rest(struct planning *planning)
{
    struct plan *plan = planning->plan;
    size_t left = 0;
    for (size_t i = 0; i < plan->nic_move_count; i++)
        left += !plan->nic_moves[i].hardware_nic;
    bool only_one = only_one_is_left(planning, left);
    for (size_t i = 0; i < plan->nic_move_count; i++) {
        struct nic_move *move = &plan->nic_moves[i];
        const struct hardware_nic *nic = move->hardware_nic ? NULL : next_free(planning, left == 1);
        cleanup_free char *name = nic_words(move->guest_nic);
        if (nic && only_one)
            take(move, nic, "only one");
        else if (nic) {
            cleanup_free char *way_out = checked_printf("if that is the wrong network, say --nic %s=MAC.", old_of(move->guest_nic));
            take(move, nic, "order");
            planning_warn(planning, way_out, "the settings of %s go to the card %s by the order of the cards alone", name, nic->mac);
        } else if (!move->hardware_nic)
            planning_warn(planning, "give this machine another network card.", "no network card of this machine is left for %s: it will be without network", name);
    }
}

static void find_twins(struct planning *planning)
{
    for (size_t i = 0; i < planning->hardware->nic_count; i++)
        for (size_t j = i + 1; j < planning->hardware->nic_count; j++)
            if (mac_is(planning->hardware->nics[i].mac, planning->hardware->nics[j].mac))
                planning_block(planning, "give every network card a MAC of its own.", "two network cards of this machine have the MAC %s", planning->hardware->nics[i].mac);
}

/* VLANs and aliases live on a card of another name. */
static bool is_card(const struct guest_nic *nic)
{
    return !nic->name || (!strpbrk(nic->name, ".:") && !string_is(nic->name, "lo"));
}

void nics_match(struct planning *planning)
{
    const struct guest *guest = planning->guest;
    struct plan *plan = planning->plan;
    plan->nic_moves = checked_alloc((guest->nic_count + 1) * sizeof *plan->nic_moves);
    for (size_t i = 0; i < guest->nic_count; i++)
        if (is_card(&guest->nics[i]))
            plan->nic_moves[plan->nic_move_count++] = (struct nic_move){.guest_nic = &guest->nics[i]};
    find_twins(planning);
    for (size_t i = 0; i < planning->input->nic_choice_count; i++)
        match_choice(planning, &planning->input->nic_choices[i]);
    match_same_macs(planning);
    evidence_match(planning);
    match_rest(planning);
}
