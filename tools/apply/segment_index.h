/* Indexes of some of a kernel's modules, as modprobe and udev read them: modules.dep, modules.alias, and their binary forms. */
#ifndef REHOST_APPLY_SEGMENT_INDEX_H
#define REHOST_APPLY_SEGMENT_INDEX_H

#include "../guest/guest.h"

/* Where the guest's depmod works, and what it has left there until segment_index_forget. */
#define SEGMENT_TREE "/var/lib/rehost/initrd"

/* Makes the indexes of `files` ("kernel/drivers/block/virtio_blk.ko", as the initrd is to have them), which are modules of this
 * kernel. `directory` gets the path in the guest where they then are, the caller's, and `names` theirs ("modules.dep"). */
int segment_index_make(const struct guest *guest, const struct kernel *kernel, const struct strings *files, char **directory, struct strings *names, struct error *err);
void segment_index_forget(const struct guest *guest);

#endif
