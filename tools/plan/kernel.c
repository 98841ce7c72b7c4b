/* Does the kernel that boots by default drive this machine's disk and network cards? Decided by the kernel's own alias
 * tables, matched against what this machine's devices say of themselves. */
#include <string.h>

#include "../base/cleanup.h"
#include "../guest/kernel/modules.h"
#include "drivers.h"
#include "planning.h"

/* Buses whose devices do nothing without a driver. Others (acpi:, dmi:, of:, platform:) name what the kernel has anyway. */
static bool needs_driver(const char *modalias)
{
    static const char *const buses[] = {"pci:", "virtio:", "vmbus:", "xen:", "scsi:", "usb:", "nvme:", "mmc:"};
    for (size_t i = 0; i < sizeof buses / sizeof *buses; i++)
        if (string_starts(modalias, buses[i]))
            /* bc06: bridges. Their drivers are built into every kernel, and kernels before 5.2 do not say so by alias. */
            return !(string_starts(modalias, "pci:") && strstr(modalias, "bc06"));
    return false;
}

/* Kernels before 5.2 have no modules.builtin.modinfo, so a built-in driver matches no alias; its name, known from this
 * machine, still stands in modules.builtin. */
static bool drives_by_name(const struct kernel *kernel, const char *driver)
{
    return driver && modules_is_builtin(kernel->modules, driver);
}

void drivers_of_chain(const struct kernel *kernel, const struct strings *modaliases, const char *driver_here, struct strings *drivers, struct strings *without)
{
    for (size_t i = 0; kernel->modules && i < modaliases->count; i++) {
        const char *modalias = modaliases->items[i];
        cleanup_strings struct strings matched = {0};
        modules_match(kernel->modules, modalias, &matched);
        for (size_t j = 0; j < matched.count; j++)
            strings_add_new(drivers, matched.items[j]);
        if (!matched.count && needs_driver(modalias) && !drives_by_name(kernel, driver_here))
            strings_add_new(without, modalias);
    }
}

bool kernel_drives_nic(const struct kernel *kernel, const struct hardware_nic *nic)
{
    cleanup_strings struct strings drivers = {0}, without = {0};
    drivers_of_chain(kernel, &nic->modaliases, nic->driver, &drivers, &without);
    return !without.count;
}

/* 0: it cannot start here, or not reach its disk; 1: it can; 2: it has a network card as well. */
static unsigned fitness(const struct planning *planning, const struct kernel *kernel)
{
    cleanup_strings struct strings drivers = {0}, without = {0};
    const struct hardware_disk *disk;
    if (!kernel || !kernel->image || !kernel->modules || kernel->only_on_xen)
        return 0;
    for (size_t i = 0; i <= planning->guest->other_count; i++)
        if ((disk = planning_disk(planning, i)))
            drivers_of_chain(kernel, &disk->modaliases, disk->driver, &drivers, &without);
    if (without.count)
        return 0;
    for (size_t i = 0; i < planning->hardware->nic_count; i++)
        if (kernel_drives_nic(kernel, &planning->hardware->nics[i]))
            return 2;
    return planning->hardware->nic_count ? 1 : 2;
}

/* Today's default where it fits as well as any; otherwise the newest of those that fit best and can be chosen in the menu. */
static void choose_kernel(struct planning *planning)
{
    const struct guest *guest = planning->guest;
    unsigned best = fitness(planning, planning->kernel);
    for (size_t i = 0; i < guest->kernel_count; i++) {
        const struct kernel *kernel = &guest->kernels[i];
        unsigned fits = fitness(planning, kernel);
        const struct boot_entry *entry = fits > best ? guest_entry_of_kernel(guest, kernel) : NULL;
        if (!entry)
            continue;
        best = fits;
        planning->new_default = entry;
    }
    if (!planning->new_default)
        return;
    const struct kernel *chosen = guest_kernel_of_entry(guest, planning->new_default);
    planning_warn(planning, "nothing has to be done where that one will do; otherwise install a newer kernel or the missing driver on the source.",
                  "the kernel %s, which boots by default, cannot drive this machine; %s can, and becomes the default (\"%s\")",
                  planning->kernel ? planning->kernel->version : guest->boot.default_kernel, chosen->version, planning->new_default->title);
    planning->kernel = chosen;
}

/* One that fits, and that no entry of the menu starts. */
static const struct kernel *other_kernel_that_fits(const struct planning *planning)
{
    for (size_t i = 0; i < planning->guest->kernel_count; i++)
        if (&planning->guest->kernels[i] != planning->kernel && fitness(planning, &planning->guest->kernels[i]))
            return &planning->guest->kernels[i];
    return NULL;
}

