/* The beginning and the end of a pull on the target: what keeps a half-done disk from booting, and what makes a whole
 * one boot. Each step is flushed before the next, so that being cut off between any two leaves a disk that does not
 * boot and from which the next run goes on. */
#ifndef REHOST_PULL_TARGET_ENDS_H
#define REHOST_PULL_TARGET_ENDS_H

#include "../identity.h"
#include "journal.h"
#include "target.h"

/* Overwrites both ends of what was there, the first sector before all else: label and an empty journal in the first MiB, zeroes in the last (of the
 * source's size and of the disk, where old GPT headers may be). */
int ends_prepare(struct target *target, struct journal *journal, const struct ends *ends, struct error *err);
/* Everything in between is flushed: says so in the label, writes the tail, the head, and the first sector last of all.
 * With `hold` the boot code is left out and the marker stands there; a disk that no firmware boots is not held.
 * With `check` all of it is read back, and what differs is written once more. */
int ends_finish(struct target *target, struct journal *journal, const struct ends *ends, bool hold, bool check, struct error *err);

#endif
