/* A boot loader for a system that has none which this machine could start. */
#ifndef REHOST_PLAN_BOOT_NEW_LOADER_H
#define REHOST_PLAN_BOOT_NEW_LOADER_H

#include "../planning.h"

bool new_loader_is_needed(const struct planning *planning);
/* Plans extlinux with the entries of the menu that there is, or of the kernels that are installed; or says why that cannot be. */
void plan_new_loader(struct planning *planning);

#endif
