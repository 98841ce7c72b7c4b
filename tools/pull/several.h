/* Disks of one machine, copied at once. None of them is made one that boots before all have arrived, and the first is the last to be. */
#ifndef REHOST_PULL_SEVERAL_H
#define REHOST_PULL_SEVERAL_H

#include "../source/source.h"
#include "../used/used.h"
#include "pull.h"

struct disk {
    struct pull_options options;
    struct source source;
    struct used_map map;
    struct pull_result result;
    struct error error; /* when it failed */
    bool failed;
    bool waited_in_vain; /* all of it arrived, and it failed only because another did */
    void *context;      /* for whoever is told of its progress, from a thread of its own */
};

/* Does a copy onto all of these targets go on with what is on the one of this number (from 0)? A complete copy waits for the change that is made to all
 * of them together; so it is of no use any more when it is not known of the others that they are complete, too. */
bool several_goes_on(const char *const *targets, unsigned count, unsigned number);

/* Copies all of them. One that fails does not end the others: what arrives of these is kept, but they are not made to boot either.
 * 0: every one is complete. */
int several_run(struct disk *disks, unsigned count, pull_told *told);

#endif
