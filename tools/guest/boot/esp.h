/* The EFI system partition of a guest, and what is on it. */
#ifndef REHOST_GUEST_BOOT_ESP_H
#define REHOST_GUEST_BOOT_ESP_H

#include "../guest.h"

/* The partition with the type of one; NULL: the disk has none. */
const struct partition *esp_of(const struct guest_disk *disk);
/* The path in the guest of a file on it, "EFI/BOOT/BOOTX64.EFI", whatever the case that it was written in; NULL: it is not there,
 * or the partition is not mounted. The caller's. */
char *esp_find(const struct guest *guest, const char *path);

#endif
