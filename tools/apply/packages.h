/* Packages handed in for the guest (a kernel, a driver): installed by its own package manager, sealed in, before anything is planned. */
#ifndef REHOST_APPLY_PACKAGES_H
#define REHOST_APPLY_PACKAGES_H

#include "../guest/guest.h"

/* `places`: each a .deb or .rpm file of this machine, its URL (http, https, tftp), or a folder of such files. What a former call has installed is left
 * out; `installed` (may be NULL) is told the rest. When the package manager fails, what it had begun is taken away again, and the error has its last lines. The guest has to be opened
 * anew to be known with what they brought. */
int packages_install(const struct guest *guest, const struct strings *places, struct strings *installed, struct error *err);
/* Whether packages_install has left something in the guest that packages_remove can take away. */
bool packages_are_installed(const struct guest *guest);
/* By the guest's package manager, too. What was there in an older version before stays in the new one. While the manager does not say clearly which of
 * them are installed nothing is taken away. */
int packages_remove(const struct guest *guest, struct error *err);

#endif