static char *way_out_of(const struct planning *planning)
{
    const struct kernel *other = other_kernel_that_fits(planning);
    return other ? checked_printf("make the installed kernel %s the default on the source; it has the driver, and no entry of the boot menu starts it.", other->version)
                 : checked_copy("install a kernel with the driver on the source, or hand one or the driver in as a package (rehost.packages=, --packages; for Hyper-V there are "
                                "its Linux Integration Services), or give this machine a disk controller that the kernel knows.");
}

static void block_disk(struct planning *planning, const struct hardware_disk *disk, const struct strings *without)
{
    cleanup_free char *devices = strings_join(without, ", "), *way_out = way_out_of(planning);
    planning_block(planning, way_out, "the kernel %s has no driver for the disk %s of this machine (%s; here the driver is %s)", planning->kernel->version,
                   disk->device, devices, disk->driver ? disk->driver : "not known");
}

static void check_disk(struct planning *planning, const struct hardware_disk *disk, bool early)
{
    cleanup_strings struct strings late = {0}, without = {0};
    drivers_of_chain(planning->kernel, &disk->modaliases, disk->driver, early ? &planning->drivers : &late, &without);
    if (without.count)
        block_disk(planning, disk, &without);
    else if (!disk->modaliases.count)
        planning_warn(planning, "look at `rehost hardware`.", "nothing is known of the controller of %s, so its driver cannot be checked", disk->device);
}

static void check_disks(struct planning *planning)
{
    unsigned early = guest_early_disks(planning->guest);
    for (size_t i = 0; i <= planning->guest->other_count; i++) {
        const struct hardware_disk *disk = planning_disk(planning, i);
        if (disk)
            check_disk(planning, disk, early >> i & 1);
        else if (i && early >> i & 1)
            planning_note(planning, "the root lies on %s, too; which disk of this machine that goes to is not known, so its driver is looked for when it is there",
                          planning->guest->others[i - 1].what);
    }
}

static void complain_of_nic(struct planning *planning, const struct hardware_nic *nic, bool another_serves)
{
    cleanup_free char *devices = strings_join(&nic->modaliases, ", ");
    const char *way_out = "install a kernel with the driver on the source, or hand one or the driver in as a package (rehost.packages=, --packages; for Hyper-V there are its Linux "
                          "Integration Services), or give this machine a network card that the kernel knows (e1000 is old and common).";
    if (another_serves)
        planning_warn(planning, way_out, "the kernel %s has no driver for the network card %s of this machine (%s; here the driver is %s)", planning->kernel->version,
                      nic->mac, devices, nic->driver ? nic->driver : "not known");
    else
        planning_block(planning, way_out, "the kernel %s has no driver for any network card of this machine: %s (%s; here the driver is %s)",
                       planning->kernel->version, nic->mac, devices, nic->driver ? nic->driver : "not known");
}

static void check_nics(struct planning *planning)
{
    const struct hardware *hardware = planning->hardware;
    size_t served = 0;
    for (size_t i = 0; i < hardware->nic_count; i++)
        served += kernel_drives_nic(planning->kernel, &hardware->nics[i]);
    for (size_t i = 0; i < hardware->nic_count; i++)
        if (!kernel_drives_nic(planning->kernel, &hardware->nics[i]))
            complain_of_nic(planning, &hardware->nics[i], served > 0);
}

/* What each distribution calls the kernel that runs without Xen. */
static void block_xen(struct planning *planning)
{
    planning_block(planning, "install the usual kernel on the source (linux-image-amd64 of Debian, kernel of Red Hat, kernel-default of SUSE); it may stay beside this one.",
                   "the kernel %s runs as a paravirtual guest of Xen only, and no other is installed that drives this machine", planning->kernel->version);
}

void plan_kernel(struct planning *planning)
{
    choose_kernel(planning);
    const struct kernel *kernel = planning->kernel;
    if (!kernel && planning->guest->kernel_count && planning->guest->boot.default_kernel) {
        planning_block(planning, "make an installed kernel the default on the source.", "the boot loader starts %s, which is none of the kernels that are installed",
                       planning->guest->boot.default_kernel);
        return;
    }
    if (kernel && kernel->only_on_xen) {
        block_xen(planning);
        return;
    }
    if (!kernel) {
        planning_block(planning, "install a kernel package on the source.", "there is no kernel in /boot");
        return;
    }
    if (!kernel->modules) {
        cleanup_free char *way_out = checked_printf("install the package of the kernel %s again on the source.", kernel->version);
        planning_block(planning, way_out, "/lib/modules/%s is missing or has no modules.alias, so the kernel that boots has no drivers", kernel->version);
        return;
    }
    check_disks(planning);
    check_nics(planning);
}
