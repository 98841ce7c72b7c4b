/* Where a path of the guest really ends, before anything is changed there. */
#ifndef REHOST_APPLY_PLACE_H
#define REHOST_APPLY_PLACE_H

#include <stdbool.h>
#include <sys/stat.h>

#include "../base/error.h"

/* Symbolic links of the last component are followed inside the root, so that the file is replaced and not the link to it. */
struct place {
    int directory_fd; /* -1 when the directory is missing */
    char *path;       /* in the guest, links of the last component resolved; the caller's */
    const char *name; /* within `path` */
    bool exists;
    struct stat st;   /* when it exists */
};

/* -1 with an error when the name leads nowhere: a dangling or endless link. A missing file is none. */
int place_find(int root_fd, const char *path, struct place *place, struct error *err);
void place_free(struct place *place);
#define cleanup_place __attribute__((cleanup(place_free)))

#endif
