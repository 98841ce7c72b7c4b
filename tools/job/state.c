/* See state.h. */
#include "state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "../base/cleanup.h"
#include "../base/clock.h"

#define WRITE_INTERVAL_SECONDS 0.5

static const char *outcome_name(enum outcome outcome)
{
    static const char *const names[] = {"running", "done", "failed", "blocked"};
    return names[outcome];
}

void state_begin_stage(struct job_state *state, const char *name)
{
    state->stage_began = clock_seconds();
    state->stages[state->stage_count++] = (struct stage_record){.name = name};
}

void state_end_stage(struct job_state *state, enum outcome outcome)
{
    struct stage_record *stage = &state->stages[state->stage_count - 1];
    stage->outcome = outcome;
    stage->seconds = clock_seconds() - state->stage_began;
}

static void add_source(const struct disk_state *disk, cJSON *document)
{
    if (!disk->source)
        return;
    cJSON *source = cJSON_AddObjectToObject(document, "source");
    json_add_string(source, "uri", disk->source);
    json_add_size(source, "size_bytes", disk->source_bytes);
}

static void add_target(const struct disk_state *disk, cJSON *document)
{
    if (!disk->target)
        return;
    cJSON *target = cJSON_AddObjectToObject(document, "target");
    json_add_string(target, "device", disk->target);
    json_add_string(target, "model", disk->target_model);
    json_add_string(target, "serial", disk->target_serial);
    json_add_size(target, "size_bytes", disk->target_bytes);
    json_add_string(target, "content", disk->target_content);
}

static void add_progress(const struct pull_progress *told, cJSON *document)
{
    cJSON *progress = cJSON_AddObjectToObject(document, "progress");
    json_add_size(progress, "total_bytes", told->total_bytes);
    json_add_size(progress, "done_bytes", told->done_bytes);
    json_add_size(progress, "resumed_bytes", told->resumed_bytes);
    json_add_size(progress, "received_bytes", told->received_bytes);
    json_add_size(progress, "lost_bytes", told->lost_bytes);
    json_add_size(progress, "verified_bytes", told->verified_bytes);
    cJSON_AddNumberToObject(progress, "seconds", told->seconds);
    json_add_string(progress, "trouble", told->trouble);
}

/* Of the only disk the document speaks as of the move itself; of several it has one object for each. */
static void add_disk(const struct disk_state *disk, cJSON *document)
{
    add_source(disk, document);
    add_target(disk, document);
    if (disk->has_progress)
        add_progress(&disk->progress, document);
    if (disk->map)
        cJSON_AddItemToObject(document, "map", cJSON_Duplicate(disk->map, true));
    if (disk->sha256)
        json_add_string(document, "sha256", disk->sha256);
    if (disk->lost)
        cJSON_AddItemToObject(document, "lost", cJSON_Duplicate(disk->lost, true));
}

static void add_disks(const struct job_state *state, cJSON *document)
{
    cJSON *disks = cJSON_AddArrayToObject(document, "disks");
    bool any_progress = false;
    for (unsigned i = 0; i < state->disk_count; i++) {
        add_disk(&state->disks[i], json_append_object(disks));
        any_progress |= state->disks[i].has_progress;
    }
    if (any_progress)
        add_progress(&state->progress, document);
}

static void add_stages(const struct job_state *state, cJSON *document)
{
    cJSON *stages = cJSON_AddArrayToObject(document, "stages");
    for (size_t i = 0; i < state->stage_count; i++) {
        const struct stage_record *record = &state->stages[i];
        cJSON *stage = json_append_object(stages);
        json_add_string(stage, "name", record->name);
        json_add_string(stage, "outcome", outcome_name(record->outcome));
        bool runs = record->outcome == OUTCOME_RUNNING;
        cJSON_AddNumberToObject(stage, "seconds", runs ? clock_seconds() - state->stage_began : record->seconds);
    }
}

static void add_error(const struct job_state *state, cJSON *document)
{
    if (!state->error.message[0])
        return;
    cJSON *error = cJSON_AddObjectToObject(document, "error");
    json_add_string(error, "message", state->error.message);
    json_add_string(error, "advice", state->error.advice[0] ? state->error.advice : NULL);
    json_add_string(error, "target_state", state->target_state);
}

cJSON *state_to_json(const struct job_state *state)
{
    cJSON *document = cJSON_CreateObject();
    cJSON_AddNumberToObject(document, "version", STATE_VERSION);
    json_add_string(document, "outcome", outcome_name(state->outcome));
    json_add_string(document, "stage", state->stage_count ? state->stages[state->stage_count - 1].name : NULL);
    json_add_string(document, "question", state->question);
    state->disk_count <= 1 ? add_disk(&state->disks[0], document) : add_disks(state, document);
    if (state->plan)
        cJSON_AddItemToObject(document, "plan", cJSON_Duplicate(state->plan, true));
    if (state->proof)
        cJSON_AddItemToObject(document, "proof", cJSON_Duplicate(state->proof, true));
    add_stages(state, document);
    add_error(state, document);
    return document;
}

/* No fsync: the document is for whoever looks now, and means nothing after a power cut. */
static int replace_file(const char *file, const char *content, struct error *err)
{
    cleanup_free char *temporary = checked_printf("%s.new", file);
    cleanup_fclose FILE *out = fopen(temporary, "we");
    if (!out)
        return error_errno(err, "write %s", temporary);
    bool failed = fputs(content, out) < 0 || fputc('\n', out) < 0;
    FILE *closing = take_pointer(out);
    if (fclose(closing) != 0 || failed || rename(temporary, file) < 0) {
        error_errno(err, "write %s", file);
        unlink(temporary);
        return -1;
    }
    return 0;
}

int state_write(struct job_state *state, bool now, struct error *err)
{
    if (!state->file || (!now && clock_seconds() - state->written < WRITE_INTERVAL_SECONDS))
        return 0;
    state->written = clock_seconds();
    cleanup_json cJSON *document = state_to_json(state);
    cleanup_free char *printed = cJSON_Print(document);
    if (!printed)
        return error_set(err, "write %s: the document could not be made", state->file);
    return replace_file(state->file, printed, err);
}

static void free_disk(struct disk_state *disk)
{
    free(disk->source);
    free(disk->target);
    free(disk->target_model);
    free(disk->target_serial);
    free(disk->target_content);
    free(disk->sha256);
    cJSON_Delete(disk->map);
    cJSON_Delete(disk->lost);
}

void state_free(struct job_state *state)
{
    for (unsigned i = 0; i < DISKS_MAX; i++)
        free_disk(&state->disks[i]);
    free(state->question);
    free(state->target_state);
    cJSON_Delete(state->plan);
    cJSON_Delete(state->proof);
    *state = (struct job_state){0};
}
