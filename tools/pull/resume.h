/* What is on a target already: nothing of ours, or a copy to go on from, if it is of this very source. */
#ifndef REHOST_PULL_RESUME_H
#define REHOST_PULL_RESUME_H

#include "identity.h"
#include "pull.h"
#include "target/target.h"

struct wanted_copy {
    const struct pull_options *options;
    uint64_t source_bytes;
    const struct identity *identity;
    const struct map_digest *map;
};

/* With PULL_HALF_DONE `journal` (the caller's to free, zeroed before) is what to go on from; -1 when what is there is another copy. `other_map`: an earlier
 * run copied more than what is in use by this map. */
int resume_find(const struct wanted_copy *wanted, struct target *target, struct journal *journal, enum pull_state *state, bool *other_map, struct error *err);

#endif
