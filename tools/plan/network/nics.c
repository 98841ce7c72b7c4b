/* See nics.h. */
#include "nics.h"

#include <string.h>
#include <strings.h>

#include "../../base/cleanup.h"
#include "evidence.h"

int nic_choice_parse(const char *argument, struct nic_choice *choice)
{
    const char *equals = strrchr(argument, '=');
    if (!equals || equals == argument || strlen(equals + 1) != 17)
        return -1;
    for (int i = 0; i < 17; i++)
        if (i % 3 == 2 ? equals[1 + i] != ':' : !strchr("0123456789abcdefABCDEF", equals[1 + i]))
            return -1;
    choice->old = checked_copy_bytes(argument, (size_t)(equals - argument));
    choice->mac = checked_copy(equals + 1);
    return 0;
}

static bool mac_is(const char *a, const char *b)
{
    return a && b && strcasecmp(a, b) == 0;
}

/* "10.0.2.77" names the setting "10.0.2.77/24", and "10.0.2.77/24 on br0". */
static bool has_address(const struct strings *addresses, const char *address)
{
    size_t length = strcspn(address, "/");
    for (size_t i = 0; i < addresses->count; i++)
        if (strcspn(addresses->items[i], "/ ") == length && strncasecmp(addresses->items[i], address, length) == 0 && !string_is(address, "dhcp"))
            return true;
    return false;
}

#define WAYS 4
/* By name or MAC, then by an address of its own, by what a DHCP server gave it last, by an address of a bridge or VLAN on it. */
static bool is_meant(const struct guest_nic *nic, const char *old, unsigned way)
{
    switch (way) {
    case 0:
        return string_is(nic->name, old) || mac_is(nic->mac, old);
    case 1:
        return has_address(&nic->addresses, old);
    case 2:
        return has_address(&nic->leases, old);
    default:
        return has_address(&nic->carries, old);
    }
}

bool nic_is_called(const struct guest_nic *nic, const char *old)
{
    for (unsigned way = 0; way < WAYS; way++)
        if (is_meant(nic, old, way))
            return true;
    return false;
}

/* `*twin`: another one that is meant as well, as both cards of a bond have its address. */
static struct nic_move *move_by_old(struct plan *plan, const char *old, struct nic_move **twin)
{
    struct nic_move *found = NULL;
    *twin = NULL;
    for (unsigned way = 0; way < WAYS && !found; way++)
        for (size_t i = 0; i < plan->nic_move_count; i++)
            if (is_meant(plan->nic_moves[i].guest_nic, old, way)) {
                *twin = found;
                found = found ? found : &plan->nic_moves[i];
            }
    return found;
}

static const struct hardware_nic *nic_by_mac(const struct hardware *hardware, const char *mac)
{
    for (size_t i = 0; i < hardware->nic_count; i++)
        if (mac_is(hardware->nics[i].mac, mac))
            return &hardware->nics[i];
    return NULL;
}

bool nic_is_taken(const struct plan *plan, const struct hardware_nic *nic)
{
    for (size_t i = 0; i < plan->nic_move_count; i++)
        if (plan->nic_moves[i].hardware_nic == nic)
            return true;
    return false;
}

static void take(struct nic_move *move, const struct hardware_nic *nic, const char *by)
{
    move->hardware_nic = nic;
    move->by = by;
}

static void match_choice(struct planning *planning, const struct nic_choice *choice)
{
    struct nic_move *twin, *move = move_by_old(planning->plan, choice->old, &twin);
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
        const struct hardware_nic *nic = move->guest_nic->mac ? nic_by_mac(planning->hardware, move->guest_nic->mac) : NULL;
        if (!move->hardware_nic && nic && !nic_is_taken(planning->plan, nic))
            take(move, nic, "same MAC");
    }
}

/* The next card that is free; one with a cable in it before the others when only one interface is left to serve, or when all cables
 * were looked at. */
static const struct hardware_nic *next_free(const struct planning *planning, bool only_one_left)
{
    const struct hardware_nic *first = NULL;
    for (size_t i = 0; i < planning->hardware->nic_count; i++) {
        const struct hardware_nic *nic = &planning->hardware->nics[i];
        if (nic_is_taken(planning->plan, nic))
            continue;
        if (nic->link == 1 || !(only_one_left || nic->listened))
            return nic;
        first = first ? first : nic;
    }
    return first;
}

char *nic_words(const struct guest_nic *nic)
{
    const struct strings *known[] = {&nic->addresses, &nic->leases, &nic->carries};
    cleanup_strings struct strings all = {0};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        for (size_t j = 0; j < known[i]->count; j++)
            strings_add_new(&all, known[i]->items[j]);
    cleanup_free char *says = strings_join(&all, ", ");
    const char *name = nic->name ? nic->name : nic->mac ? nic->mac : nic->id ? nic->id : "an interface";
    return checked_printf("%s%s%s%s", name, *says ? " (" : "", says, *says ? ")" : "");
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
