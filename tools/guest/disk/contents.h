/* What lies in ranges of a disk: which files, by the file systems' own tools. For ranges that could not be read from the source. */
#ifndef REHOST_GUEST_DISK_CONTENTS_H
#define REHOST_GUEST_DISK_CONTENTS_H

#include "../../base/extents.h"
#include "../../base/json.h"
#include "../guest.h"

struct contents {
    uint64_t start, end;  /* bytes of the disk */
    struct strings holds; /* for people: "partition 1 (ext4): /etc/fstab", "outside of all partitions" */
};

/* One for each range, the caller's. `disk` is a device or an image, on which nothing is written or mounted. What cannot be found out is
 * said in `holds`, too: this never fails. */
struct contents *contents_of(const char *disk, const struct extents *ranges);
void contents_free(struct contents *contents, size_t count);
/* An array of {offset_bytes, size_bytes, holds}. */
cJSON *contents_to_json(const struct contents *contents, size_t count);
/* One line for each; the caller's. */
char *contents_to_text(const struct contents *contents, size_t count);

/* For the files of one kind of file system: what was asked about one of its blocks, and what came of it. */
struct block_content {
    uint64_t block; /* number in the file system; 512-byte sectors in xfs */
    size_t range;   /* whose it is */
    char *what;     /* NULL: not known */
};

#define CONTENTS_BLOCKS_MAX 4096 /* more of one file system are not looked up */

/* contents_ext.c, contents_xfs.c: size of a block, and the answers for all blocks. -1: the tool fails. */
int ext_block_bytes(const char *device, uint32_t *block_bytes, struct error *err);
int ext_find_files(const char *device, struct block_content *blocks, size_t count, struct error *err);
int xfs_block_bytes(const char *device, uint32_t *block_bytes, struct error *err);
int xfs_find_files(const char *device, struct block_content *blocks, size_t count, struct error *err);
/* A name from a file system, with '?' for what would play tricks on a terminal; the caller's. */
char *contents_name(const char *name);
/* What a program of the file system may take: it reads what an attacker may have prepared. For struct program's in_child. */
int contents_limit_memory(void *unused);
#define CONTENTS_SECONDS 600

#define CONTENTS_METADATA "the file system's own structures: check it (fsck)"
#define CONTENTS_FREE "free space, nothing is lost"

#endif
