/* kudzu, which RHEL and its relatives up to 5 run at each start: it compares the hardware with /etc/sysconfig/hwconf. For a card that is gone it
 * renames ifcfg-eth0 to ifcfg-eth0.bak, and for one that is new it writes another one, with DHCP (kudzu.c: unconfigure, configure). Without that
 * file it takes this start for the first one, and then leaves cards alone whose driver modprobe.conf names already (isConfigured). */
#include <string.h>

#include "../../base/cleanup.h"
#include "../../base/root.h"
#include "../drivers.h"
#include "network.h"

#define KNOWN_HARDWARE "/etc/sysconfig/hwconf"
#define MODPROBE_CONF "/etc/modprobe.conf"

struct alias {
    const char *name, *driver;
    bool found;
};

/* "alias eth0 e1000" */
static void rewrite_alias(struct text *out, const char *line, size_t length, void *context)
{
    struct alias *alias = context;
    cleanup_free char *copy = checked_copy_bytes(line, length);
    char *rest = copy, *word = strsep(&rest, " \t"), *name = rest ? strsep(&rest, " \t") : NULL;
    bool is_its = string_is(word, "alias") && string_is(name, alias->name);
    if (is_its && !alias->found)
        text_printf(out, "alias %s %s", alias->name, alias->driver);
    else
        text_append_bytes(out, line, length);
    alias->found |= is_its;
}

static char *with_alias(const char *text, const char *name, const char *driver)
{
    struct alias alias = {.name = name, .driver = driver};
    cleanup_free char *better = text_rewrite_lines(text, rewrite_alias, &alias);
    size_t length = strlen(better);
    if (alias.found)
        return take_pointer(better);
    return checked_printf("%s%salias %s %s\n", better, length && better[length - 1] != '\n' ? "\n" : "", name, driver);
}

/* As the guest's kernel calls it; the caller's. NULL: it has none. */
static char *driver_of(const struct planning *planning, const struct hardware_nic *card)
{
    cleanup_strings struct strings card_alone = {0}, drivers = {0}, without = {0};
    if (!planning->kernel || !card->modaliases.count)
        return NULL;
    strings_add(&card_alone, card->modaliases.items[0]);
    drivers_of_chain(planning->kernel, &card_alone, card->driver, &drivers, &without);
    return drivers.count ? checked_copy(drivers.items[0]) : NULL;
}

static void set_alias(struct planning *planning, const struct nic_move *move)
{
    cleanup_free char *driver = driver_of(planning, move->hardware_nic), *text = planning_read(planning, MODPROBE_CONF);
    cleanup_free char *better = driver ? with_alias(text ? text : "", move->guest_nic->name, driver) : NULL;
    if (better)
        planning_write(planning, MODPROBE_CONF, better, "kudzu leaves a card alone whose driver is named here");
}

static bool knows(const char *hardware, const char *mac)
{
    cleanup_free char *line = checked_printf("network.hwaddr: %s", mac);
    return strcasestr(hardware, line) != NULL;
}

void network_keep_from_kudzu(struct planning *planning)
{
    const struct plan *plan = planning->plan;
    cleanup_free char *hardware = root_exists(planning->guest->root_fd, "/sbin/kudzu") ? planning_read(planning, KNOWN_HARDWARE) : NULL;
    bool is_other = false;
    for (size_t i = 0; hardware && i < plan->nic_move_count; i++)
        is_other |= plan->nic_moves[i].hardware_nic && !knows(hardware, plan->nic_moves[i].hardware_nic->mac);
    if (!is_other)
        return;
    planning_remove(planning, KNOWN_HARDWARE, "kudzu would put other settings in the place of those of cards that are gone; it writes the file anew");
    for (size_t i = 0; i < plan->nic_move_count; i++)
        if (plan->nic_moves[i].hardware_nic && plan->nic_moves[i].guest_nic->name)
            set_alias(planning, &plan->nic_moves[i]);
}
