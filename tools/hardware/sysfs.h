/* The devices of /sys, as text below a root descriptor. */
#ifndef REHOST_HARDWARE_SYSFS_H
#define REHOST_HARDWARE_SYSFS_H

#include "../base/text.h"

/* Where the link `path` leads ("/sys/block/vda" → "/sys/devices/pci0000:00/…/block/vda"); NULL when it is no link. The caller's. */
char *sysfs_resolve(int root_fd, const char *path);
/* Adds the modalias of the device at `device_path` and of every device above it, up to the root bus. */
void sysfs_modaliases(int root_fd, const char *device_path, struct strings *modaliases);
/* The driver of the nearest device at or above `device_path` that has one and is not among `layers` (NULL-terminated,
 * may be NULL): drivers that only sit on top of the one that moves the data. NULL when there is none. */
char *sysfs_driver(int root_fd, const char *device_path, const char *const *layers);
/* The one-line file `name` in `directory` without blanks at its ends; NULL when absent or empty. */
char *sysfs_value(int root_fd, const char *directory, const char *name);
uint64_t sysfs_number(int root_fd, const char *directory, const char *name);

#endif
