/* rehost pull: options, and the disks that they name. See pull.h and several.h. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "../base/cleanup.h"
#include "../base/json.h"
#include "../base/options.h"
#include "../base/same_place.h"
#include "../base/text.h"
#include "measure.h"
#include "progress.h"
#include "pull.h"
#include "report.h"
#include "several.h"

#define PATIENCE_SECONDS 600
#define CONNECTIONS_MAX 16
#define REQUEST_BYTES_MIN 4096
#define REQUEST_BYTES_MAX (8u << 20)
#define MAP_TRIES 3

struct arguments {
    struct pull_options options; /* of every disk */
    bool json, all, measure, write;
    char **words;                /* SOURCE-URI DISK, in turn */
    unsigned count;              /* of disks */
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

/* Two pulls that make the same file race for it; what then is said depends on who was first. */
static const char *named_twice(const struct arguments *arguments)
{
    for (unsigned i = 1; i < arguments->count; i++)
        for (unsigned j = 0; j < i; j++)
            if (is_same_place(arguments->words[2 * i + 1], arguments->words[2 * j + 1]))
                return arguments->words[2 * i + 1];
    return NULL;
}

/* It would become a file of that name. */
static const char *named_as_a_source(const struct arguments *arguments)
{
    for (unsigned i = 0; i < arguments->count; i++)
        if (arguments->words[2 * i + 1] && source_is_uri(arguments->words[2 * i + 1]))
            return arguments->words[2 * i + 1];
    return NULL;
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
        {.name = "verify", .flag = &options->verify, .help = "read the copy back and compare it with what was received"},
        {.name = "restart", .flag = &options->restart, .help = "forget a half-done copy on the disk and start over"},
        {.name = "into-partition", .flag = &options->into_partition, .help = "the source is one file system without a partition table: make it partition 1 of a disk that can boot by BIOS"},
        {.name = "hold-boot", .flag = &options->hold_boot_code, .help = "leave the boot code out, so that the disk does not boot yet"},
        {.name = "measure", .flag = &arguments->measure, .help = "copy nothing: find out in some seconds how long it would take, and what limits"},
        {.name = "write", .flag = &arguments->write, .help = "with --measure: overwrite a part of DISK to learn how fast it is"},
        {.name = "json", .flag = &arguments->json, .help = "print one JSON document per line"},
        {0},
    };
    const struct usage usage = {"pull", "SOURCE-URI DISK [SOURCE-URI DISK]...", "Copies disks onto local disks or files, all at once, and goes on where an earlier run was cut off.\n"
                                "What is on DISK is lost. The source is only read.\n\nSOURCE-URI is " SOURCE_FORMS ".", rows, 1, 2 * DISKS_MAX};
    int first;
    if (options_parse(&usage, argc, argv, &first, status) < 0)
        return -1;
    arguments->words = argv + first;
    arguments->count = (unsigned)(argc - first + 1) / 2;
    *status = EXIT_USAGE;
    if ((argc - first) % 2 && (!arguments->measure || arguments->write))
        return fprintf(stderr, "rehost: pull: onto which DISK goes %s?\n", argv[argc - 1]), -1;
    if (arguments->measure && arguments->count > 1)
        return fprintf(stderr, "rehost: pull: --measure takes one source at a time\n"), -1;
    if (named_twice(arguments))
        return fprintf(stderr, "rehost: pull: %s cannot be the DISK of two sources\n", named_twice(arguments)), -1;
    if (named_as_a_source(arguments))
        return fprintf(stderr, "rehost: pull: %s is a URI, and a DISK is the name of a disk or of a file of this machine\n", named_as_a_source(arguments)), -1;
    if (arguments->write && !arguments->measure)
        return fprintf(stderr, "rehost: pull: --write belongs to --measure; a copy needs no leave to write\n"), -1;
    return 0;
}

/* A source that has answered was lost; said once, however long it is waited for. */
struct loss {
    const char *source;
    bool said;
};

static void say_loss(void *context, const char *trouble)
{
    struct loss *loss = context;
    if (!loss->said)
        fprintf(stderr, "rehost: pull: %s: %s\n", loss->source, trouble);
    loss->said = true;
}

static bool is_heard(struct disk *disk)
{
    const struct source *source = &disk->source;
    uint64_t size_bytes;
    return pull_source_size(source->uri, source->nbd_uri, &size_bytes, NULL) == 0 ||
           (source_came_back(&disk->source) && pull_source_size(source->uri, source->nbd_uri, &size_bytes, NULL) == 0);
}

