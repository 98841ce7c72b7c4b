/* A boot loader for a system that has none which this machine could start. */
#ifndef REHOST_PLAN_BOOT_NEW_LOADER_H
#define REHOST_PLAN_BOOT_NEW_LOADER_H

#include "../planning.h"

bool new_loader_is_needed(const struct planning *planning);
/* Plans extlinux with the entries of the menu that there is, or of the kernels that are installed; or says why that cannot be. */
void plan_new_loader(struct planning *planning);
/* Is the guest's loader one that rehost gave it? What starts that is planned where it is not there yet: a move that was cut off has it still to come. */
bool plan_given_loader(struct planning *planning);
/* Is it LILO that a BIOS starts, whatever other loaders have their files there? */
bool lilo_is_started(const struct planning *planning);

#endif
