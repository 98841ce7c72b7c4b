/* A device to read a volume by that has none of its own: a window of the disk, or several put together by the device-mapper. */
#ifndef REHOST_USED_NODE_H
#define REHOST_USED_NODE_H

#include "../base/error.h"
#include "volume.h"

struct node {
    int loop_fd;  /* -1: none */
    char *mapped; /* the name of a device of the device-mapper; NULL: none */
};

/* Read-only, and by a name of ours, so that no volume group of this machine is ever meant. Sets volume->device.
 * `disk` is what the volume's offsets count on. */
int node_open(struct node *node, struct volume *volume, const char *disk, struct error *err);
void node_close(struct node *node);

#endif
