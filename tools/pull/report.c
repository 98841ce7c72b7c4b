/* What a copy comes to, for people and for programs. See report.h. */
#include "report.h"

#include <stdio.h>
#include <stdlib.h>

#include "../base/cleanup.h"
#include "../base/json.h"
#include "../base/options.h"
#include "../base/text.h"
#include "../guest/disk/contents.h"

static cJSON *ranges_to_json(const struct extents *ranges)
{
    cJSON *list = cJSON_CreateArray();
    for (size_t i = 0; i < ranges->count; i++) {
        cJSON *range = json_append_object(list);
        json_add_size(range, "offset_bytes", ranges->items[i].start);
        json_add_size(range, "size_bytes", ranges->items[i].end - ranges->items[i].start);
    }
    return list;
}

static int report_json(const struct pull_options *options, const struct pull_result *result, const struct contents *lost)
{
    cJSON *line = cJSON_CreateObject();
    cJSON_AddNumberToObject(line, "version", 1);
    cJSON_AddStringToObject(line, "event", "done");
    json_add_string(line, "source", options->source);
    json_add_string(line, "target", options->target);
    json_add_size(line, "total_bytes", result->progress.total_bytes);
    json_add_size(line, "received_bytes", result->progress.received_bytes);
    json_add_size(line, "resumed_bytes", result->progress.resumed_bytes);
    json_add_size(line, "zero_bytes", result->zero_bytes);
    json_add_size(line, "free_bytes", result->free_bytes);
    json_add_size(line, "lost_bytes", result->progress.lost_bytes);
    cJSON_AddItemToObject(line, "lost", contents_to_json(lost, result->lost.count));
    json_add_string(line, "sha256", result->sha256[0] ? result->sha256 : NULL);
    cJSON_AddItemToObject(line, "mended", ranges_to_json(&result->mended));
    json_add_size(line, "fetched_again_bytes", result->fetched_again_bytes);
    cJSON_AddNumberToObject(line, "verify_seconds", result->verify_seconds);
    json_add_size(line, "connections", result->connections);
    cJSON_AddNumberToObject(line, "seconds", result->progress.seconds);
    cJSON_AddNumberToObject(line, "forecast_seconds", result->progress.forecast_seconds);
    cJSON_AddBoolToObject(line, "boot_code_held", options->hold_boot_code);
    return json_print_line(line);
}

/* ", 1.2 GiB WHAT", or nothing when there is none of it; the caller's. */
static char *part(uint64_t bytes, const char *what)
{
    cleanup_free char *size = size_for_people(bytes);
    return bytes ? checked_printf(", %s %s", size, what) : checked_copy("");
}

static void report_lost(const struct pull_result *result, const struct contents *lost)
{
    if (!result->lost.count)
        return;
    cleanup_free char *size = size_for_people(result->progress.lost_bytes), *list = contents_to_text(lost, result->lost.count);
    printf("The source could not read %s of it, which are zeroes now:\n%s", size, list);
}

static void report_verified(const struct pull_options *options, const struct pull_result *result)
{
    if (options->verify && !result->sha256[0])
        printf("It was not verified: it is complete since an earlier run, and may have been changed since.\n");
    else if (result->sha256[0])
        printf("Verified in %.1f s: SHA-256 %s\n", result->verify_seconds, result->sha256);
    for (size_t i = 0; i < result->mended.count; i++)
        printf("warning: %s had other bytes than were written at offset %llu (%llu bytes); they are right now. Do not trust this disk.\n",
               options->target, (unsigned long long)result->mended.items[i].start,
               (unsigned long long)(result->mended.items[i].end - result->mended.items[i].start));
}

static int report_text(const struct pull_options *options, const struct pull_result *result, const struct contents *lost)
{
    cleanup_free char *total = size_for_people(result->progress.total_bytes), *received = size_for_people(result->progress.received_bytes);
    cleanup_free char *here = part(result->progress.resumed_bytes, "were here already"), *zero = part(result->zero_bytes, "are holes"), *unused = part(result->free_bytes, "are free");
    printf("%s on %s: %s received in %.1f s%s%s%s.%s\n", total, options->target, received, result->progress.seconds, here, zero, unused,
           options->hold_boot_code ? " The boot code is held back." : "");
    if (result->progress.forecast_seconds > 0)
        printf("Its first seconds foretold %.1f s.\n", result->progress.forecast_seconds);
    report_verified(options, result);
    report_lost(result, lost);
    return fflush(stdout) == 0 ? EXIT_DONE : EXIT_FAILED;
}

int report_done(const struct pull_options *options, bool json, const struct pull_result *result)
{
    struct contents *lost = contents_of(options->target, &result->lost);
    int status = json ? report_json(options, result, lost) : report_text(options, result, lost);
    contents_free(lost, result->lost.count);
    return status;
}

int report_failure(const struct pull_options *options, bool json, const struct error *err)
{
    if (json) {
        cJSON *line = cJSON_CreateObject();
        cJSON_AddNumberToObject(line, "version", 1);
        cJSON_AddStringToObject(line, "event", "failed");
        json_add_string(line, "target", options->target);
        json_add_string(line, "error", err->message);
        json_add_string(line, "advice", err->advice[0] ? err->advice : NULL);
        (void)json_print_line(line);
    }
    fprintf(stderr, "rehost: pull: %s\n", err->message);
    if (err->advice[0])
        fprintf(stderr, "%s\n", err->advice);
    return EXIT_FAILED;
}

void report_map(const struct pull_options *options, bool json, bool several, const struct used_map *map)
{
    if (!json) {
        cleanup_free char *table = used_to_text(map, "");
        printf("%s%s%s", several ? options->target : "", several ? ":\n" : "", table);
        fflush(stdout);
        return;
    }
    cJSON *line = used_to_json(map);
    cJSON_AddNumberToObject(line, "version", 1);
    cJSON_AddStringToObject(line, "event", "map");
    json_add_string(line, "target", options->target);
    (void)json_print_line(line);
}
