/* Device names of the old machine, and the partition of this disk that they mean. */
#ifndef REHOST_GUEST_DEVICES_H
#define REHOST_GUEST_DEVICES_H

#include <stdbool.h>

#include "guest.h"

/* Is `spec` a name that the next machine may give to another device: /dev/sda1, /dev/disk/by-path/…-part1?
 * Names by UUID, LABEL, PARTUUID and those of LVM, RAID and LUKS are not. */
bool device_name_is_unstable(const char *spec);
/* "/dev/sda1" → "/dev/sda" and 1; a whole disk gives 0. The caller's; NULL for names that are not understood. */
char *device_disk_name(const char *spec, unsigned *number);
/* The partition of the guest's disks that the old machine called `spec`, or NULL: a disk's that is not at hand, or none. */
const struct partition *device_partition(const struct guest *guest, const char *spec);
/* Does the file system that lies there look like one of this type of an fstab? If not, the name meant another disk. */
bool device_holds(const struct partition *partition, const char *type);
/* "UUID=…" for `spec`; the caller's. NULL when `spec` is stable, means another disk, or the file system has no UUID. */
char *device_by_uuid(const struct guest *guest, const char *spec);

#endif
