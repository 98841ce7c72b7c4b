/* LILO starts what lies in the sectors that it wrote down when it last ran. An initrd that is made anew lies in others, and to run LILO it takes the
 * old machine's disks: so extlinux takes its place (new_loader.c), and nothing may run it any more.
 *
 * That has to hold before the initrd is made, as Debian's update-initramfs runs LILO when it is done. Without its configuration LILO does nothing:
 * Debian's hooks (/etc/kernel/postinst.d/zz-lilo of Debian 6, zz-runlilo later, /etc/initramfs/post-update.d/runlilo) and Red Hat's new-kernel-pkg
 * then pass it over, and so does whoever runs it by habit, instead of overwriting the new boot code. */
#include <string.h>

#include "../../base/cleanup.h"
#include "../../guest/boot/lilo_config.h"
#include "../planning.h"
#include "boot_loader.h"

#define KERNEL_IMG_CONF "/etc/kernel-img.conf"

struct kernel_img {
    bool done;
};

static void settle_line(struct text *out, const char *line, size_t length, void *context)
{
    static const char name[] = "do_bootloader";
    struct kernel_img *kernel_img = context;
    bool is_meant = string_starts(line, name) && memchr(" \t=", line[sizeof name - 1], 3);
    kernel_img->done |= is_meant;
    if (is_meant)
        text_append(out, "do_bootloader = no");
    else
        text_append_bytes(out, line, length);
}

char *kernel_img_without_loader(const char *text)
{
    struct kernel_img kernel_img = {0};
    cleanup_free char *better = text_rewrite_lines(text, settle_line, &kernel_img);
    return kernel_img.done ? take_pointer(better) : checked_printf("%s%sdo_bootloader = no\n", better, *better && !string_ends(better, "\n") ? "\n" : "");
}

void plan_lilo(struct planning *planning)
{
    if (planning->guest->boot.kind != BOOT_LOADER_LILO)
        return;
    cleanup_free char *config = planning_read(planning, LILO_CONFIG), *kernel_img = planning_read(planning, KERNEL_IMG_CONF);
    cleanup_free char *better = kernel_img ? kernel_img_without_loader(kernel_img) : NULL;
    if (config && lilo_asks_for_password(config))
        planning_warn(planning, "keep strangers from the console.", "LILO asks for a password; extlinux, which takes its place, starts each entry of the menu for anybody, and takes arguments from nobody");
    planning_remove(planning, LILO_CONFIG, "LILO would write down the old sectors again; without this file nothing runs it");
    if (better) /* Debian to 5.0: the kernel's own package runs the boot loader */
        planning_write(planning, KERNEL_IMG_CONF, better, "keeps the kernel's package from running LILO");
}
