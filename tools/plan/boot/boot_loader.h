/* What a plan does about each boot loader. */
#ifndef REHOST_PLAN_BOOT_BOOT_LOADER_H
#define REHOST_PLAN_BOOT_BOOT_LOADER_H

#include "command_line.h"

struct planning;

void plan_grub2(struct planning *planning);
void plan_grub_legacy(struct planning *planning);
void plan_extlinux(struct planning *planning);
void plan_systemd_boot(struct planning *planning);

/* The pure core of those that are one text; the caller's. */
/* menu.lst with `default` set to that number. */
char *grub_legacy_with_default(const char *text, const char *number);
/* device.map with the first disk under its new name. */
char *grub_legacy_device_map(const char *text, const char *old, const char *new);
/* extlinux.conf with DEFAULT set to that label, and no MENU DEFAULT; with NULL for a file that it includes. */
char *extlinux_with_default(const char *text, const char *label);
/* loader.conf with `default` set to that pattern. */
char *systemd_boot_with_default(const char *text, const char *pattern);
/* kernel-img.conf with `do_bootloader = no`. */
char *kernel_img_without_loader(const char *text);

#endif
