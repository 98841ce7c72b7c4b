/* After the copy: the target is read back and compared with what was received. */
#ifndef REHOST_PULL_VERIFY_H
#define REHOST_PULL_VERIFY_H

#include "../pull.h"
#include "../target/ends.h"

struct verify {
    struct nbd *nbd;           /* not connected; for what has to be fetched again */
    struct nbd_source *source;
    struct target *target;
    struct journal *journal;
    const struct extents *in_use;
    const struct ends *ends;
    bool zero_unreadable;
    struct source *opened;     /* these two as in struct pull_options */
    unsigned patience_seconds;
};

/* Sees to it that the copy is digested from now on. What an earlier run settled without that is compared with the source later on, and so
 * is all of it when `other_map`: then it may have digested more than is in use now. */
int verify_prepare(struct journal *journal, bool other_map, struct error *err);

/* Reads the body back, past the page cache. What differs from what was received is fetched again, once, and stands in result->mended; when
 * it differs a second time, or when there is too much of it, this fails with the disk and the offset. Fills result->sha256, too. */
int verify_run(const struct verify *verify, pull_told *told, void *context, struct pull_result *result, struct error *err);

#endif
