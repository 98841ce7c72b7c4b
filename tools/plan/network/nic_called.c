/* See nic_called.h. */
#include "nic_called.h"

#include <string.h>
#include <strings.h>

#include "../../base/cleanup.h"

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

bool mac_is(const char *a, const char *b)
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

struct nic_move *nic_move_called(struct plan *plan, const char *old, struct nic_move **twin)
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

const struct hardware_nic *nic_by_mac(const struct hardware *hardware, const char *mac)
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
