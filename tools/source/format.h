/* What a disk image is: by its first bytes, by its name, and by what the user says. Pure. */
#ifndef REHOST_SOURCE_FORMAT_H
#define REHOST_SOURCE_FORMAT_H

#include <stdint.h>

#include "../base/error.h"

#define FORMAT_HEAD_BYTES 512
#define FORMAT_TAIL_BYTES 512

enum format { FORMAT_RAW, FORMAT_QCOW2, FORMAT_VMDK, FORMAT_VHD, FORMAT_VHDX, FORMAT_VDI, FORMAT_COUNT };

/* The two ends of an image; what a short one lacks is zero. */
struct format_ends {
    unsigned char head[FORMAT_HEAD_BYTES], tail[FORMAT_TAIL_BYTES];
};

/* As qemu calls its driver. */
const char *format_driver(enum format format);
/* By the magic numbers of the formats' specifications. */
enum format format_of(const struct format_ends *ends);
/* What to read the image `path` as. A raw disk may hold anything, an image's magic too; so it is one only when its name says so
 * as well, or `wanted` does (NULL: nothing said). -1: the two do not agree, or it is a part of an image. */
int format_choose(const char *path, const char *wanted, const struct format_ends *ends, enum format *format, struct error *err);

#endif
