/* See resume.h. */
#include "resume.h"

#include <string.h>

#include "../base/cleanup.h"
#include "target/hold.h"
#include "target/mark.h"

static const struct map_digest everything; /* is copied: there is no map */

static bool is_same_map(const struct map_digest *a, const struct map_digest *b)
{
    return memcmp(a, b, sizeof *a) == 0;
}

static int refuse_other_size(const struct wanted_copy *wanted, uint64_t there, struct error *err)
{
    error_set(err, "%s holds a copy of a source of %llu bytes, and this source has %llu", wanted->options->target, (unsigned long long)there,
              (unsigned long long)wanted->source_bytes);
    return error_advise(err, "Is it the right source and the right disk? If so, --restart forgets what is there and starts over.");
}

static int refuse_other_state(const struct wanted_copy *wanted, enum pull_state state, struct error *err)
{
    error_set(err, "%s holds a %s of another source, or of this one in another state (it was written to since)", wanted->options->target,
              state == PULL_HELD ? "copy" : "half-done copy");
    return error_advise(err, "Is it the right source and the right disk? If so, --restart forgets what is there and starts over.");
}

static int refuse_unknown_state(const struct wanted_copy *wanted, struct error *err)
{
    error_set(err, "%s holds a copy, and the source can read too little of its first and last MiB to tell whether it is of this one", wanted->options->target);
    return error_advise(err, "Its disk is dying: look at the source's log. If you are sure that it is the right one, --restart starts over.");
}

static int refuse_other_map(const struct wanted_copy *wanted, struct error *err)
{
    if (is_same_map(wanted->map, &everything)) {
        error_set(err, "the copy on %s leaves free space out, and now everything is to be copied", wanted->options->target);
        return error_advise(err, "Go on as it was begun, without --all; or start over, with --restart.");
    }
    error_set(err, "the copy on %s was begun when other blocks of the source were in use: it was written to since", wanted->options->target);
    return error_advise(err, "Stop what writes on the source, then start over with --restart.");
}

/* What is settled was copied by the map of an earlier run. A copy of everything can go on by any map. */
static int agree_on_map(const struct wanted_copy *wanted, struct journal *journal, bool *other_map, struct error *err)
{
    *other_map = !is_same_map(&journal->map, wanted->map);
    if (*other_map && !is_same_map(&journal->map, &everything))
        return refuse_other_map(wanted, err);
    journal->map = *wanted->map;
    return 0;
}

int resume_find(const struct wanted_copy *wanted, struct target *target, struct journal *journal, enum pull_state *state, bool *other_map, struct error *err)
{
    cleanup_free unsigned char *head = aligned_alloc_checked(HEAD_BYTES);
    unsigned char mark[SECTOR];
    if (target_read(target, head, 0, HEAD_BYTES, err) < 0 || target_read(target, mark, mark_place(target->size_bytes), SECTOR, err) < 0)
        return -1;
    *state = state_in(head, mark, journal);
    if (wanted->options->restart) {
        journal_free(journal);
        *state = PULL_NONE;
    }
    if (*state == PULL_NONE)
        return 0;
    if (journal->source_bytes != wanted->source_bytes)
        return refuse_other_size(wanted, journal->source_bytes, err);
    enum identity_match match = identity_compare(&journal->identity, wanted->identity);
    if (match != IDENTITY_SAME)
        return match == IDENTITY_OTHER ? refuse_other_state(wanted, *state, err) : refuse_unknown_state(wanted, err);
    return agree_on_map(wanted, journal, other_map, err);
}
