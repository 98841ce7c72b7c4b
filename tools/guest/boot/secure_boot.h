/* What a machine that enforces Secure Boot starts, and what not. */
#ifndef REHOST_GUEST_BOOT_SECURE_BOOT_H
#define REHOST_GUEST_BOOT_SECURE_BOOT_H

#include "../guest.h"

/* Adds the paths in the guest of the programs that its start by UEFI goes through and that nobody has signed: boot loaders on the EFI system
 * partition, and the kernel. */
void secure_boot_unsigned(const struct guest *guest, struct strings *paths);

#endif
