/* The disk that is filled: a block device, or a file. Every write is checked, every error names disk and offset. */
#ifndef REHOST_PULL_TARGET_H
#define REHOST_PULL_TARGET_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../base/error.h"

#define PAGE_BYTES 4096u          /* what O_DIRECT wants of address, offset and length; no disk has larger sectors */
#define TARGET_AROUND_BYTES (2 * PAGE_BYTES)
#define TARGET_SCRATCH_BYTES (1u << 20)

struct target {
    char *path;
    int fd;            /* through the page cache: for what is not aligned */
    int direct_fd;     /* O_DIRECT, or -1 where the file system has none */
    bool is_block;
    uint64_t size_bytes;
    atomic_bool zeroes_well; /* can write zeroes without moving them */
};

/* Opens it for us alone: refuses what is mounted, held by RAID, LVM or swap, backs a loop device, is write-protected or
 * smaller than `size_bytes`. A file that does not exist is made. */
int target_open(struct target *target, const char *path, uint64_t size_bytes, struct error *err);
void target_close(struct target *target);

int target_write(struct target *target, const void *bytes, uint64_t offset, size_t length, struct error *err);
int target_read(const struct target *target, void *bytes, uint64_t offset, size_t length, struct error *err);
/* Reads past the page cache, however the range is aligned: it is read with what is around it, into a page-aligned `buffer` of `length` +
 * TARGET_AROUND_BYTES. Returns where in it the range is, or NULL. What was written has to be flushed. */
unsigned char *target_read_around(const struct target *target, unsigned char *buffer, uint64_t offset, size_t length, struct error *err);
/* What is said of a target that does not keep what was written. Returns -1. */
int target_refuse(const struct target *target, uint64_t offset, struct error *err);
/* Makes the range read as zeroes. Where the disk cannot do that by itself, it is read and only what is not zero is
 * written. `scratch` is page-aligned, TARGET_SCRATCH_BYTES long. */
int target_zero(struct target *target, uint64_t offset, uint64_t length, void *scratch, struct error *err);
/* Everything written so far is on stable storage when this returns 0. */
int target_flush(struct target *target, struct error *err);
/* Lets the kernel see the new partition table. */
void target_reread_partitions(const struct target *target);

/* Memory for O_DIRECT: whole pages, huge ones from 2 MiB on; the caller's, by free(). */
void *aligned_alloc_checked(size_t length);

#endif
