/* Clocks of virtual machines drift, and a new machine's clock may be wrong to begin with: does anything in the guest set it? */
#include <string.h>

#include "../base/cleanup.h"
#include "services.h"

static const char *const services[] = {"chrony", "chronyd", "ntp", "ntpd", "ntpsec", "openntpd", "systemd-timesyncd"};
#define SERVICES (sizeof services / sizeof *services)

static bool sets_its_clock(const struct planning *planning)
{
    for (size_t i = 0; i < SERVICES; i++)
        if (service_is_started(planning, services[i]))
            return true;
    return false;
}

/* One that is installed, and that nobody has masked. timesyncd comes last: it is part of systemd on many systems, and the others were chosen. */
static const char *installed_service(const struct planning *planning)
{
    for (size_t i = 0; i < SERVICES; i++) {
        cleanup_free char *unit = checked_printf("%s.service", services[i]);
        cleanup_free char *text = planning->guest->system.systemd ? service_unit_text(planning, unit) : NULL;
        if (text ? strstr(text, "[Install]") != NULL : !planning->guest->system.systemd && service_has_script(planning, services[i]))
            return services[i];
    }
    return NULL;
}

/* Its hypervisor's tools may have set the clock of the old machine (VMware Tools, Hyper-V's, Xen's wall clock), and nothing does so here. */
static void let_clock_be_set(struct planning *planning)
{
    const char *service = installed_service(planning);
    cleanup_free char *unit = checked_printf("%s.service", service ? service : "");
    if (!service)
        planning_note(planning, "nothing in the guest is seen to set its clock by the network (chrony, ntpd, systemd-timesyncd)");
    else if (!planning->guest->system.systemd)
        planning_warn(planning, "let it start with the machine (chkconfig, insserv or update-rc.d does that).",
                      "nothing in the guest is seen to set its clock by the network; %s is installed for that, and does not start", service);
    else {
        service_start(planning, "time", unit, "nothing else sets the clock, and that of a virtual machine drifts.", "something sets the clock by the network");
        planning_note(planning, "nothing in the guest was seen to set its clock by the network; %s is installed for that, and starts from now on", service);
    }
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
        let_clock_be_set(planning);
}
