/* The status document: every reader finds a whole one, and it says what the console says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "job/state.h"

static char *directory_for_test(void)
{
    char *directory = checked_copy("/tmp/rehost-state-XXXXXX");
    assert_non_null(mkdtemp(directory));
    return directory;
}

static cJSON *read_document(const char *file)
{
    FILE *in = fopen(file, "re");
    assert_non_null(in);
    static char buffer[65536];
    buffer[fread(buffer, 1, sizeof buffer - 1, in)] = '\0';
    fclose(in);
    cJSON *document = cJSON_Parse(buffer);
    assert_non_null(document);
    return document;
}

static void the_document_says_stage_source_target_and_failure(void **unused)
{
    (void)unused;
    struct job_state state = {.disks[0] = {.source = checked_copy("nbd://h/x"), .source_bytes = 5, .target = checked_copy("/dev/vda"),
                                           .target_content = checked_copy("label \xff\x01")}, .disk_count = 1, .outcome = OUTCOME_FAILED};
    state_begin_stage(&state, "hardware");
    state_end_stage(&state, OUTCOME_DONE);
    state_begin_stage(&state, "pull");
    error_set(&state.error, "read at 4096: Input/output error");
    cleanup_json cJSON *document = state_to_json(&state);
    assert_int_equal(json_size(document, "version"), STATE_VERSION);
    assert_string_equal(json_string(document, "outcome"), "failed");
    assert_string_equal(json_string(document, "stage"), "pull");
    const cJSON *stages = cJSON_GetObjectItem(document, "stages");
    assert_int_equal(cJSON_GetArraySize(stages), 2);
    assert_string_equal(json_string(cJSON_GetArrayItem(stages, 0), "outcome"), "done");
    assert_string_equal(json_string(cJSON_GetArrayItem(stages, 1), "outcome"), "running");
    assert_string_equal(json_string(cJSON_GetObjectItem(document, "error"), "message"), "read at 4096: Input/output error");
    assert_string_equal(json_string(cJSON_GetObjectItem(document, "target"), "content"), "label ?\x01");
    state_free(&state);
}

static void several_disks_stand_each_for_itself(void **unused)
{
    (void)unused;
    struct job_state state = {.disks = {{.source = checked_copy("nbd://h/a"), .has_progress = true, .progress = {.done_bytes = 3}},
                                        {.source = checked_copy("nbd://h/b"), .sha256 = checked_copy("00")}},
                              .disk_count = 2, .progress = {.done_bytes = 7}};
    cleanup_json cJSON *document = state_to_json(&state);
    const cJSON *disks = cJSON_GetObjectItem(document, "disks");
    assert_int_equal(cJSON_GetArraySize(disks), 2);
    assert_int_equal(json_size(cJSON_GetObjectItem(document, "progress"), "done_bytes"), 7);
    assert_int_equal(json_size(cJSON_GetObjectItem(cJSON_GetArrayItem(disks, 0), "progress"), "done_bytes"), 3);
    assert_string_equal(json_string(cJSON_GetObjectItem(cJSON_GetArrayItem(disks, 1), "source"), "uri"), "nbd://h/b");
    assert_string_equal(json_string(cJSON_GetArrayItem(disks, 1), "sha256"), "00");
    assert_null(cJSON_GetObjectItem(document, "source"));
    state_free(&state);
}

static void progress_is_written_at_most_twice_a_second(void **unused)
{
    (void)unused;
    cleanup_free char *directory = directory_for_test(), *file = checked_printf("%s/status.json", directory);
    struct job_state state = {.file = file, .disks[0] = {.has_progress = true, .progress = {.total_bytes = 100, .done_bytes = 1}}, .disk_count = 1};
    assert_int_equal(state_write(&state, true, NULL), 0);
    state.disks[0].progress.done_bytes = 2;
    state.written += 1000; /* seconds: it was written just now, however slow this machine is */
    assert_int_equal(state_write(&state, false, NULL), 0);
    cJSON *document = read_document(file);
    assert_int_equal(json_size(cJSON_GetObjectItem(document, "progress"), "done_bytes"), 1);
    cJSON_Delete(document);
    state.written -= 2000;
    assert_int_equal(state_write(&state, false, NULL), 0);
    document = read_document(file);
    assert_int_equal(json_size(cJSON_GetObjectItem(document, "progress"), "done_bytes"), 2);
    cJSON_Delete(document);
    unlink(file);
    assert_int_equal(rmdir(directory), 0); /* nothing temporary is left */
    state.file = NULL;
    state_free(&state);
}

static void a_status_that_cannot_be_written_is_named(void **unused)
{
    (void)unused;
    struct job_state state = {.file = "/nowhere/status.json"};
    struct error err = {0};
    assert_int_equal(state_write(&state, true, &err), -1);
    assert_non_null(strstr(err.message, "/nowhere/status.json"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_document_says_stage_source_target_and_failure),
        cmocka_unit_test(several_disks_stand_each_for_itself),
        cmocka_unit_test(progress_is_written_at_most_twice_a_second),
        cmocka_unit_test(a_status_that_cannot_be_written_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
