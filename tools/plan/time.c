/* Clocks of virtual machines drift, and a new machine's clock may be wrong to begin with: does anything in the guest set it? */
#include <string.h>

#include "../base/cleanup.h"
#include "../base/root.h"
#include "planning.h"

static const char *const services[] = {"chrony", "chronyd", "ntp", "ntpd", "ntpsec", "openntpd", "systemd-timesyncd"};

static bool is_wanted_in(const struct planning *planning, const char *directory, const char *service)
{
    cleanup_free char *unit = checked_printf("%s/%s.service", directory, service);
    cleanup_free char *link = root_readlink(planning->guest->root_fd, unit);
    return link != NULL;
}

/* systemd starts what a target wants, sysvinit what a link S20ntp names, OpenRC what stands in runlevels. */
static bool is_started(const struct planning *planning, const char *service)
{
    static const char *const wants[] = {"/etc/systemd/system/multi-user.target.wants", "/etc/systemd/system/sysinit.target.wants"};
    static const char *const levels[] = {"/etc/rc2.d", "/etc/rc3.d", "/etc/rc.d/rc3.d", "/etc/init.d/rc3.d", "/etc/runlevels/default"};
    for (size_t i = 0; i < sizeof wants / sizeof *wants; i++)
        if (is_wanted_in(planning, wants[i], service))
            return true;
    for (size_t i = 0; i < sizeof levels / sizeof *levels; i++) {
        cleanup_strings struct strings names = {0};
        root_list(planning->guest->root_fd, levels[i], &names);
        for (size_t j = 0; j < names.count; j++) {
            const char *name = names.items[j];
            if (*name == 'S' && name[1] >= '0' && name[1] <= '9')
                name += strspn(name + 1, "0123456789") + 1;
            if (string_is(name, service))
                return true;
        }
    }
    return false;
}

static bool sets_its_clock(const struct planning *planning)
{
    for (size_t i = 0; i < sizeof services / sizeof *services; i++)
        if (is_started(planning, services[i]))
            return true;
    return false;
}

/* adjtime(5): the third line says how the hardware clock is read. */
static bool clock_is_local(const struct planning *planning)
{
    cleanup_free char *text = planning_read(planning, "/etc/adjtime");
    return text && strstr(text, "\nLOCAL");
}

void plan_time(struct planning *planning)
{
    if (clock_is_local(planning))
        planning_warn(planning, "give the new machine a clock in local time, or run `hwclock --systohc --utc` after the move.",
                      "the guest takes its hardware clock for local time (/etc/adjtime); where this machine's runs in UTC, the time will be wrong by the time zone");
    if (!sets_its_clock(planning))
        planning_note(planning, "nothing in the guest is seen to set its clock by the network (chrony, ntpd, systemd-timesyncd)");
}
