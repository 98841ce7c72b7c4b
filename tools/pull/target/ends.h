/* The beginning and the end of a pull on the target: what keeps a half-done disk from booting, and what makes a whole
 * one boot. Each step is flushed before the next, so that being cut off between any two leaves a disk that does not
 * boot and from which the next run goes on. */
#ifndef REHOST_PULL_TARGET_ENDS_H
#define REHOST_PULL_TARGET_ENDS_H

#include "../../base/extents.h"
#include "../identity.h"
#include "journal.h"
#include "target.h"

/* Overwrites both ends of what was there, the first sector before all else: label and an empty journal in the first MiB, zeroes in the last (of the
 * source's size and of the disk, where old GPT headers may be). */
int ends_prepare(struct target *target, struct journal *journal, const struct ends *ends, struct error *err);

/* How a copy ends. */
struct ending {
    bool hold;  /* leave the boot code out, and put the marker in its place; where it would hide something, in free space, if there is some (mark.h) */
    bool check; /* read all of it back, and write once more what differs */
    const struct extents *in_use; /* what the copy consists of */
};

/* Everything in between is flushed: says so in the label, writes the tail, the head, and the first sector last of all. */
int ends_finish(struct target *target, struct journal *journal, const struct ends *ends, const struct ending *ending, struct error *err);

#endif
