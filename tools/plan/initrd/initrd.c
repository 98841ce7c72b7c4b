/* The initrd must hold the drivers of this machine's disk, now and after the guest's next kernel update: so they are put
 * into the builder's own configuration, and the builder makes the initrd of every kernel anew. */
#include "initrd.h"

#include <string.h>

#include "../../base/cleanup.h"
#include "../../guest/kernel/initrd.h"
#include "../../guest/kernel/modules.h"
#include "../drivers.h"
#include "segment.h"
#include "unified.h"

/* The disk drivers of machines that a server may be moved to next: KVM, NVMe, plain SATA and IDE, VMware (and its old LSI
 * controllers, which QEMU has too), Hyper-V, Xen. */
static const char *const common_drivers[] = {
    "virtio_pci", "virtio_blk", "virtio_scsi", "nvme",       "ahci",       "ata_piix",   "sd_mod",       "mptspi",
    "mptsas",     "vmw_pvscsi", "hv_vmbus",    "hv_storvsc", "xen_blkfront", "sym53c8xx", "megaraid_sas", "usb_storage",
};

/* The modules that the initrd of this kernel must hold: the driver chain, the volumes that the root lies in, and its file system. */
static void modules_needed(const struct planning *planning, const struct kernel *kernel, struct strings *needed)
{
    cleanup_strings struct strings drivers = {0}, without = {0};
    const struct hardware_disk *disk;
    for (size_t i = 0; i <= planning->guest->other_count; i++)
        if (guest_early_disks(planning->guest) >> i & 1 && (disk = planning_disk(planning, i)))
            drivers_of_chain(kernel, &disk->modaliases, disk->driver, &drivers, &without);
    const struct partition *root = planning->guest->root_partition;
    if (root && root->fs_type)
        strings_add_new(&drivers, root->fs_type);
    for (size_t i = 0; root && i < root->drivers.count; i++)
        strings_add_new(&drivers, root->drivers.items[i]);
    for (size_t i = 0; i < drivers.count; i++)
        if (modules_has(kernel->modules, drivers.items[i]) && !modules_is_builtin(kernel->modules, drivers.items[i]))
            strings_add_new(needed, drivers.items[i]);
}

/* An initrd that could not be read (over a network it costs too much; of many kernels only the newest are read; its
 * compression may be unknown here) is taken to hold what the builder's configuration names, and nothing else. */
static bool initrd_lacks(const struct planning *planning, const struct initrd_builder_ops *builder, const struct kernel *kernel, const struct strings *needed,
                         struct strings *lacking)
{
    const struct initrd *initrd = kernel_started_initrd(kernel);
    bool unknown = !initrd->was_read || initrd->problem;
    for (size_t i = 0; i < needed->count; i++) {
        bool holds = unknown ? builder && builder->names(planning, needed->items[i]) : strings_contain(&initrd->modules, needed->items[i]);
        if (!initrd->path || !holds)
            strings_add_new(lacking, needed->items[i]);
    }
    if (!unknown && planning->guest->root_partition)
        initrd_programs_lacking(initrd, planning->guest->root_partition->layers, lacking);
    return lacking->count > 0;
}

static bool is_our_concern(const struct kernel *kernel)
{
    return kernel->image && kernel->modules && !kernel->only_on_xen;
}

/* What each kernel's initrd lacks before anything is planned: `lacking` has a list for each of the guest's kernels. */
static bool find_lacking(const struct planning *planning, const struct initrd_builder_ops *builder, struct strings *lacking, struct strings *needed)
{
    bool any = false;
    for (size_t i = 0; i < planning->guest->kernel_count; i++) {
        const struct kernel *kernel = &planning->guest->kernels[i];
        cleanup_strings struct strings own = {0};
        if (!is_our_concern(kernel))
            continue;
        modules_needed(planning, kernel, &own);
        any = initrd_lacks(planning, builder, kernel, &own, &lacking[i]) || any;
        for (size_t j = 0; j < own.count; j++)
            strings_add_new(needed, own.items[j]);
    }
    return any;
}

/* Those of the modules that this kernel has as files. */
static void loadable(const struct kernel *kernel, const struct strings *modules, struct strings *drivers)
{
    for (size_t i = 0; i < modules->count; i++)
        if (modules_has(kernel->modules, modules->items[i]) && !modules_is_builtin(kernel->modules, modules->items[i]))
            strings_add_new(drivers, modules->items[i]);
}

