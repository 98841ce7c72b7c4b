/* What looks into the volumes of a disk, one inside of the other. Only this room uses it. */
#ifndef REHOST_USED_SEARCH_H
#define REHOST_USED_SEARCH_H

#include "node.h"
#include "used.h"
#include "volume.h"

/* A physical volume of LVM that was come across: a volume group may have several on the disk, so they are looked into together at the end. */
struct physical {
    char *device;
    uint64_t disk_offset, size_bytes;
    size_t line;               /* of the map's list */
};

struct search {
    const struct guest *guest;
    struct used_map *map;      /* its list of volumes grows */
    struct free_ranges on_disk;
    struct physical *physicals;
    size_t physical_count;
    struct node *nodes;        /* that the physical volumes are read by */
    size_t node_count;
};

/* A line for people; the strings are copied. It lasts until the next one is added. */
struct used_volume *search_add_line(struct search *search, unsigned depth, const char *name, const char *what, uint64_t size_bytes);
/* Looks into a volume by what libblkid has recognised in it, and adds a line for it, and one for each that is in it. */
void search_volume(struct search *search, const struct volume *volume);

/* raid.c: into a member of an md array. NULL; or why not, the caller's. */
char *search_raid(struct search *search, const struct volume *member);
/* lvm.c: into the physical volumes that were come across. */
void search_physicals(struct search *search);

#endif
