/* What a hypervisor's tools, a server maker's monitors and virus scanners leave in a guest. Tools of another hypervisor are told to
 * start there only, so that they are of use again if the server ever goes back. */
#include <string.h>

#include "../base/cleanup.h"
#include "../base/root.h"
#include "planning.h"

static const struct hypervisor {
    const char *name;
    const char *dmi[3];    /* what the vendor or the product of such a machine says (DMI) */
    const char *condition; /* systemd.unit(5), ConditionVirtualization= */
    const char *units[8];
} hypervisors[] = {
    {"VMware Tools", {"VMware"}, "vmware", {"vmtoolsd", "open-vm-tools", "vgauthd", "vmware-tools", "vmware-tools-thinprint", "run-vmblock-fuse.mount"}},
    {"VirtualBox Guest Additions", {"innotek", "VirtualBox"}, "oracle", {"vboxadd", "vboxadd-service", "vboxservice", "virtualbox-guest-utils"}},
    {"Hyper-V's services", {"Microsoft"}, "microsoft", {"hypervkvpd", "hypervvssd", "hypervfcopyd", "hv-kvp-daemon", "hv-vss-daemon", "hv-fcopy-daemon"}},
    {"XenServer's guest utilities", {"Xen", "HVM domU"}, "xen", {"xe-linux-distribution", "xe-daemon", "xenstored"}},
    {"Parallels Tools", {"Parallels"}, "parallels", {"prltoolsd", "prl-x11"}},
};

/* Programs that are known to bring kernel modules of their own, or that want the old machine's hardware. They are left as they are. */
static const struct {
    const char *path, *name, *advice;
} others[] = {
    {"/opt/ds_agent", "Trend Micro Deep Security", "look at its state after the move; its kernel module must fit the kernel."},
    {"/opt/sophos-av", "Sophos Anti-Virus", "look at its state after the move; its kernel module must fit the kernel."},
    {"/opt/isec", "McAfee Endpoint Security", "look at its state after the move; its kernel module must fit the kernel."},
    {"/opt/CrowdStrike", "CrowdStrike Falcon", "look at its state after the move; it may take the server for a new one."},
    {"/opt/hp/hp-health", "HP's health monitor", "take it out after the move; it watches hardware that stays behind."},
    {"/opt/dell/srvadmin", "Dell OpenManage", "take it out after the move; it watches hardware that stays behind."},
    {"/opt/MegaRAID", "the MegaRAID Storage Manager", "take it out after the move; it watches hardware that stays behind."},
    {"/usr/sbin/aksusbd", "the driver of HASP licence dongles", "give the new machine the dongle, or a licence server."},
};

static bool is_here(const struct planning *planning, const struct hypervisor *hypervisor)
{
    const struct hardware *hardware = planning->hardware;
    for (size_t i = 0; i < 3 && hypervisor->dmi[i]; i++)
        if ((hardware->vendor && strstr(hardware->vendor, hypervisor->dmi[i])) || (hardware->product && strstr(hardware->product, hypervisor->dmi[i])))
            return true;
    return false;
}

/* The unit's own text, or "" for a script of init.d, from which systemd makes a unit of the same name; NULL: not installed. */
static char *unit_text(const struct planning *planning, const char *unit)
{
    static const char *const places[] = {"/etc/systemd/system/%s", "/lib/systemd/system/%s", "/usr/lib/systemd/system/%s"};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        cleanup_free char *path = checked_printf("%.*s%s", (int)(strlen(places[i]) - 2), places[i], unit);
        char *text = planning_read(planning, path);
        if (text)
            return text;
    }
    cleanup_free char *script = checked_printf("/etc/init.d/%.*s", (int)strcspn(unit, "."), unit);
    return root_is_file(planning->guest->root_fd, script) ? checked_copy("") : NULL;
}

/* Adds the unit's name to `found` when it is there and would start on any machine. */
static void plan_unit(struct planning *planning, const struct hypervisor *hypervisor, const char *name, struct strings *found)
{
    cleanup_free char *unit = strchr(name, '.') ? checked_copy(name) : checked_printf("%s.service", name);
    cleanup_free char *text = unit_text(planning, unit);
    if (!text || strstr(text, "ConditionVirtualization=")) /* the packages of most distributions have it */
        return;
    strings_add(found, unit);
    cleanup_free char *path = checked_printf("/etc/systemd/system/%s.d/90-rehost.conf", unit);
    cleanup_free char *content =
        checked_printf("# Written by rehost: on other machines there is nothing for it to do.\n[Unit]\nConditionVirtualization=%s\n", hypervisor->condition);
    cleanup_free char *why = checked_printf("%s start on their own hypervisor only", hypervisor->name);
    if (planning->guest->system.systemd)
        planning_write(planning, path, content, why);
}

static void plan_hypervisor(struct planning *planning, const struct hypervisor *hypervisor)
{
    cleanup_strings struct strings found = {0};
    for (size_t i = 0; i < 8 && hypervisor->units[i]; i++)
        plan_unit(planning, hypervisor, hypervisor->units[i], &found);
    cleanup_free char *names = strings_join(&found, ", ");
    if (found.count && planning->guest->system.systemd)
        planning_note(planning, "%s (%s) are of no use on this machine, and start no more; they do again on their own hypervisor", hypervisor->name, names);
    else if (found.count)
        planning_warn(planning, "take the package out after the move.", "%s (%s) are of no use on this machine, and still start", hypervisor->name, names);
}

void plan_agents(struct planning *planning)
{
    for (size_t i = 0; i < sizeof hypervisors / sizeof *hypervisors; i++)
        if (!is_here(planning, &hypervisors[i]))
            plan_hypervisor(planning, &hypervisors[i]);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (root_exists(planning->guest->root_fd, others[i].path))
            planning_warn(planning, others[i].advice, "%s is installed (%s)", others[i].name, others[i].path);
}