/* systemd-boot starts copies that the guest's kernel-install lays onto the EFI system partition whenever an initrd is made. */
static void add_copies(const struct boot_loader *boot, size_t kernel, struct operation *run)
{
    for (size_t i = 0; boot->kind == BOOT_LOADER_SYSTEMD_BOOT && i < boot->menu.count; i++)
        if (boot->menu.items[i].kernel_index == (int)kernel && boot->menu.items[i].initrd)
            strings_add_new(&run->changes, boot->menu.items[i].initrd);
}

static void update_stale_initrds(struct planning *planning, const struct initrd_builder_ops *builder, const struct strings *wanted, const struct strings *lacking,
                                 bool copies_change)
{
    for (size_t i = 0; i < planning->guest->kernel_count; i++) {
        const struct kernel *kernel = &planning->guest->kernels[i];
        if (!is_our_concern(kernel) || (!lacking[i].count && !planning->initrd_is_stale))
            continue;
        cleanup_free char *names = strings_join(&lacking[i], ", ");
        cleanup_free char *why = lacking[i].count ? checked_printf("%s %s", kernel_started_initrd(kernel)->was_read ? "the initrd lacks" : "so that the initrd surely holds", names)
                                                  : checked_copy("the initrd holds copies of files that change");
        cleanup_strings struct strings drivers = {0};
        loadable(kernel, wanted, &drivers);
        size_t before = planning->plan->operation_count;
        if (unified_holds(kernel))
            unified_plan_run(planning, builder, kernel, &drivers, why);
        else
            builder->run(planning, kernel, &drivers, why);
        segment_plan_otherwise(planning, kernel, &lacking[i], copies_change);
        if (planning->plan->operation_count > before)
            add_copies(&planning->guest->boot, i, &planning->plan->operations[before]);
    }
}

/* Where the initrd is made anew for another reason, a builder that takes the drivers of the machine it runs on finds none: sealed in, it sees no machine.
 * Debian's dracut left virtio out then of an initrd that had come with it. */
static bool counts_on_the_list(const struct planning *planning, const struct initrd_builder_ops *builder)
{
    return (builder->looks_at_the_machine && planning->initrd_is_stale) || (builder->takes_only_the_list && builder->takes_only_the_list(planning));
}

static bool list_lacks(const struct planning *planning, const struct initrd_builder_ops *builder, const struct strings *needed)
{
    if (!counts_on_the_list(planning, builder))
        return false;
    for (size_t i = 0; i < needed->count; i++)
        if (!builder->names(planning, needed->items[i]))
            return true;
    return false;
}

/* What this machine needs of any of the kernels, and the common drivers that the one has that boots. */
static void find_wanted(const struct planning *planning, const struct strings *needed, struct strings *wanted)
{
    cleanup_strings struct strings common = {0};
    for (size_t i = 0; i < needed->count; i++)
        strings_add_new(wanted, needed->items[i]);
    for (size_t i = 0; i < sizeof common_drivers / sizeof *common_drivers; i++)
        strings_add(&common, common_drivers[i]);
    loadable(planning->kernel, &common, wanted);
}

static bool configure(struct planning *planning, const struct initrd_builder_ops *builder, const struct strings *drivers)
{
    if (builder->configure)
        return builder->configure(planning, drivers);
    cleanup_free char *text = planning_read(planning, builder->file);
    cleanup_free char *better = builder->with_drivers(text ? text : "", drivers);
    return planning_write(planning, builder->file, better, INITRD_WHY);
}

static void plan_with_builder(struct planning *planning, const struct initrd_builder_ops *builder, struct strings *lacking)
{
    cleanup_strings struct strings needed = {0}, wanted = {0};
    bool lacks = find_lacking(planning, builder, lacking, &needed);
    find_wanted(planning, &needed, &wanted);
    if (builder->settle)
        builder->settle(planning);
    planning->initrd_is_stale |= unified_settle_command_line(planning);
    bool copies_change = planning->initrd_is_stale;
    if ((lacks || list_lacks(planning, builder, &needed)) && configure(planning, builder, &wanted))
        planning->initrd_is_stale = true;
    if ((lacks || planning->initrd_is_stale) && (!builder->is_usable || builder->is_usable(planning)))
        update_stale_initrds(planning, builder, &wanted, lacking, copies_change);
}

