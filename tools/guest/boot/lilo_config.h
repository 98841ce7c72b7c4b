/* LILO's configuration, read far enough to make another loader's of it. Pure. */
#ifndef REHOST_GUEST_BOOT_LILO_CONFIG_H
#define REHOST_GUEST_BOOT_LILO_CONFIG_H

#include "boot_entry.h"

#define LILO_CONFIG "/etc/lilo.conf"

/* Its images, with the arguments that LILO would give them; `other` systems are left out. */
void lilo_entries(const char *config, struct boot_entries *entries);
/* Does it want one before some image, or before arguments that are typed? */
bool lilo_asks_for_password(const char *config);

#endif
