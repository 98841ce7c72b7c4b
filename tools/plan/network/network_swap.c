/* eth0, eth1, … are the names that the kernel itself gives, in the order in which it finds the cards. A card that is to have another one
 * than it got finds it taken, by a card that waits for a third: and udev, since systemd 209, does not wait. Renaming the interfaces in
 * the settings instead would break every firewall rule and script that speaks of eth1. So udev gives each card a name that nobody else
 * wants, and then, when no name of the kernel's kind is in use any more, iproute2 gives the wanted ones: all of them, after each card's event,
 * so that whichever is the last one finds all names free. What fails before that is tried again by the next. */
#include <ctype.h>
#include <string.h>

#include "../../base/cleanup.h"
#include "../../base/root.h"
#include "network.h"

/* After all that give names (70-persistent-net.rules, RHEL's 60-net.rules), and before 80-net-setup-link.rules, which gives none where
 * there is one already. */
#define TEMPORARY_RULES "/etc/udev/rules.d/79-rehost-names.rules"
#define RENAMING_RULES "/etc/udev/rules.d/82-rehost-names.rules"
#define NAMES_FILE "/etc/udev/rehost-names"
#define IFUPDOWN_HOTPLUG "/lib/udev/ifupdown-hotplug"

/* The number of a name of the kernel's own kind, or -1. */
static long kernel_number(const char *name)
{
    if (!name || !string_starts(name, "eth") || !isdigit((unsigned char)name[3]))
        return -1;
    char *end;
    long number = strtol(name + 3, &end, 10);
    return *end || number > 999 ? -1 : number;
}

static const struct nic_move *move_to(const struct plan *plan, const struct hardware_nic *nic)
{
    for (size_t i = 0; i < plan->nic_move_count; i++)
        if (plan->nic_moves[i].hardware_nic == nic)
            return &plan->nic_moves[i];
    return NULL;
}

/* The cards are taken to be found in the same order here and there: a guess, and when it fails a card has another name than its own
 * for once. One that has been told apart stays so. */
static bool some_name_is_taken(const struct planning *planning)
{
    for (size_t i = 0; i < planning->hardware->nic_count; i++) {
        const struct nic_move *move = move_to(planning->plan, &planning->hardware->nics[i]);
        long number = move ? kernel_number(move->guest_nic->name) : -1;
        if (number >= 0 && (size_t)number != i && (size_t)number < planning->hardware->nic_count)
            return true;
    }
    return false;
}

static const char *ip_of(const struct guest *guest)
{
    static const char *const places[] = {"/sbin/ip", "/usr/sbin/ip", "/bin/ip", "/usr/bin/ip"};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        if (root_exists(guest->root_fd, places[i]))
            return places[i];
    return NULL;
}

static const char *sysctl_of(const struct guest *guest)
{
    static const char *const places[] = {"/lib/systemd/systemd-sysctl", "/usr/lib/systemd/systemd-sysctl"};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        if (root_is_file(guest->root_fd, places[i]))
            return places[i];
    return NULL;
}

bool network_swaps_names(const struct planning *planning)
{
    const struct guest *guest = planning->guest;
    return network_has_udev(guest) && !network_udev_waits_for_names(guest) && some_name_is_taken(planning) && ip_of(guest);
}

static bool is_wanted(const struct plan *plan, long number)
{
    for (size_t i = 0; i < plan->nic_move_count; i++)
        if (plan->nic_moves[i].hardware_nic && kernel_number(plan->nic_moves[i].guest_nic->name) == number)
            return true;
    return false;
}

/* A card without settings must give its name up as well, and gets the next one that nobody wants. */
static char *name_for(const struct planning *planning, size_t card, long *next_free)
{
    const struct nic_move *move = move_to(planning->plan, &planning->hardware->nics[card]);
    if (move && kernel_number(move->guest_nic->name) >= 0)
        return checked_copy(move->guest_nic->name);
    if (move)
        return NULL; /* named otherwise, and out of the way */
    while (is_wanted(planning->plan, *next_free))
        ++*next_free;
    return checked_printf("eth%ld", (*next_free)++);
}

