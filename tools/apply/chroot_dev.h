/* The /dev that a sealed program sees: the usual harmless nodes, and the guest's own disk. */
#ifndef REHOST_APPLY_CHROOT_DEV_H
#define REHOST_APPLY_CHROOT_DEV_H

#include <sys/types.h>

#include "../guest/guest.h"

/* A block device of the guest: found while this machine's /dev can still be seen. */
struct guest_node {
    char *path; /* "/dev/vda1" */
    char *uuid, *partuuid; /* of a partition; NULL */
    dev_t device;
};

struct guest_nodes {
    struct guest_node *items;
    size_t count;
};

void guest_nodes_find(const struct guest *guest, struct guest_nodes *nodes);
void guest_nodes_free(struct guest_nodes *nodes);
/* Fills the empty /dev of the current root. /proc and /sys must be there. -1 with errno and `*doing`. */
int dev_fill(const struct guest_nodes *nodes, const char **doing);

#endif
