/* The disks of this machine as targets: which can be taken, and why the others cannot. */
#ifndef REHOST_JOB_DISKS_H
#define REHOST_JOB_DISKS_H

#include "run.h"

struct candidate {
    const struct hardware_disk *disk; /* of run->hardware */
    char *problem; /* why it cannot be the target, NULL: it can */
    char *content; /* what is on it */
};

struct candidates {
    struct candidate *items;
    size_t count;
    size_t usable; /* how many have no problem */
};

/* For the disk `i` of the move. Looks at the hardware anew, as disks may come late (USB, slow controllers). */
int candidates_find(struct run *run, unsigned i, struct candidates *list, struct error *err);
void candidates_free(struct candidates *list);
/* By device, name or serial number; NULL: none of them. */
const struct candidate *candidates_named(const struct candidates *list, const char *word);
/* The one that stands at this number (from 1) among the usable ones. */
const struct candidate *candidates_numbered(const struct candidates *list, size_t number);
/* Why what lies at this path is not for the disk `i`: another one of this move goes there, or comes from there. The caller's; NULL: none does. */
char *disk_taken(const struct run *run, unsigned i, const char *path);
/* What would change the list: names and sizes. The caller's. */
char *hardware_disks_key(const struct hardware *hardware);

#define cleanup_candidates __attribute__((cleanup(candidates_free)))

#endif
