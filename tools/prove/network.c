/* The network cards of this machine in the guest: driven by its kernel, and found by the names in its settings. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "../base/cleanup.h"
#include "../guest/boot/grub2_config.h"
#include "proving.h"

static const struct hardware_nic *nic_with_mac(const struct hardware *hardware, const char *mac)
{
    for (size_t i = 0; mac && i < hardware->nic_count; i++)
        if (string_is(hardware->nics[i].mac, mac))
            return &hardware->nics[i];
    return NULL;
}

/* Whether each of the guest's settings is bound to some other card: then this one may lack a driver. */
static bool is_spare(const struct proving *proving, const struct hardware_nic *nic)
{
    const struct guest *guest = proving->guest;
    for (size_t i = 0; i < guest->nic_count; i++) {
        const struct hardware_nic *bound = nic_with_mac(proving->hardware, guest->nics[i].mac);
        if (!bound || bound == nic)
            return false;
    }
    return guest->nic_count > 0;
}

static void judge_nic(const struct proving *proving, const struct hardware_nic *nic, struct strings *good, struct strings *bad)
{
    cleanup_free char *found = NULL, *lacking = NULL;
    bool served = drivers_serve(proving, &nic->modaliases, nic->driver, NULL, &found, &lacking);
    cleanup_free char *says = served ? checked_printf("%s by %s", nic->mac, found) : checked_printf("%s: %s", nic->mac, lacking);
    cleanup_free char *spare = checked_printf("%s not at all, but nothing in the guest uses it", nic->mac);
    if (served)
        strings_add(good, says);
    else if (is_spare(proving, nic))
        strings_add(good, spare);
    else
        strings_add(bad, says);
}

void prove_nic_drivers(const struct proving *proving, struct proof_link *link)
{
    cleanup_strings struct strings good = {0}, bad = {0};
    if (!proving->kernel || !proving->kernel->modules) {
        link_unknown(link, "the modules of the kernel that boots are not known");
        return;
    }
    for (size_t i = 0; i < proving->hardware->nic_count; i++)
        judge_nic(proving, &proving->hardware->nics[i], &good, &bad);
    cleanup_free char *good_text = strings_join(&good, "; "), *bad_text = strings_join(&bad, "; ");
    if (bad.count)
        link_broken(link, "install a kernel that has the driver, or give this machine a network card that the guest knows (e1000 is the most widely known)",
                    "kernel %s does not drive every network card of this machine: %s", proving->kernel->version, bad_text);
    else if (!good.count)
        link_unknown(link, "this machine has no network card");
    else
        link_holds(link, "driven by kernel %s: %s", proving->kernel->version, good_text);
}

/* "eth0" is a name that the kernel gives by itself, in the order in which it finds the cards. */
static bool is_kernel_name(const char *name, unsigned long *number)
{
    if (!string_starts(name, "eth") || !isdigit((unsigned char)name[3]))
        return false;
    char *end;
    *number = strtoul(name + 3, &end, 10);
    return !*end;
}

static bool kernel_names_stay(const struct guest *guest)
{
    cleanup_free char *off = guest->boot.default_arguments ? command_line_value(guest->boot.default_arguments, "net.ifnames") : NULL;
    return !guest->system.systemd || string_is(off, "0");
}

struct verdicts {
    struct strings good, bad, unknown;
};

static void judge_unbound(const struct proving *proving, const struct guest_nic *nic, struct verdicts *verdicts)
{
    if (!nic->name) {
        strings_add(&verdicts->bad, "settings that are bound to the slot or the driver of another card");
        return;
    }
    unsigned long number;
    cleanup_free char *pattern = checked_printf("%s (any card fits)", nic->name);
    cleanup_free char *kernel_name = checked_printf("%s (the kernel's own name)", nic->name);
    cleanup_free char *too_many = checked_printf("%s, but this machine has %zu network cards", nic->name, proving->hardware->nic_count);
    cleanup_free char *by_slot = checked_printf("%s, which nothing binds to a card: its slot in this machine decides", nic->name);
    bool is_pattern = strpbrk(nic->name, "*?[") != NULL;
    if (proving->hardware->nic_count == 0 || (is_kernel_name(nic->name, &number) && number >= proving->hardware->nic_count))
        strings_add(&verdicts->bad, too_many);
    else if (is_pattern)
        strings_add(&verdicts->good, pattern);
    else if (is_kernel_name(nic->name, &number) && kernel_names_stay(proving->guest))
        strings_add(&verdicts->good, kernel_name);
    else
        strings_add(&verdicts->unknown, by_slot);
}

static void judge_setting(const struct proving *proving, const struct guest_nic *nic, struct verdicts *verdicts)
{
    const char *name = nic->name ? nic->name : "settings without a name";
    const struct hardware_nic *bound = nic_with_mac(proving->hardware, nic->mac);
    cleanup_free char *good = checked_printf("%s is bound to %s", name, nic->mac ? nic->mac : "");
    cleanup_free char *bad = checked_printf("%s is bound to %s, which no network card of this machine has", name, nic->mac ? nic->mac : "");
    if (!nic->mac || nic->sets_mac)
        judge_unbound(proving, nic, verdicts);
    else
        strings_add(bound ? &verdicts->good : &verdicts->bad, bound ? good : bad);
}

/* Two settings for one card: the second never comes up. */
static void find_doubles(const struct guest *guest, struct strings *bad)
{
    for (size_t i = 0; i < guest->nic_count; i++)
        for (size_t j = 0; j < i; j++) {
            const struct guest_nic *a = &guest->nics[j], *b = &guest->nics[i];
            if (!string_is(a->mac, b->mac) || a->sets_mac || b->sets_mac)
                continue;
            cleanup_free char *both = checked_printf("%s and %s are bound to the same card %s", a->name ? a->name : "settings without a name",
                                                     b->name ? b->name : "settings without a name", a->mac);
            strings_add(bad, both);
        }
}

void prove_network(const struct proving *proving, struct proof_link *link)
{
    struct verdicts verdicts = {0};
    for (size_t i = 0; i < proving->guest->nic_count; i++)
        judge_setting(proving, &proving->guest->nics[i], &verdicts);
    find_doubles(proving->guest, &verdicts.bad);
    cleanup_free char *good = strings_join(&verdicts.good, "; "), *bad = strings_join(&verdicts.bad, "; "), *unknown = strings_join(&verdicts.unknown, "; ");
    if (verdicts.bad.count)
        link_broken(link, WAY_OUT_FIX ", with --nic OLD=MAC where the choice is yours", "the guest's network settings do not find their cards: %s", bad);
    else if (verdicts.unknown.count)
        link_unknown(link, "the guest's network settings speak of %s", unknown);
    else if (!verdicts.good.count)
        link_unknown(link, "the guest has no network settings that are read here");
    else
        link_holds(link, "%s", good);
    strings_free(&verdicts.good);
    strings_free(&verdicts.bad);
    strings_free(&verdicts.unknown);
}
