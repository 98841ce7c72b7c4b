/* The EFI system partition of a guest, and what is on it; and what stands for one where a BIOS starts GRUB. */
#ifndef REHOST_GUEST_BOOT_ESP_H
#define REHOST_GUEST_BOOT_ESP_H

#include "../guest.h"

/* The partition with the type of one; NULL: the disk has none. */
const struct partition *esp_of(const struct guest_disk *disk);
/* Whether a GPT has the partition that GRUB needs for its core image where a BIOS starts it. */
bool disk_has_bios_boot(const struct guest_disk *disk);
/* The path in the guest of a file on it, "EFI/BOOT/BOOTX64.EFI", whatever the case that it was written in; NULL: it is not there,
 * or the partition is not mounted. The caller's. */
char *esp_find(const struct guest *guest, const char *path);

/* What EFI/BOOT/BOOTX64.EFI is called, in which firmware that was never told of the disk looks. */
#define EFI_FALLBACK "EFI/BOOT/BOOTX64.EFI"

/* The files that a system's boot loader is installed as below EFI/DIRECTORY. */
struct efi_vendor {
    const char *directory;   /* NULL: that of any distribution */
    const char *files[3][2]; /* the loader and what it starts from beside it; their names there, and the names in EFI/BOOT that stand for them */
};
/* That of the guest's own boot loader, and its directory ("debian", the caller's); NULL: there is none. */
const struct efi_vendor *esp_vendor(const struct guest *guest, char **directory);
/* The path in the guest of a vendor's file; the caller's, or NULL. */
char *esp_vendor_file(const struct guest *guest, const char *directory, const char *file);

#endif
