/* See evidence.h: the choice, from what was seen. */
#include "evidence.h"

#include <string.h>

#include "../../base/address.h"
#include "../../base/cleanup.h"
#include "../../hardware/wire.h"
#include "nic_called.h"
#include "readdress.h"

struct matching {
    struct planning *planning;
    struct readdressed after; /* what is to be found on the wires: the guest's interfaces as the job's changes of addresses leave them */
};

static const struct guest_nic *nic_of(const struct matching *matching, const struct nic_move *move)
{
    return &matching->after.nics[move->guest_nic - matching->planning->guest->nics];
}

static bool speaks_for(const struct wire_sight *sight, const struct guest_nic *nic)
{
    for (size_t i = 0; i < nic->network_count; i++)
        if (nic->networks[i].vlan == sight->vlan && (sight->kind == WIRE_TAGGED || address_text_is_in(sight->address, nic->networks[i].address)))
            return true;
    for (size_t i = 0; sight->kind == WIRE_OFFERED && strchr(sight->address, '/') && i < nic->leases.count; i++)
        if (address_text_is_in(nic->leases.items[i], sight->address))
            return true;
    return false;
}

const struct wire_sight *evidence_for(const struct guest_nic *nic, const struct hardware_nic *card)
{
    static const unsigned worth[WIRE_KINDS] = {[WIRE_ANSWERED] = 5, [WIRE_OFFERED] = 4, [WIRE_ROUTED] = 3, [WIRE_SPOKE] = 2, [WIRE_TAGGED] = 1};
    const struct wire_sight *best = NULL;
    for (size_t i = 0; i < card->sight_count; i++)
        if ((!best || worth[card->sights[i].kind] > worth[best->kind]) && speaks_for(&card->sights[i], nic))
            best = &card->sights[i];
    return best;
}

/* Every network of the one is one of the other. */
static bool is_within(const struct guest_nic *nic, const struct guest_nic *other)
{
    for (size_t i = 0; i < nic->network_count; i++) {
        bool found = false;
        for (size_t j = 0; j < other->network_count && !found; j++) {
            struct address a, b;
            found = nic->networks[i].vlan == other->networks[j].vlan && address_parse(nic->networks[i].address, &a) &&
                    address_parse(other->networks[j].address, &b) && a.bits == b.bits && address_is_in(&a, &b);
        }
        if (!found)
            return false;
    }
    return nic->network_count > 0;
}

/* The cards of a bond are in the same networks: which of them is which is all the same. */
static bool are_twins(const struct guest_nic *a, const struct guest_nic *b)
{
    return a == b || (is_within(a, b) && is_within(b, a));
}

/* The first interface without a card that the card's wire speaks for; NULL when there is none, or when it speaks for others too that are no twins of
 * it: `*contradicts` then. */
static const struct guest_nic *spoken_for(const struct matching *matching, const struct hardware_nic *card, bool *contradicts)
{
    const struct plan *plan = matching->planning->plan;
    const struct guest_nic *first = NULL;
    *contradicts = false;
    for (size_t i = 0; i < plan->nic_move_count; i++) {
        const struct guest_nic *nic = nic_of(matching, &plan->nic_moves[i]);
        if (plan->nic_moves[i].hardware_nic || !evidence_for(nic, card))
            continue;
        *contradicts |= first && !are_twins(first, nic);
        first = first ? first : nic;
    }
    return *contradicts ? NULL : first;
}

/* "eth0 (10.1.0.77/24): 10.1.0.1 answers"; the caller's. */
static char *sight_words(const struct nic_move *move, const struct wire_sight *sight)
{
    cleanup_free char *name = nic_words(move->guest_nic), *says = wire_sight_words(sight);
    return checked_printf("%s: %s", name, says);
}

static void warn_of_contradiction(const struct matching *matching, const struct hardware_nic *card)
{
    const struct plan *plan = matching->planning->plan;
    cleanup_strings struct strings all = {0};
    for (size_t i = 0; i < plan->nic_move_count; i++) {
        const struct nic_move *move = &plan->nic_moves[i];
        const struct wire_sight *sight = move->hardware_nic ? NULL : evidence_for(nic_of(matching, move), card);
        cleanup_free char *line = sight ? sight_words(move, sight) : NULL;
        if (line)
            strings_add(&all, line);
    }
    cleanup_free char *joined = strings_join(&all, "; ");
    planning_warn(matching->planning, "say --nic OLD=MAC for these (map=OLD=MAC in a job).",
                  "what was seen on the wire of the card %s speaks for more than one interface: %s", card->mac, joined);
}

/* The cards whose wires speak for this interface and its twins, and for no other; as many as `into` holds, the number of all. */
static size_t cards_for(const struct matching *matching, const struct guest_nic *nic, const struct hardware_nic **into)
{
    const struct planning *planning = matching->planning;
    size_t count = 0;
    for (size_t i = 0; i < planning->hardware->nic_count; i++) {
        const struct hardware_nic *card = &planning->hardware->nics[i];
        bool contradicts;
        const struct guest_nic *meant = nic_is_taken(planning->plan, card) ? NULL : spoken_for(matching, card, &contradicts);
        if (meant && are_twins(meant, nic))
            into[count++] = card;
    }
    return count;
}

