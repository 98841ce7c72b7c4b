/* The pull: a disk comes over NBD and lands on the local one. */
#ifndef REHOST_PULL_H
#define REHOST_PULL_H

#include <stdbool.h>
#include <stdint.h>

#include "../base/error.h"
#include "../base/extents.h"

/* The boot code of an MBR: the bytes before the disk signature and the partition table. */
#define BOOT_CODE_BYTES 440
#define PULL_SHA256_BYTES 32
/* By how much the target has to be larger than a source that is put into a partition. */
#define PULL_PARTITION_START (1u << 20)

struct source;

struct pull_options {
    const char *source;   /* its URI as the user gave it: for messages and the journal */
    const char *nbd_uri;  /* where it is heard (source/source.h); NULL: at that URI itself */
    struct source *opened; /* whose nbd_uri that is: what makes NBD of it is started anew when it dies. NULL: nothing does */
    const char *target;   /* a block device or a file */
    unsigned connections; /* 0: chosen by what the server allows */
    uint32_t request_bytes; /* 0: chosen */
    unsigned patience_seconds; /* how long a lost source is waited for; UINT_MAX: for ever */
    bool heard;           /* it has answered before, so it is no wrong one: lost before the copy, it is waited for as long */
    const struct extents *in_use; /* the blocks that are copied, the rest being of no use (used.h); NULL: everything */
    uint64_t in_use_of_bytes; /* the size of the disk that they were found on */
    bool zero_unreadable; /* a range that the source cannot read is zeroed and noted, and does not end the copy */
    bool verify;          /* read the copy back and compare it with what was received */
    bool restart;         /* forget what a journal on the target says */
    bool into_partition;  /* the source is one file system without a partition table: it becomes partition 1 of a disk that can boot */
    unsigned disks;       /* that are copied at once, this one among them, and share the memory; 0: it alone */
    /* Asked when everything but the ends has arrived, before the disk is made one that boots: 0 to go on. NULL: nobody is asked. */
    int (*before_ends)(void *context, struct error *err);
    void *context;
    bool hold_boot_code;  /* leave the disk complete but unbootable: see pull_release */
};

struct pull_progress {
    uint64_t total_bytes;   /* of the disk */
    uint64_t done_bytes;    /* settled: received, known to be zero, or here already */
    uint64_t resumed_bytes; /* of these, here from an earlier run */
    uint64_t received_bytes; /* over the wire in this run */
    uint64_t lost_bytes;    /* that the source could not read */
    bool verifying;         /* the copy is there, and is read back … */
    uint64_t verified_bytes; /* … up to here */
    double seconds;         /* since the copy began; of `verifying`, since that did */
    double forecast_seconds; /* what the first seconds of the copy foretold for all of it; 0: it was too short, or has just begun */
    const char *trouble;    /* "the source does not answer, trying again …", or NULL */
};

/* Adds one disk's to the sum of several, which starts as {.verifying = true}: a disk that still copies is further from the end than one
 * that reads back. The clock is that of the one that tells the latest time. */
void pull_progress_add(struct pull_progress *sum, const struct pull_progress *each);

struct pull_result {
    struct pull_progress progress;
    uint64_t zero_bytes;    /* never sent */
    uint64_t free_bytes;    /* of the disk, not in use and left out */
    struct extents lost;    /* what the source could not read, in this run and those before: zero on the target */
    char sha256[2 * PULL_SHA256_BYTES + 1]; /* of the whole disk as it was read back, its boot code in place and what was not copied as zeroes; "": not verified */
    double verify_seconds;
    struct extents mended;  /* what read back different from what was received, and was written again */
    uint64_t fetched_again_bytes; /* to compare, where the digest differed or was not known */
    unsigned connections;
    unsigned char boot_code[BOOT_CODE_BYTES]; /* the source's or its new table's, for pull_release */
};

typedef void pull_told(void *context, const struct pull_progress *progress);

/* Returns when everything is on stable storage, or fails with the disk and the offset named. The journal stays then, and
 * the next call goes on from it. `result` is for pull_result_free in either case. `told` is called about four times a second from the caller's thread. */
int pull_run(const struct pull_options *options, pull_told *told, void *context, struct pull_result *result, struct error *err);

void pull_result_free(struct pull_result *result);

enum pull_state { PULL_NONE, PULL_HALF_DONE, PULL_HELD };
/* What rehost has left on this disk: nothing, a journal, or a complete disk whose boot code is held back.
 * `description` (the caller's, may be NULL) says of which source, and how much has arrived. */
enum pull_state pull_state_of(const char *target, char **description);
/* Puts the boot code in place, last of all, and flushes. */
int pull_release(const char *target, const unsigned char boot_code[BOOT_CODE_BYTES], struct error *err);

/* Asks the source for its size and reads some bytes, without a target. `name` is its URI as the user gave it. */
int pull_source_size(const char *name, const char *nbd_uri, uint64_t *size_bytes, struct error *err);
/* Waits for a source that has answered before, as the copy would: as long, and what makes NBD of it is started anew. `tell` hears now and then that it
 * is gone. 0: it answers. */
int pull_await(const struct pull_options *options, void (*tell)(void *context, const char *trouble), void *context, struct error *err);

int command_pull(int argc, char **argv);

#endif
