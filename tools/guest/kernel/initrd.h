/* What is in an initrd: a stream of cpio archives, some of them compressed. Names only; nothing is unpacked. */
#ifndef REHOST_GUEST_KERNEL_INITRD_H
#define REHOST_GUEST_KERNEL_INITRD_H

#include "../guest.h"

/* Lists the kernel modules of the initrd at `path` below the guest's root into initrd->modules. What is wrong with it
 * goes into initrd->problem: it is a finding about the guest, not an error of ours. */
void initrd_read(int root_fd, const char *path, struct initrd *initrd);

/* The walk itself, on descriptors, for tests: 0 when the stream is whole. */
int initrd_list(int fd, struct strings *modules, struct error *err);

#endif
