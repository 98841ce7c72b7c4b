/* What a hypervisor's tools, a server maker's monitors and virus scanners leave in a guest. Tools of another hypervisor are told to
 * start there only, so that they are of use again if the server ever goes back; tools of this one are started. */
#include <string.h>

#include "../base/cleanup.h"
#include "../base/root.h"
#include "planning.h"
#include "start_scripts.h"

#define UNITS_MAX 8

static const struct hypervisor {
    const char *name;
    const char *dmi[3];    /* what the vendor or the product of such a machine says (DMI) */
    const char *condition; /* systemd.unit(5), ConditionVirtualization= */
    const char *units[UNITS_MAX];
} hypervisors[] = {
    {"VMware Tools", {"VMware"}, "vmware", {"vmtoolsd", "open-vm-tools", "vgauthd", "vmware-tools", "vmware-tools-thinprint", "run-vmblock-fuse.mount"}},
    {"VirtualBox Guest Additions", {"innotek", "VirtualBox"}, "oracle", {"vboxadd", "vboxadd-service", "vboxservice", "virtualbox-guest-utils"}},
    {"Hyper-V's services", {"Microsoft"}, "microsoft", {"hypervkvpd", "hypervvssd", "hypervfcopyd", "hv-kvp-daemon", "hv-vss-daemon", "hv_kvp_daemon", "hv_vss_daemon"}},
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

/* The unit's own text; NULL: not installed, or masked by the administrator. */
static char *unit_text(const struct planning *planning, const char *unit)
{
    static const char *const places[] = {"/etc/systemd/system", "/lib/systemd/system", "/usr/lib/systemd/system"};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        cleanup_free char *path = checked_printf("%s/%s", places[i], unit);
        cleanup_free char *link = root_readlink(planning->guest->root_fd, path);
        if (string_is(link, "/dev/null"))
            return NULL;
        char *text = planning_read(planning, path);
        if (text)
            return text;
    }
    return NULL;
}

/* A script of init.d, from which systemd makes a unit of the same name. */
static bool has_script(const struct planning *planning, const char *unit)
{
    cleanup_free char *script = checked_printf("/etc/init.d/%.*s", (int)strcspn(unit, "."), unit);
    return root_is_file(planning->guest->root_fd, script);
}

static void hold_unit(struct planning *planning, const struct hypervisor *hypervisor, const char *unit, struct strings *held)
{
    cleanup_free char *text = unit_text(planning, unit);
    if (text ? strstr(text, "ConditionVirtualization=") != NULL : !has_script(planning, unit)) /* the packages of most distributions have it */
        return;
    strings_add(held, unit);
    cleanup_free char *path = checked_printf("/etc/systemd/system/%s.d/90-rehost.conf", unit);
    cleanup_free char *content =
        checked_printf("# Written by rehost: on other machines there is nothing for it to do.\n[Unit]\nConditionVirtualization=%s\n", hypervisor->condition);
    cleanup_free char *why = checked_printf("%s start on their own hypervisor only", hypervisor->name);
    planning_write(planning, path, content, why);
}

/* sysvinit's script, and upstart's job: those of VMware Tools 8 to 10 on RHEL 6 are the latter. */
static void hold_script(struct planning *planning, const struct hypervisor *hypervisor, const char *name, struct strings *held)
{
    cleanup_free char *script_path = checked_printf("/etc/init.d/%s", name), *job_path = checked_printf("/etc/init/%s.conf", name);
    cleanup_free char *script = planning_read(planning, script_path), *job = planning_read(planning, job_path);
    cleanup_free char *new_script = script ? init_script_only_on(script, hypervisor->dmi, sizeof hypervisor->dmi / sizeof *hypervisor->dmi) : NULL;
    cleanup_free char *new_job = job ? upstart_job_not_started(job) : NULL;
    if (new_script) {
        cleanup_free char *why = checked_printf("%s start on their own hypervisor only", hypervisor->name);
        planning_write(planning, script_path, new_script, why);
    }
    if (new_job) {
        cleanup_free char *why = checked_printf("%s do not start", hypervisor->name);
        planning_write(planning, job_path, new_job, why);
    }
    if (new_script || new_job)
        strings_add(held, name);
    if ((script && !new_script) || (job && !new_job))
        planning_warn(planning, "take the package out after the move.", "%s (%s) are of no use on this machine, and still start", hypervisor->name,
                      job && !new_job ? job_path : script_path);
}

/* What is of no use here does not start here. */
static void hold(struct planning *planning, const struct hypervisor *hypervisor)
{
    cleanup_strings struct strings held = {0};
    for (size_t i = 0; i < UNITS_MAX && hypervisor->units[i]; i++) {
        const char *name = hypervisor->units[i];
        cleanup_free char *unit = strchr(name, '.') ? checked_copy(name) : checked_printf("%s.service", name);
        if (planning->guest->system.systemd)
            hold_unit(planning, hypervisor, unit, &held);
        else
            hold_script(planning, hypervisor, name, &held);
    }
    cleanup_free char *names = strings_join(&held, ", ");
    if (held.count)
        planning_note(planning, "%s (%s) are of no use on this machine, and do not start here", hypervisor->name, names);
}

/* What fits this machine and lies there unused starts. A target's drop-in wants it: a plain file, unlike the link that `systemctl
 * enable` makes, and so taken back like any other. What is started by a device (SYSTEMD_WANTS of a udev rule) says so and is left alone. */
static void start(struct planning *planning, const struct hypervisor *hypervisor)
{
    cleanup_strings struct strings started = {0};
    for (size_t i = 0; planning->guest->system.systemd && i < UNITS_MAX && hypervisor->units[i]; i++) {
        cleanup_free char *unit = checked_printf("%s.service", hypervisor->units[i]);
        cleanup_free char *text = unit_text(planning, unit);
        if (text && strstr(text, "[Install]") && !strstr(text, "BindsTo=") && !system_unit_is_enabled(planning->guest->root_fd, unit))
            strings_add(&started, unit);
    }
    if (!started.count)
        return;
    cleanup_free char *names = strings_join(&started, " ");
    cleanup_free char *content = checked_printf("# Written by rehost: this machine's hypervisor is the one that they are for.\n[Unit]\nWants=%s\n", names);
    planning_write(planning, "/etc/systemd/system/multi-user.target.d/90-rehost-agents.conf", content, "this machine's own tools start");
    planning_note(planning, "%s (%s) are installed and fit this machine: they start from now on", hypervisor->name, names);
}

void plan_agents(struct planning *planning)
{
    for (size_t i = 0; i < sizeof hypervisors / sizeof *hypervisors; i++)
        (is_here(planning, &hypervisors[i]) ? start : hold)(planning, &hypervisors[i]);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (root_exists(planning->guest->root_fd, others[i].path))
            planning_warn(planning, others[i].advice, "%s is installed (%s)", others[i].name, others[i].path);
}
