/* What a hypervisor's tools, a server maker's monitors and virus scanners leave in a guest. Tools of another hypervisor are told to
 * start there only, so that they are of use again if the server ever goes back; tools of this one are started. */
#include <string.h>

#include "../base/cleanup.h"
#include "../base/root.h"
#include "planning.h"
#include "services.h"
#include "start_scripts.h"

#define UNITS_MAX 8
#define WORDS_MAX 8

static const struct hypervisor {
    const char *name;
    const char *dmi[WORDS_MAX]; /* what the vendor or the product of such a machine says (DMI) */
    const char *condition; /* systemd.unit(5), ConditionVirtualization= */
    const char *units[UNITS_MAX];
} hypervisors[] = {
    {"VMware Tools", {"VMware"}, "vmware", {"vmtoolsd", "open-vm-tools", "vgauthd", "vmware-tools", "vmware-tools-thinprint", "run-vmblock-fuse.mount"}},
    {"VirtualBox Guest Additions", {"innotek", "VirtualBox"}, "oracle", {"vboxadd", "vboxadd-service", "vboxservice", "virtualbox-guest-utils"}},
    {"Hyper-V's services", {"Microsoft"}, "microsoft",
     {"hypervkvpd", "hypervvssd", "hypervfcopyd", "hv-kvp-daemon", "hv-vss-daemon", "hv_kvp_daemon", "hv_vss_daemon", "hv_fcopy_daemon"}},
    {"XenServer's guest utilities", {"Xen", "HVM domU"}, "xen", {"xe-linux-distribution", "xe-daemon", "xenstored"}},
    {"Parallels Tools", {"Parallels"}, "parallels", {"prltoolsd", "prltools", "prl-x11"}},
    /* QEMU by its own name (Proxmox), up to 1.x by that of its BIOS; RHEL's and oVirt's, OpenStack's, Nutanix's. */
    {"the agents of QEMU", {"QEMU", "Bochs", "Red Hat", "oVirt", "OpenStack", "KVM", "Nutanix"}, "|kvm\nConditionVirtualization=|qemu",
     {"qemu-guest-agent", "qemu-ga", "ovirt-guest-agent"}},
};

#define SCANNER "look at its state after the move; its kernel module must fit the kernel."
#define MONITOR "take it out after the move; it watches hardware that stays behind."
/* Programs that are known to bring kernel modules of their own, or that want the old machine's hardware. They are left as they are. */
static const struct {
    const char *path, *name, *advice;
} others[] = {
    {"/opt/ds_agent", "Trend Micro Deep Security", SCANNER},
    {"/opt/TrendMicro/SProtectLinux", "Trend Micro ServerProtect", SCANNER},
    {"/opt/sophos-av", "Sophos Anti-Virus", SCANNER},
    {"/opt/sophos-spl", "Sophos Protection for Linux", SCANNER},
    {"/opt/isec", "McAfee Endpoint Security", SCANNER},
    {"/opt/NAI/LinuxShield", "McAfee VirusScan Enterprise", SCANNER},
    {"/opt/Symantec/symantec_antivirus", "Symantec AntiVirus", SCANNER},
    {"/opt/kaspersky", "Kaspersky's scanner", SCANNER},
    {"/opt/f-secure", "F-Secure's scanner", SCANNER},
    {"/opt/eset", "ESET's scanner", SCANNER},
    {"/opt/microsoft/mdatp", "Microsoft Defender", "look at its state after the move; it may take the server for a new one."},
    {"/opt/CrowdStrike", "CrowdStrike Falcon", "look at its state after the move; it may take the server for a new one."},
    {"/opt/sentinelone", "SentinelOne", "look at its state after the move; it may take the server for a new one."},
    {"/opt/hp/hp-health", "HP's health monitor", MONITOR},
    {"/opt/dell/srvadmin", "Dell OpenManage", MONITOR},
    {"/opt/fujitsu/ServerViewSuite", "Fujitsu's ServerView agents", MONITOR},
    {"/opt/nec/esmpro_sa", "NEC's ESMPRO agent", MONITOR},
    {"/opt/ibm/director", "IBM Director", MONITOR},
    {"/opt/MegaRAID", "the MegaRAID Storage Manager", MONITOR},
    {"/etc/emcp_registration", "EMC PowerPath", "take it out on the source; its devices (/dev/emcpower) and those paths stay behind."},
    {"/usr/sbin/aksusbd", "the driver of HASP licence dongles", "give the new machine the dongle, or a licence server."},
};

static bool is_here(const struct planning *planning, const struct hypervisor *hypervisor)
{
    const struct hardware *hardware = planning->hardware;
    for (size_t i = 0; i < WORDS_MAX && hypervisor->dmi[i]; i++)
        if ((hardware->vendor && strstr(hardware->vendor, hypervisor->dmi[i])) || (hardware->product && strstr(hardware->product, hypervisor->dmi[i])))
            return true;
    return false;
}

/* The packages of most distributions see to it: by a condition, or by a device of that hypervisor alone, with which the unit comes and goes. */
static bool starts_there_only(const char *text)
{
    return strstr(text, "ConditionVirtualization=") || strstr(text, "BindsTo=dev-");
}

static void hold_unit(struct planning *planning, const struct hypervisor *hypervisor, const char *unit, struct strings *held)
{
    cleanup_free char *text = service_unit_text(planning, unit), *name = checked_copy_bytes(unit, strcspn(unit, "."));
    if (text ? starts_there_only(text) : !service_has_script(planning, name))
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
    bool job_goes_on = job && !new_job && upstart_job_starts(job);
    if ((script && !new_script) || job_goes_on)
        planning_warn(planning, "take the package out after the move.", "%s (%s) are of no use on this machine, and still start", hypervisor->name,
                      job_goes_on ? job_path : script_path);
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

/* Links of sysvinit's levels are made by tools that differ from one distribution to the next (chkconfig, insserv, update-rc.d). */
static void name_unused_scripts(struct planning *planning, const struct hypervisor *hypervisor)
{
    for (size_t i = 0; i < UNITS_MAX && hypervisor->units[i]; i++)
        if (service_has_script(planning, hypervisor->units[i]) && !service_is_started(planning, hypervisor->units[i]))
            planning_note(planning, "%s (%s) are installed and fit this machine, and nothing starts them (chkconfig, insserv or update-rc.d does)", hypervisor->name,
                          hypervisor->units[i]);
}

/* What fits this machine and lies there unused starts. What is started by a device (SYSTEMD_WANTS of a udev rule) says so and is left alone. */
static void start(struct planning *planning, const struct hypervisor *hypervisor)
{
    cleanup_strings struct strings started = {0};
    if (!planning->guest->system.systemd)
        name_unused_scripts(planning, hypervisor);
    for (size_t i = 0; planning->guest->system.systemd && i < UNITS_MAX && hypervisor->units[i]; i++) {
        cleanup_free char *unit = checked_printf("%s.service", hypervisor->units[i]);
        cleanup_free char *text = service_unit_text(planning, unit);
        if (text && strstr(text, "[Install]") && !strstr(text, "BindsTo=") && !system_unit_is_enabled(planning->guest->root_fd, unit))
            strings_add(&started, unit);
    }
    if (!started.count)
        return;
    cleanup_free char *names = strings_join(&started, " ");
    service_start(planning, "agents", names, "this machine's hypervisor is the one that they are for.", "this machine's own tools start");
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
