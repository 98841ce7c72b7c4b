/* A unified kernel image (the Boot Loader Specification, type 2): one program for UEFI, in sections of which lie a kernel, its initrd and its
 * command line. systemd-boot starts those in EFI/Linux of the EFI system partition. */
#ifndef REHOST_GUEST_BOOT_UNIFIED_IMAGE_H
#define REHOST_GUEST_BOOT_UNIFIED_IMAGE_H

#include <stdint.h>

#include "boot_entry.h"

/* Where a section lies in the open file, ".linux" or ".initrd"; false: it is no such program, or has no section of that name. */
bool unified_image_section(int fd, const char *name, uint64_t *offset, uint64_t *bytes);
/* The menu entry that the open image makes, `path` being its place in the guest, and its initrd's. -1, and nothing to free: it is none. */
int unified_image_entry(int fd, const char *path, struct boot_entry *entry);

#endif
