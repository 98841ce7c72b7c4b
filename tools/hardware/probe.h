/* The parts of hardware_probe, one file each. */
#ifndef REHOST_HARDWARE_PROBE_H
#define REHOST_HARDWARE_PROBE_H

#include "hardware.h"

void probe_disks(int root_fd, struct hardware *hardware);
void probe_nics(int root_fd, struct hardware *hardware);

#endif