/* One interface, and its twins that come later in the list. Whether a card was given. */
static bool match_class(const struct matching *matching, size_t first)
{
    struct planning *planning = matching->planning;
    struct plan *plan = planning->plan;
    cleanup_free const struct hardware_nic **cards = checked_alloc((planning->hardware->nic_count + 1) * sizeof *cards);
    const struct guest_nic *nic = nic_of(matching, &plan->nic_moves[first]);
    size_t count = cards_for(matching, nic, cards), twins = 0, given = 0;
    for (size_t i = first; i < plan->nic_move_count; i++)
        twins += !plan->nic_moves[i].hardware_nic && are_twins(nic, nic_of(matching, &plan->nic_moves[i]));
    for (size_t i = first; i < plan->nic_move_count && given < count; i++) {
        struct nic_move *move = &plan->nic_moves[i];
        if (move->hardware_nic || !are_twins(nic, nic_of(matching, move)))
            continue;
        move->hardware_nic = cards[given++];
        move->by = count > twins ? "order" : "evidence";
        move->why = wire_sight_words(evidence_for(nic_of(matching, move), move->hardware_nic));
    }
    if (count <= twins)
        return given > 0;
    cleanup_free char *name = nic_words(plan->nic_moves[first].guest_nic);
    planning_warn(planning, "if it is to be another of them, say --nic OLD=MAC (map=OLD=MAC in a job).",
                  "%zu cards of this machine are in the network of %s: the first of them, %s, is taken", count, name, cards[0]->mac);
    return true;
}

/* More than a tag, which a trunk has for everybody. */
static bool is_telling(const struct wire_sight *sight)
{
    return sight && sight->kind != WIRE_TAGGED;
}

/* Whose network the card's wire speaks for; NULL: nobody's. The caller's. */
static char *heard_on(const struct matching *matching, const struct hardware_nic *card)
{
    const struct plan *plan = matching->planning->plan;
    for (size_t i = 0; i < plan->nic_move_count; i++) {
        const struct wire_sight *sight = evidence_for(nic_of(matching, &plan->nic_moves[i]), card);
        cleanup_free char *words = is_telling(sight) ? sight_words(&plan->nic_moves[i], sight) : NULL;
        if (words)
            return checked_printf("on the wire of that card is the network of %s", words);
    }
    return NULL;
}

/* Which card's wire speaks for the interface; NULL: none does. The caller's. */
static char *heard_elsewhere(const struct matching *matching, const struct guest_nic *nic)
{
    const struct hardware *hardware = matching->planning->hardware;
    for (size_t i = 0; i < hardware->nic_count; i++) {
        const struct wire_sight *sight = evidence_for(nic, &hardware->nics[i]);
        cleanup_free char *words = is_telling(sight) ? wire_sight_words(sight) : NULL;
        if (words)
            return checked_printf("its own network is on the wire of the card %s: %s", hardware->nics[i].mac, words);
    }
    return NULL;
}

/* The job's word counts, but who typed a MAC may have typed the wrong one. A cable on which nothing was heard says nothing against it. */
static void doubt_choice(const struct matching *matching, const struct nic_move *move)
{
    const struct hardware_nic *card = move->hardware_nic;
    if (evidence_for(nic_of(matching, move), card))
        return;
    bool is_silent = card->link != 0 && !card->sight_count;
    cleanup_free char *here = heard_on(matching, card), *there = is_silent ? NULL : heard_elsewhere(matching, nic_of(matching, move));
    cleanup_free char *name = nic_words(move->guest_nic);
    if (here || there)
        planning_warn(matching->planning, "see whether map=OLD=MAC of the job (--nic OLD=MAC) names the right card.", "the job gives %s the card %s, but %s%s%s", name, card->mac,
                      here ? here : "", here && there ? "; " : "", there ? there : "");
}

/* What one card decides leaves less to be in doubt for the next. */
void evidence_match(struct planning *planning)
{
    cleanup_readdressed struct readdressed after;
    readdress_nics(planning->guest, planning->input->address_changes, &after);
    const struct matching matching = {planning, after};
    const struct plan *plan = planning->plan;
    bool goes_on;
    do {
        goes_on = false;
        for (size_t i = 0; i < plan->nic_move_count; i++)
            goes_on |= !plan->nic_moves[i].hardware_nic && match_class(&matching, i);
    } while (goes_on);
    for (size_t i = 0; i < planning->hardware->nic_count; i++) {
        const struct hardware_nic *card = &planning->hardware->nics[i];
        bool contradicts = false;
        if (!nic_is_taken(plan, card))
            spoken_for(&matching, card, &contradicts);
        if (contradicts)
            warn_of_contradiction(&matching, card);
    }
    for (size_t i = 0; i < plan->nic_move_count; i++)
        if (string_is(plan->nic_moves[i].by, "job") && plan->nic_moves[i].hardware_nic->listened)
            doubt_choice(&matching, &plan->nic_moves[i]);
}
