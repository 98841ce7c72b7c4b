/* The state of a job: one record, and the JSON document of it that faces other than the console read. */
#ifndef REHOST_JOB_STATE_H
#define REHOST_JOB_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "../base/error.h"
#include "../base/json.h"
#include "../guest/guest.h"
#include "../pull/pull.h"

#define STATE_VERSION 1
#define STATE_STAGES_MAX 16

enum outcome { OUTCOME_RUNNING, OUTCOME_DONE, OUTCOME_FAILED, OUTCOME_BLOCKED };

struct stage_record {
    const char *name;
    enum outcome outcome;
    double seconds;
};

struct disk_state {
    char *source;
    uint64_t source_bytes;
    char *target, *target_model, *target_serial, *target_content;
    uint64_t target_bytes;
    bool has_progress;
    struct pull_progress progress;
    cJSON *map;          /* NULL until there is one */
    char *sha256;        /* of the disk as it was read back; NULL: it was not */
    cJSON *lost;         /* ranges that the source could not read, and what they hold; NULL: none */
};

struct job_state {
    const char *file;   /* where the document goes; NULL: nowhere */
    enum outcome outcome;
    struct stage_record stages[STATE_STAGES_MAX]; /* as they were begun; the last is the current one */
    size_t stage_count;
    char *question;     /* what is being asked, or NULL */
    struct disk_state disks[DISKS_MAX];
    unsigned disk_count;
    struct pull_progress progress; /* of all disks */
    cJSON *plan, *proof; /* NULL until there is one */
    struct error error;  /* what failed */
    char *target_state; /* what a failure left on the target, for people */
    double stage_began, written;
    bool write_failed;
};

void state_begin_stage(struct job_state *state, const char *name);
void state_end_stage(struct job_state *state, enum outcome outcome);
/* Writes the document, in one rename, so that a reader never sees a half of it. A state that only shows progress is
 * written at most twice a second; `now` writes it in any case. */
int state_write(struct job_state *state, bool now, struct error *err);
cJSON *state_to_json(const struct job_state *state);
void state_free(struct job_state *state);

#endif
