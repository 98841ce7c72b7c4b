/* The keys of a job by number, for what reads and merges them. */
#ifndef REHOST_JOB_KEYS_H
#define REHOST_JOB_KEYS_H

#include "job.h"

#define JOB_PREFIX "rehost." /* of a key on the kernel's command line */

/* The order is that of the bits in struct job's `given`. */
enum key_number {
    KEY_SOURCE, KEY_PASSWORD_FILE, KEY_LUKS_KEY, KEY_DISK, KEY_NIC, KEY_IP, KEY_MAP, KEY_ADDRESS, KEY_CONFIRM, KEY_RESTART, KEY_ALL, KEY_AFTER,
    KEY_PATIENCE, KEY_READ_ERRORS, KEY_VERIFY, KEY_PACKAGES, KEY_JOB, KEY_COUNT,
};

/* keys.c: one key and its value, into a job that holds what this text alone has said so far. `prefix` is what stands before the key there. */
int job_take_pair(struct job *job, const char *name, const char *value, const char *prefix, struct error *err);

/* merge.c: fills what `winner` was not told from `loser`, which is good for nothing but job_free then. */
void job_merge(struct job *winner, struct job *loser);

#endif
