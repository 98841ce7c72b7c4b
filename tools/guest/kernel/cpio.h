/* Walks the headers of "newc" cpio archives, the format of an initrd (Documentation/driver-api/early-userspace/
 * buffer-format.rst of the kernel). Several archives may stand one after the other, with zeroes between them. */
#ifndef REHOST_GUEST_KERNEL_CPIO_H
#define REHOST_GUEST_KERNEL_CPIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../base/error.h"
#include "../../base/text.h"

#define CPIO_HEADER_BYTES 110
#define CPIO_NAME_MAX 4096
#define CPIO_CONTENT_MAX 65536

/* A file with all that is in it. `bytes` is no text: it may hold NULs, and none ends it. */
typedef void cpio_content(void *context, const char *name, const char *bytes, size_t length);

struct cpio_reader {
    int fd;
    uint64_t position;   /* bytes taken so far */
    unsigned char buffer[65536];
    size_t start, end;   /* of what is in the buffer */
    unsigned names;      /* seen so far, for the bound on rubbish */
    uint64_t data_bytes; /* of its files, so far */
    bool (*wants)(const char *name); /* which files are told with their content, where they have CPIO_CONTENT_MAX bytes at most; NULL: none */
    cpio_content *content;
};

typedef void cpio_name(void *context, const char *name, uint32_t mode);

/* Reads archives for as long as they follow each other.
 * 1: the stream ended after a whole archive. 0: something follows that is no archive; reader->position says where
 * it begins. -1: the stream is damaged or cut off. */
int cpio_walk(struct cpio_reader *reader, cpio_name *told, void *context, struct error *err);
/* True when these bytes begin a newc header. */
bool cpio_is_header(const unsigned char *bytes, size_t length);

#endif
