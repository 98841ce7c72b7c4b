/* What makes an initrd load the drivers that were appended to it. Each kind is told so by one file of its own, which the appended archive replaces:
 * pure functions from text to text. */
#ifndef REHOST_PLAN_LOADING_H
#define REHOST_PLAN_LOADING_H

#include "../../guest/guest.h"

struct loading_request {
    const struct kernel *kernel;
    const struct strings *drivers; /* what has to be loaded */
    const struct strings *added;   /* what of them, and of all that they depend on, the initrd did not have: dependencies first */
};

struct loading {
    const char *directory; /* in the initrd: here modules lie side by side, unpacked, under their names with underscores; NULL: as depmod knows them, with
                              indexes, in the directory of the kernel's version */
    unsigned mode;         /* of the file */
    /* The file with the drivers, the caller's; `own` is what it says ("" when it is not there). NULL: it is not laid out as that program writes it.
     * It never becomes shorter: Linux 2.6.16 and 2.6.18 unpack a file over one that is there without cutting that off. */
    char *(*with)(const char *own, const struct loading_request *request);
};

/* NULL: it is not known how to make one of that kind load anything. */
const struct loading *loading_of(enum initrd_kind kind);

/* May this name stand in a script? */
bool loading_is_plain_name(const char *module);

#endif
