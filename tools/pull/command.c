/* rehost pull: options, progress on the terminal or as JSON lines. See pull.h. */
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../base/cleanup.h"
#include "../base/json.h"
#include "../base/options.h"
#include "../base/text.h"
#include "../guest/contents.h"
#include "../source/source.h"
#include "../used/used.h"
#include "measure.h"
#include "pull.h"

#define PATIENCE_SECONDS 600
#define CONNECTIONS_MAX 16
#define REQUEST_BYTES_MIN 4096
#define REQUEST_BYTES_MAX (8u << 20)
#define RATE_WINDOW 32         /* tellings, of which there are four a second */
#define PLAIN_EVERY_SECONDS 10 /* where there is no terminal to redraw a line on */
#define BAR_WIDTH 30

struct arguments {
    struct pull_options options;
    bool json, all, measure, write;
};

struct face {
    bool json, terminal;
    double told_at, seconds[RATE_WINDOW], bytes[RATE_WINDOW];
    unsigned count;
    bool in_trouble;
};

static int take_number(const char *argument, uint64_t min, uint64_t max, uint64_t *number)
{
    char *end;
    if (*argument < '0' || *argument > '9')
        return -1;
    *number = strtoull(argument, &end, 10);
    return *end || *number < min || *number > max ? -1 : 0;
}

static int take_connections(void *context, const char *argument)
{
    uint64_t number;
    if (take_number(argument, 1, CONNECTIONS_MAX, &number) < 0)
        return -1;
    *(unsigned *)context = (unsigned)number;
    return 0;
}

static int take_request_bytes(void *context, const char *argument)
{
    uint64_t number;
    if (take_number(argument, REQUEST_BYTES_MIN, REQUEST_BYTES_MAX, &number) < 0 || number % REQUEST_BYTES_MIN)
        return -1;
    *(uint32_t *)context = (uint32_t)number;
    return 0;
}

static int take_patience(void *context, const char *argument)
{
    uint64_t number = UINT32_MAX;
    if (!string_is(argument, "forever") && take_number(argument, 0, UINT32_MAX - 1, &number) < 0)
        return -1;
    *(unsigned *)context = (unsigned)number;
    return 0;
}

static int take_read_errors(void *context, const char *argument)
{
    if (!string_is(argument, "stop") && !string_is(argument, "zero"))
        return -1;
    *(bool *)context = string_is(argument, "zero");
    return 0;
}

static int parse(int argc, char **argv, struct arguments *arguments, int *status)
{
    struct pull_options *options = &arguments->options;
    const struct option_row rows[] = {
        {.name = "all", .flag = &arguments->all, .help = "copy the free space of file systems and volume groups too"},
        {.name = "connections", .argument = "N", .take = take_connections, .context = &options->connections, .help = "1 to 16; default: 4 where the server allows it, else 1"},
        {.name = "request-size", .argument = "BYTES", .take = take_request_bytes, .context = &options->request_bytes, .help = "4096 to 8388608, a multiple of 4096; default 1048576"},
        {.name = "patience", .argument = "SECONDS", .take = take_patience, .context = &options->patience_seconds, .help = "how long a lost source is waited for, or \"forever\"; default 600"},
        {.name = "read-errors", .argument = "HOW", .take = take_read_errors, .context = &options->zero_unreadable, .help = "what the source cannot read: \"stop\" (the default), or \"zero\": make it zeroes, and list it with the files"},
        {.name = "restart", .flag = &options->restart, .help = "forget a half-done copy on the disk and start over"},
        {.name = "hold-boot", .flag = &options->hold_boot_code, .help = "leave the boot code out, so that the disk does not boot yet"},
        {.name = "measure", .flag = &arguments->measure, .help = "copy nothing: find out in some seconds how long it would take, and what limits"},
        {.name = "write", .flag = &arguments->write, .help = "with --measure: overwrite a part of DISK to learn how fast it is"},
        {.name = "json", .flag = &arguments->json, .help = "print one JSON document per line"},
        {0},
    };
    const struct usage usage = {"pull", "SOURCE-URI DISK", "Copies a disk onto a local disk or file, and goes on where an earlier run was cut off.\n"
                                "What is on DISK is lost. The source is only read.\n\nSOURCE-URI is " SOURCE_FORMS ".", rows, 1, 2};
    int first;
    if (options_parse(&usage, argc, argv, &first, status) < 0)
        return -1;
    options->source = argv[first];
    options->target = first + 1 < argc ? argv[first + 1] : NULL;
    *status = EXIT_USAGE;
    if (!options->target && (!arguments->measure || arguments->write))
        return fprintf(stderr, "rehost: pull: onto which DISK?\n"), -1;
    if (arguments->write && !arguments->measure)
        return fprintf(stderr, "rehost: pull: --write belongs to --measure; a copy needs no leave to write\n"), -1;
    return 0;
}

