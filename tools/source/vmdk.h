/* The descriptor of a VMDK whose disk stands in other files: which files, and what of the disk is in each. Pure.
 *
 *     # Disk DescriptorFile
 *     parentCID=ffffffff
 *     createType="twoGbMaxExtentSparse"
 *     RW 4192256 SPARSE "web-s001.vmdk"
 *     RW 2097152 FLAT "web-f002.vmdk" 0                (VMware's Virtual Disk Format 1.1) */
#ifndef REHOST_SOURCE_VMDK_H
#define REHOST_SOURCE_VMDK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../base/error.h"

#define VMDK_DESCRIPTOR_MAX 65536u /* in bytes */
#define VMDK_PARTS_MAX 1024

struct vmdk_part {
    uint64_t sectors;        /* of the disk, of 512 bytes */
    uint64_t offset_sectors; /* in the file, of a flat part */
    const char *type;        /* static */
    bool is_flat;            /* the bytes themselves, and not packed */
    char *name;              /* as the descriptor writes it: nobody has looked where it leads */
};

struct vmdk {
    const char *type; /* static */
    bool is_snapshot; /* what was not changed since stands in another VMDK */
    struct vmdk_part *parts;
    size_t part_count;
};

/* -1: it is none, or it has parts of a kind that qemu does not read. On -1 there is nothing to free. */
int vmdk_parse(const char *descriptor, struct vmdk *vmdk, struct error *err);
/* A descriptor of the same disk with nothing in it that is not known here, and another path for each part; the caller's. */
char *vmdk_write(const struct vmdk *vmdk, const char *const *paths);
void vmdk_free(struct vmdk *vmdk);

#endif