static void append_or_block(struct planning *planning, const struct kernel *kernel, const struct strings *lacks, const char *names)
{
    cleanup_free char *refusal = segment_plan(planning, kernel, lacks);
    if (refusal)
        planning_block(planning, "install the package of the initrd builder, or make an initrd with these drivers on the source; or free space there, if that is what is missing.",
                       "the initrd of %s lacks drivers of this machine's disk (%s), the guest has no program that rehost knows to make it anew, and nothing can be appended to it: %s",
                       kernel->version, names, refusal);
    else
        planning_warn(planning, "install the package of the initrd builder before the next kernel update: its initrd would lack them again.",
                      "the initrd of %s lacks drivers of this machine's disk (%s), and the guest has no program that rehost knows to make it anew: rehost appends them to it",
                      kernel->version, names);
}

/* A kernel with everything built in needs no initrd. */
static void judge_default(struct planning *planning, const struct strings *lacks)
{
    const struct initrd *initrd = kernel_started_initrd(planning->kernel);
    cleanup_free char *names = strings_join(lacks, ", ");
    if (lacks->count && initrd->path && (!initrd->was_read || initrd->problem))
        planning_warn(planning, "look into it on the source (lsinitrd, lsinitramfs).", "the initrd of %s was not looked into; to boot here it must hold %s",
                      planning->kernel->version, names);
    else if (lacks->count)
        append_or_block(planning, planning->kernel, lacks, names);
}

/* Another kernel that somebody may choose in the menu. Far away initrds are not read, and before the copy that is no news. */
static void judge_other(struct planning *planning, const struct kernel *kernel, const struct strings *lacks)
{
    const struct initrd *initrd = kernel_started_initrd(kernel);
    if (!lacks->count || !initrd->path || (!initrd->was_read && planning->guest->remote) || !guest_entry_of_kernel(planning->guest, kernel))
        return;
    cleanup_free char *names = strings_join(lacks, ", "), *refusal = segment_plan(planning, kernel, lacks);
    if (refusal)
        planning_warn(planning, "do not choose it in the boot menu here, or make an initrd with these drivers on the source.",
                      "the initrd of %s, which the boot menu offers beside the default, lacks drivers of this machine's disk (%s), and nothing can be appended to it: %s",
                      kernel->version, names, refusal);
    else
        planning_note(planning, "the initrd of %s, which the boot menu offers beside the default, lacks drivers of this machine's disk (%s): rehost appends them to it, too",
                      kernel->version, names);
}

/* Nothing can be made anew. The kernel that boots comes first, as room may be short. */
static void judge_without_builder(struct planning *planning, struct strings *lacking)
{
    const struct kernel *kernels = planning->guest->kernels, *kernel = planning->kernel;
    cleanup_strings struct strings needed = {0};
    find_lacking(planning, NULL, lacking, &needed);
    judge_default(planning, &lacking[kernel - kernels]);
    for (size_t i = 0; i < planning->guest->kernel_count; i++)
        if (&kernels[i] != kernel)
            judge_other(planning, &kernels[i], &lacking[i]);
    if (unified_holds(kernel) && unified_settle_command_line(planning))
        unified_plan_run(planning, NULL, kernel, &needed, "its command line is the old machine's");
}

static const struct initrd_builder_ops *const builders[INITRD_BUILDER_COUNT] = {
    [INITRD_BUILDER_INITRAMFS_TOOLS] = &initramfs_tools_builder, [INITRD_BUILDER_DRACUT] = &dracut_builder,         [INITRD_BUILDER_MKINITRD] = &mkinitrd_builder,
    [INITRD_BUILDER_SUSE_MKINITRD] = &suse_mkinitrd_builder,     [INITRD_BUILDER_MKINITCPIO] = &mkinitcpio_builder, [INITRD_BUILDER_MKINITFS] = &mkinitfs_builder,
    [INITRD_BUILDER_BOOSTER] = &booster_builder,
};

void plan_initrd(struct planning *planning)
{
    const struct initrd_builder_ops *builder = builders[planning->guest->initrd_builder];
    if (!planning->kernel || !planning->kernel->modules)
        return; /* said by the step kernel */
    size_t count = planning->guest->kernel_count;
    cleanup_free struct strings *lacking = checked_alloc((count + 1) * sizeof *lacking);
    if (!builder)
        judge_without_builder(planning, lacking);
    else if (planning_is_plain(planning, builder->file))
        plan_with_builder(planning, builder, lacking);
    for (size_t i = 0; i < count; i++)
        strings_free(&lacking[i]);
}