/* Bytes per second over the last seconds, from what moved in this run. */
static double rate_of(struct face *face, const struct pull_progress *progress)
{
    unsigned at = face->count % RATE_WINDOW, oldest = face->count >= RATE_WINDOW ? at : 0;
    double seconds = progress->seconds, bytes = (double)progress->done_bytes;
    double passed = face->count ? seconds - face->seconds[oldest] : 0, moved = face->count ? bytes - face->bytes[oldest] : 0;
    face->seconds[at] = seconds;
    face->bytes[at] = bytes;
    face->count++;
    return passed > 0 ? moved / passed : 0;
}

static char *time_left(const struct pull_progress *progress, double rate)
{
    double seconds = rate > 0 ? (double)(progress->total_bytes - progress->done_bytes) / rate : -1;
    if (seconds < 0 || seconds > 99 * 3600)
        return checked_copy("--:--");
    unsigned whole = (unsigned)ceil(seconds);
    return whole < 3600 ? checked_printf("%u:%02u", whole / 60, whole % 60) : checked_printf("%u:%02u:%02u", whole / 3600, whole / 60 % 60, whole % 60);
}

static char *progress_line(const struct pull_progress *progress, double rate)
{
    cleanup_free char *done = size_for_people(progress->done_bytes), *total = size_for_people(progress->total_bytes);
    cleanup_free char *speed = size_for_people(rate > 0 ? (uint64_t)rate : 0), *left = time_left(progress, rate);
    double part = progress->total_bytes ? (double)progress->done_bytes / (double)progress->total_bytes : 0;
    char bar[BAR_WIDTH + 1];
    memset(bar, '.', BAR_WIDTH);
    memset(bar, '#', (size_t)(part * BAR_WIDTH));
    bar[BAR_WIDTH] = '\0';
    return checked_printf("[%s] %3d %%  %s of %s  %s/s  %s left", bar, (int)(part * 100), done, total, speed, left);
}

static void tell_json(const struct pull_progress *progress, double rate)
{
    cJSON *line = cJSON_CreateObject();
    cJSON_AddNumberToObject(line, "version", 1);
    cJSON_AddStringToObject(line, "event", "progress");
    json_add_size(line, "total_bytes", progress->total_bytes);
    json_add_size(line, "done_bytes", progress->done_bytes);
    json_add_size(line, "resumed_bytes", progress->resumed_bytes);
    json_add_size(line, "received_bytes", progress->received_bytes);
    json_add_size(line, "lost_bytes", progress->lost_bytes);
    json_add_size(line, "bytes_per_second", rate > 0 ? (uint64_t)rate : 0);
    cJSON_AddNumberToObject(line, "seconds", progress->seconds);
    json_add_string(line, "trouble", progress->trouble);
    (void)json_print_line(line); /* a reader that went away does not end the copy; the exit status tells */
}

static void tell_terminal(struct face *face, const struct pull_progress *progress, double rate)
{
    cleanup_free char *line = progress_line(progress, rate);
    fprintf(stderr, "\r\033[K%s%s%s", line, progress->trouble ? "\n\033[K" : "", progress->trouble ? progress->trouble : "");
    if (progress->trouble)
        fprintf(stderr, "\033[A");
    else if (face->in_trouble)
        fprintf(stderr, "\n\033[K\033[A"); /* wipes the trouble that is over */
    face->in_trouble = progress->trouble != NULL;
    fflush(stderr);
}

/* For logs and pipes: a line now and then, and each trouble when it starts and ends. */
static void tell_plain(struct face *face, const struct pull_progress *progress, double rate)
{
    bool changed = face->in_trouble != (progress->trouble != NULL);
    if (changed)
        fprintf(stderr, "rehost: pull: %s\n", progress->trouble ? progress->trouble : "the source answers again");
    face->in_trouble = progress->trouble != NULL;
    if (face->told_at + PLAIN_EVERY_SECONDS > progress->seconds)
        return;
    cleanup_free char *line = progress_line(progress, rate);
    fprintf(stderr, "%s\n", line);
    face->told_at = progress->seconds;
}

static void tell(void *context, const struct pull_progress *progress)
{
    struct face *face = context;
    double rate = rate_of(face, progress);
    if (face->json)
        tell_json(progress, rate);
    else if (face->terminal)
        tell_terminal(face, progress, rate);
    else
        tell_plain(face, progress, rate);
}

