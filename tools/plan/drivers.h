/* The drivers that a chain of devices needs of a kernel. */
#ifndef REHOST_PLAN_DRIVERS_H
#define REHOST_PLAN_DRIVERS_H

#include "../guest/guest.h"
#include "../hardware/hardware.h"

/* Adds the kernel's drivers (modules or built in) of the devices with these modaliases, and to `without` those devices
 * that need a driver and have none. `driver_here` is what drives the last of them in this machine, or NULL. */
void drivers_of_chain(const struct kernel *kernel, const struct strings *modaliases, const char *driver_here, struct strings *drivers, struct strings *without);

/* Does the kernel drive this network card? */
bool kernel_drives_nic(const struct kernel *kernel, const struct hardware_nic *nic);

#endif
