/* What is in an initrd: a stream of cpio archives, some of them compressed. Little but names is kept; nothing is unpacked. */
#ifndef REHOST_GUEST_KERNEL_INITRD_H
#define REHOST_GUEST_KERNEL_INITRD_H

#include "../guest.h"

/* Lists what the initrd at `path` below the guest's root has: its modules, those of its programs that put volumes together, and its other files
 * (guest.h). What is wrong with it goes into initrd->problem: it is a finding about the guest, not an error of ours. */
void initrd_read(int root_fd, const char *path, struct initrd *initrd);
void initrd_free(struct initrd *initrd);
static inline void cleanup_free_initrd(struct initrd *initrd)
{
    initrd_free(initrd);
}
#define cleanup_initrd __attribute__((cleanup(cleanup_free_initrd)))

/* Adds the programs that a root in these layers (enum layer, one bit each) needs, and that the initrd does not have. */
void initrd_programs_lacking(const struct initrd *initrd, unsigned layers, struct strings *lacking);

/* The program and its arguments that unpack what begins with these bytes (six are enough), from its stdin to its stdout; NULL: it is not packed, or by
 * none that the kernel knows. */
const char *const *initrd_unpacker(const unsigned char *bytes, size_t length);

/* The walk itself, on descriptors, for tests: 0 when the stream is whole. */
int initrd_list(int fd, struct initrd *initrd, struct error *err);

#endif