/* What others do when a card is added they have done for its temporary name: systemd applies settings like net.ipv4.conf.eth1.forwarding
 * (99-systemd.rules), ifupdown brings up what it is allowed to (Debian's 80-ifupdown.rules). */
static void append_follow_ups(const struct guest *guest, struct text *renaming)
{
    const char *sysctl = sysctl_of(guest);
    if (sysctl)
        text_printf(renaming,
                    "SUBSYSTEM==\"net\", ACTION==\"move\", KERNEL==\"eth*\", RUN+=\"%s --prefix=/net/ipv4/conf/$name --prefix=/net/ipv4/neigh/$name "
                    "--prefix=/net/ipv6/conf/$name --prefix=/net/ipv6/neigh/$name\"\n",
                    sysctl);
    if (root_is_file(guest->root_fd, IFUPDOWN_HOTPLUG))
        text_append(renaming, "SUBSYSTEM==\"net\", ACTION==\"move\", KERNEL==\"eth*\", RUN+=\"/usr/bin/env ACTION=add " IFUPDOWN_HOTPLUG "\"\n");
}

static void write_swap(struct planning *planning)
{
    cleanup_text struct text rules = {0}, names = {0};
    long next_free = 0;
    text_append(&rules, "# Written by rehost: names that nobody wants; " RENAMING_RULES " gives the right ones.\n");
    for (size_t i = 0; i < planning->hardware->nic_count; i++) {
        cleanup_free char *name = name_for(planning, i, &next_free);
        if (!name)
            continue;
        text_printf(&rules, "SUBSYSTEM==\"net\", ACTION==\"add\", DRIVERS==\"?*\", ATTR{address}==\"%s\", NAME=\"rehost%zu\"\n",
                    planning->hardware->nics[i].mac, i);
        text_printf(&names, "link set dev rehost%zu name %s\n", i, name);
    }
    cleanup_text struct text renaming = {0};
    text_append(&renaming, "# Written by rehost: see " TEMPORARY_RULES ". What fails for one card is done after the next one.\n");
    text_printf(&renaming, "SUBSYSTEM==\"net\", ACTION==\"add\", DRIVERS==\"?*\", RUN+=\"%s -force -batch " NAMES_FILE "\"\n", ip_of(planning->guest));
    append_follow_ups(planning->guest, &renaming);
    static const char why[] = "the cards exchange names of the kernel's own kind, which this guest's udev cannot do by itself";
    planning_write(planning, NAMES_FILE, names.data, why);
    planning_write(planning, RENAMING_RULES, renaming.data, why);
    if (planning_write(planning, TEMPORARY_RULES, rules.data, why))
        planning->initrd_is_stale = true;
}

static void warn_of_names(struct planning *planning)
{
    planning_warn(planning,
                  "give eth0 the card that stands first in `rehost hardware`, and so on; or install udev and iproute2 on the source; or rename the "
                  "interfaces there (lan0, wan0).",
                  "the cards have to exchange names of the kernel's own kind (eth0, eth1), and nothing in this guest can do that");
}

/* Of an earlier move. */
static void forget_swap(struct planning *planning)
{
    static const char *const files[] = {NAMES_FILE, RENAMING_RULES, TEMPORARY_RULES};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        planning_remove(planning, files[i], "the cards have their names without it now");
}

void network_swap_names(struct planning *planning)
{
    const struct guest *guest = planning->guest;
    if (network_swaps_names(planning)) {
        write_swap(planning);
        return;
    }
    forget_swap(planning);
    if (some_name_is_taken(planning) && (!network_has_udev(guest) || !network_udev_waits_for_names(guest)))
        warn_of_names(planning);
}
