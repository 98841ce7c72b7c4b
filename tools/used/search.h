/* What looks into the volumes of a disk, one inside of the other. Only this room uses it. */
#ifndef REHOST_USED_SEARCH_H
#define REHOST_USED_SEARCH_H

#include "used.h"
#include "volume.h"

struct search {
    const struct guest *guest;
    struct used_map *map;      /* its list of volumes grows */
    struct free_ranges on_disk;
};

/* Looks into a volume by what libblkid has recognised in it, and adds a line for it, and one for each that is in it. */
void search_volume(struct search *search, const struct volume *volume);

#endif
