/* GRUB 2's configuration, read far enough to know what boots by default. Pure: text in, struct out. */
#ifndef REHOST_GUEST_BOOT_GRUB2_CONFIG_H
#define REHOST_GUEST_BOOT_GRUB2_CONFIG_H

#include <stdbool.h>

#include "boot_entry.h"

/* The entries that start a kernel, with what `GRUB_DEFAULT` and `saved_entry` call them ("submenu>entry", by title) as their id. `environment` is the text of grubenv, or NULL. The result may have none. */
void grub2_entries(const char *config, const char *environment, struct boot_entries *entries);
/* Is the default what grubenv's saved_entry says (GRUB_DEFAULT=saved)? */
bool grub2_default_is_saved(const char *config);
/* The value of NAME in a grubenv file; the caller's, NULL when it is not there. */
char *grub2_environment_value(const char *environment, const char *name);

#endif