/* 0; 1: the source is gone, and was waited for. A failure after which it answers at once is its map's, or a link's that breaks each time. */
static int look_for_map(struct disk *disk, struct error *err)
{
    for (unsigned tries = 0; used_find_in(&disk->source, &disk->map, err) < 0;) {
        struct loss loss = {.source = disk->source.uri};
        if (pull_await(&disk->options, say_loss, &loss, NULL) < 0)
            return 1;
        tries += !loss.said;
        if (tries == MAP_TRIES)
            return -1;
    }
    return 0;
}

/* Without a map everything is copied. What is in the way of the source itself, the pull says in its own words. */
static void find_map(struct disk *disk, const struct arguments *arguments)
{
    struct error err = {0};
    disk->options.heard = is_heard(disk);
    int status = disk->options.heard ? look_for_map(disk, &err) : 1;
    if (status < 0)
        fprintf(stderr, "rehost: pull: everything is copied, as it cannot be told what is in use: %s\n", err.message);
    disk->options.heard &= status != 1;
    if (status != 0)
        return;
    report_map(&disk->options, arguments->json, arguments->count > 1, &disk->map);
    disk->options.in_use = &disk->map.in_use;
    disk->options.in_use_of_bytes = disk->map.disk_bytes;
}

static int open_disk(struct disk *disk, const struct arguments *arguments, unsigned i)
{
    struct error err = {0};
    disk->options = arguments->options;
    disk->options.source = arguments->words[2 * i];
    disk->options.target = arguments->words[2 * i + 1]; /* NULL behind the last word: only --measure goes without */
    if (source_open(disk->options.source, NULL, &disk->source, &err) < 0) {
        disk->source = (struct source){0};
        report_failure(&disk->options, arguments->json, &err);
        return -1;
    }
    disk->options.nbd_uri = disk->source.nbd_uri;
    disk->options.opened = &disk->source;
    if (!arguments->all)
        find_map(disk, arguments);
    return 0;
}

static void close_disk(struct disk *disk)
{
    pull_result_free(&disk->result);
    used_free(&disk->map);
    if (disk->source.uri)
        source_close(&disk->source);
}

static int measure(const struct disk *disk, const struct arguments *arguments)
{
    struct measured measured;
    struct error err = {0};
    if (measure_path(&disk->options, arguments->write, &measured, &err) < 0)
        return report_failure(&disk->options, arguments->json, &err);
    if (arguments->json)
        return json_print_line(measured_to_json(&disk->options, &measured));
    cleanup_free char *text = measured_to_text(&disk->options, &measured);
    return fputs(text, stdout) >= 0 && fflush(stdout) == 0 ? EXIT_DONE : EXIT_FAILED;
}

static int pull(struct disk *disks, const struct arguments *arguments)
{
    struct progress progress;
    int status = EXIT_DONE;
    progress_open(&progress, arguments->json, arguments->count);
    for (unsigned i = 0; i < arguments->count; i++)
        disks[i].context = progress_of(&progress, i, disks[i].options.target);
    several_run(disks, arguments->count, progress_tell);
    progress_end(&progress);
    for (unsigned i = 0; i < arguments->count; i++) {
        const struct disk *disk = &disks[i];
        int reported = disk->failed ? report_failure(&disk->options, arguments->json, &disk->error)
                                    : report_done(&disk->options, arguments->json, &disk->result);
        status = reported == EXIT_DONE ? status : reported;
    }
    progress_close(&progress);
    return status;
}

int command_pull(int argc, char **argv)
{
    struct arguments arguments = {.options.patience_seconds = PATIENCE_SECONDS};
    int status;
    if (parse(argc, argv, &arguments, &status) < 0)
        return status;
    signal(SIGXFSZ, SIG_IGN); /* a limit on file sizes is an error to report, with its offset */
    struct disk *disks = checked_alloc(arguments.count * sizeof *disks);
    unsigned opened = 0;
    while (opened < arguments.count && open_disk(&disks[opened], &arguments, opened) == 0)
        opened++;
    if (opened < arguments.count)
        status = EXIT_FAILED;
    else
        status = arguments.measure ? measure(&disks[0], &arguments) : pull(disks, &arguments);
    while (opened)
        close_disk(&disks[--opened]);
    free(disks);
    return status;
}