static int report_json(const struct arguments *arguments, const struct pull_result *result, const struct contents *lost)
{
    cJSON *line = cJSON_CreateObject();
    cJSON_AddNumberToObject(line, "version", 1);
    cJSON_AddStringToObject(line, "event", "done");
    json_add_string(line, "source", arguments->options.source);
    json_add_string(line, "target", arguments->options.target);
    json_add_size(line, "total_bytes", result->progress.total_bytes);
    json_add_size(line, "received_bytes", result->progress.received_bytes);
    json_add_size(line, "resumed_bytes", result->progress.resumed_bytes);
    json_add_size(line, "zero_bytes", result->zero_bytes);
    json_add_size(line, "free_bytes", result->free_bytes);
    json_add_size(line, "lost_bytes", result->progress.lost_bytes);
    cJSON_AddItemToObject(line, "lost", contents_to_json(lost, result->lost.count));
    json_add_size(line, "connections", result->connections);
    cJSON_AddNumberToObject(line, "seconds", result->progress.seconds);
    cJSON_AddBoolToObject(line, "boot_code_held", arguments->options.hold_boot_code);
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

static int report(const struct arguments *arguments, const struct face *face, const struct pull_result *result, const struct contents *lost)
{
    if (arguments->json)
        return report_json(arguments, result, lost);
    cleanup_free char *total = size_for_people(result->progress.total_bytes), *received = size_for_people(result->progress.received_bytes);
    cleanup_free char *here = part(result->progress.resumed_bytes, "were here already"), *zero = part(result->zero_bytes, "are holes"), *unused = part(result->free_bytes, "are free");
    if (face->terminal)
        fprintf(stderr, "\n\033[K");
    printf("%s on %s: %s received in %.1f s%s%s%s.%s\n", total, arguments->options.target, received, result->progress.seconds, here, zero, unused,
           arguments->options.hold_boot_code ? " The boot code is held back." : "");
    report_lost(result, lost);
    return fflush(stdout) == 0 ? EXIT_DONE : EXIT_FAILED;
}

static int report_failure(const struct arguments *arguments, const struct face *face, const struct error *err)
{
    if (arguments->json) {
        cJSON *line = cJSON_CreateObject();
        cJSON_AddNumberToObject(line, "version", 1);
        cJSON_AddStringToObject(line, "event", "failed");
        json_add_string(line, "error", err->message);
        json_add_string(line, "advice", err->advice[0] ? err->advice : NULL);
        (void)json_print_line(line);
    }
    fprintf(stderr, "%srehost: pull: %s\n", face->terminal && !arguments->json ? "\n\033[K" : "", err->message);
    if (err->advice[0])
        fprintf(stderr, "%s\n", err->advice);
    return EXIT_FAILED;
}

static void tell_map(const struct arguments *arguments, const struct used_map *map)
{
    if (!arguments->json) {
        cleanup_free char *table = used_to_text(map, "");
        fputs(table, stdout);
        fflush(stdout);
        return;
    }
    cJSON *line = used_to_json(map);
    cJSON_AddNumberToObject(line, "version", 1);
    cJSON_AddStringToObject(line, "event", "map");
    (void)json_print_line(line);
}

/* Without a map everything is copied. What is in the way of the source itself, the pull says in its own words. */
static void find_map(struct arguments *arguments, const struct source *source, struct used_map *map)
{
    struct error err = {0};
    uint64_t size_bytes;
    if (pull_source_size(source->uri, source->nbd_uri, &size_bytes, NULL) < 0)
        return;
    if (used_find_in(source, map, &err) < 0) {
        fprintf(stderr, "rehost: pull: everything is copied, as it cannot be told what is in use: %s\n", err.message);
        return;
    }
    tell_map(arguments, map);
    arguments->options.in_use = &map->in_use;
    arguments->options.in_use_of_bytes = map->disk_bytes;
}

static int measure(const struct arguments *arguments, const struct face *face)
{
    struct measured measured;
    struct error err = {0};
    if (measure_path(&arguments->options, arguments->write, &measured, &err) < 0)
        return report_failure(arguments, face, &err);
    if (arguments->json)
        return json_print_line(measured_to_json(&arguments->options, &measured));
    cleanup_free char *text = measured_to_text(&arguments->options, &measured);
    return fputs(text, stdout) >= 0 && fflush(stdout) == 0 ? EXIT_DONE : EXIT_FAILED;
}

static int pull(const struct arguments *arguments, struct face *face)
{
    struct pull_result result;
    struct error err = {0};
    int status;
    if (pull_run(&arguments->options, tell, face, &result, &err) < 0) {
        status = report_failure(arguments, face, &err);
    } else {
        struct contents *lost = contents_of(arguments->options.target, &result.lost);
        status = report(arguments, face, &result, lost);
        contents_free(lost, result.lost.count);
    }
    pull_result_free(&result);
    return status;
}

int command_pull(int argc, char **argv)
{
    struct arguments arguments = {.options.patience_seconds = PATIENCE_SECONDS};
    int status;
    if (parse(argc, argv, &arguments, &status) < 0)
        return status;
    signal(SIGXFSZ, SIG_IGN); /* a limit on file sizes is an error to report, with its offset */
    struct face face = {.json = arguments.json, .terminal = isatty(STDERR_FILENO)};
    struct used_map map = {0};
    struct error err = {0};
    struct source source;
    if (source_open(arguments.options.source, NULL, &source, &err) < 0)
        return report_failure(&arguments, &face, &err);
    arguments.options.nbd_uri = source.nbd_uri;
    if (!arguments.all)
        find_map(&arguments, &source, &map);
    status = arguments.measure ? measure(&arguments, &face) : pull(&arguments, &face);
    used_free(&map);
    source_close(&source);
    return status;
}
