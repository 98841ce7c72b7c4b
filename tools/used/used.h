/* Which blocks of a disk are in use: taken from the file systems' own allocation, before the copy. What is not understood, or not trusted, is in
 * use as a whole; only what is known to be free is left out. */
#ifndef REHOST_USED_H
#define REHOST_USED_H

#include "../base/extents.h"
#include "../guest/guest.h"
#include "../source/source.h"

/* One line of the account for people: a partition, a volume inside of one, or what lies outside of all. */
struct used_volume {
    unsigned depth;         /* 0: directly on the disk; 1: inside of the one before that has 0; … */
    char *name;             /* "partition 2", "vg0/root" */
    char *what;             /* "ext4", "swap", "LVM2_member"; NULL: not known */
    uint64_t size_bytes;
    uint64_t travels_bytes; /* how much of it is copied */
    char *why_whole;        /* NULL: only what is in use travels */
};

struct used_map {
    uint64_t disk_bytes;
    struct extents in_use;  /* from multiples of 64 KiB to such, or to the end of the disk */
    struct used_volume *volumes;
    size_t volume_count;
};

/* Of a disk that is attached and has nothing mounted: partclone refuses what is. Fails when it cannot be read: what is not understood is in use. */
int used_find_on(const struct guest *guest, struct used_map *map, struct error *err);
/* The same of a source, which is attached for it. */
int used_find_in(const struct source *source, struct used_map *map, struct error *err);
void used_free(struct used_map *map);

/* A table for people, each line indented by `indent`; the caller's. */
char *used_to_text(const struct used_map *map, const char *indent);
cJSON *used_to_json(const struct used_map *map);

#endif
