/* See wire.h: what was seen, kept and in words. */
#include "../base/cleanup.h"
#include "wire.h"

#define SIGHTS_MAX 512 /* of one card: a network with more neighbours is known by then */

const char *wire_kind_name(enum wire_kind kind)
{
    static const char *const names[WIRE_KINDS] = {"spoke", "answered", "offered", "routed", "tagged"};
    return names[kind];
}

bool wire_add_sight(struct hardware_nic *nic, const struct wire_sight *sight)
{
    for (size_t i = 0; i < nic->sight_count; i++) {
        const struct wire_sight *known = &nic->sights[i];
        if (known->kind == sight->kind && known->vlan == sight->vlan && string_is(known->address, sight->address))
            return true;
    }
    if (nic->sight_count == SIGHTS_MAX)
        return false;
    nic->sights = checked_grow(nic->sights, nic->sight_count + 1, sizeof *nic->sights);
    nic->sights[nic->sight_count++] = *sight;
    return true;
}

char *wire_sight_words(const struct wire_sight *sight)
{
    static const struct {
        const char *before, *after;
    } words[WIRE_KINDS] = {
        [WIRE_SPOKE] = {"", " speaks"},
        [WIRE_ANSWERED] = {"", " answers"},
        [WIRE_OFFERED] = {"DHCP offers ", ""},
        [WIRE_ROUTED] = {"a router announces ", ""},
        [WIRE_TAGGED] = {"there are frames", ""},
    };
    cleanup_free char *tag = sight->vlan ? checked_printf(" in VLAN %u", sight->vlan) : checked_copy("");
    return checked_printf("%s%s%s%s", words[sight->kind].before, sight->address, words[sight->kind].after, tag);
}
