/* The sectors that a BIOS starts: the first of the disk, and the first of a partition. */
#ifndef REHOST_APPLY_BOOT_SECTOR_H
#define REHOST_APPLY_BOOT_SECTOR_H

#include "../guest/guest.h"

#define WHOLE_DISK (-1) /* in place of a partition's number */

/* The sector as it is; with `held_boot_code` (NULL: none) in the place of what a pull left there. */
int boot_sector_read(const struct guest *guest, int partition, const unsigned char *held_boot_code, unsigned char sector[BOOT_SECTOR_BYTES], struct error *err);
/* Puts back what boot_sector_read gave. Of the disk the boot code and the active flags: its table stays, and so does the marker of boot code that is
 * held back. Of a partition only what extlinux stands in now. */
int boot_sector_restore(const struct guest *guest, int partition, const unsigned char sector[BOOT_SECTOR_BYTES], struct error *err);
/* The partition becomes the only active one, and the disk's first sector gets code that starts that; it goes into `held_boot_code` where the code is
 * held back (NULL: it is not). */
int boot_sector_activate(const struct guest *guest, unsigned partition, unsigned char *held_boot_code, struct error *err);

#endif
