/* A thin pool of LVM: its metadata say which blocks of its data some thin volume, or a snapshot of one, maps. The others are free. */
#ifndef REHOST_USED_THIN_H
#define REHOST_USED_THIN_H

#include "volume.h"

struct thin_pool {
    const struct volume *metadata; /* with its node open */
    const struct volume *data;
    uint64_t transaction, chunk_bytes; /* as the volume group has them */
};

/* Tells `on_disk` what is free in the data. NULL; or why nothing can be told, the caller's. */
char *thin_find_free(const struct thin_pool *pool, struct free_ranges *on_disk);

#endif
