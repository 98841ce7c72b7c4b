/* Each boot loader by its own file; what all have in common is said here. */
#include "boot_loader.h"

#include "../planning.h"
#include "new_loader.h"

static void (*const loaders[])(struct planning *planning) = {
    [BOOT_LOADER_GRUB2] = plan_grub2,
    [BOOT_LOADER_GRUB_LEGACY] = plan_grub_legacy,
    [BOOT_LOADER_EXTLINUX] = plan_extlinux,
    [BOOT_LOADER_SYSTEMD_BOOT] = plan_systemd_boot,
};

void plan_boot_loader(struct planning *planning)
{
    const struct boot_loader *boot = &planning->guest->boot;
    if (new_loader_is_needed(planning)) {
        plan_new_loader(planning);
        return;
    }
    if (boot->kind == BOOT_LOADER_NONE) {
        planning_block(planning, "install one of them on the source.", "the system has no boot loader that rehost knows (GRUB 2, GRUB legacy, extlinux, systemd-boot)");
        return;
    }
    planning->step = boot_loader_name(boot->kind);
    if (!planning_is_plain(planning, boot->config))
        return;
    if (!plan_given_loader(planning) && lilo_is_started(planning))
        planning_block(planning, "remove the files of the one that is not used on the source.", "the disk starts LILO, and %s is there as well: which of the two counts is not known", boot->config);
    loaders[boot->kind](planning);
}
