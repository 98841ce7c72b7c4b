/* See progress.h. */
#include "progress.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../base/cleanup.h"
#include "../base/json.h"
#include "../base/text.h"

#define PLAIN_EVERY_SECONDS 10 /* where there is no terminal to redraw a line on */
#define BAR_WIDTH 30
#define NAME_WIDTH 12
#define TROUBLE_WIDTH 80

static uint64_t moved_bytes(const struct pull_progress *progress)
{
    return progress->verifying ? progress->verified_bytes : progress->done_bytes;
}

/* Bytes per second over the last seconds, from what moved in this run. */
static double rate_of(struct told *told, const struct pull_progress *progress)
{
    unsigned at = told->count % RATE_WINDOW, oldest = told->count >= RATE_WINDOW ? at : 0;
    if (told->verifying != progress->verifying) { /* another clock, other bytes */
        told->count = at = oldest = 0;
        told->told_at = 0;
    }
    told->verifying = progress->verifying;
    double seconds = progress->seconds, bytes = (double)moved_bytes(progress);
    double passed = told->count ? seconds - told->seconds[oldest] : 0, moved = told->count ? bytes - told->bytes[oldest] : 0;
    told->seconds[at] = seconds;
    told->bytes[at] = bytes;
    told->count++;
    return passed > 0 ? moved / passed : 0;
}

static char *time_left(const struct pull_progress *progress, double rate)
{
    double seconds = rate > 0 ? (double)(progress->total_bytes - moved_bytes(progress)) / rate : -1;
    if (seconds < 0 || seconds > 99 * 3600)
        return checked_copy("--:--");
    unsigned whole = (unsigned)ceil(seconds);
    return whole < 3600 ? checked_printf("%u:%02u", whole / 60, whole % 60) : checked_printf("%u:%02u:%02u", whole / 3600, whole / 60 % 60, whole % 60);
}

static char *progress_line(const struct pull_progress *progress, double rate)
{
    cleanup_free char *done = size_for_people(moved_bytes(progress)), *total = size_for_people(progress->total_bytes);
    cleanup_free char *speed = size_for_people(rate > 0 ? (uint64_t)rate : 0), *left = time_left(progress, rate);
    double part = progress->total_bytes ? (double)moved_bytes(progress) / (double)progress->total_bytes : 0;
    char bar[BAR_WIDTH + 1];
    memset(bar, '.', BAR_WIDTH);
    memset(bar, '#', (size_t)(part * BAR_WIDTH));
    bar[BAR_WIDTH] = '\0';
    return checked_printf("%s[%s] %3d %%  %s of %s  %s/s  %s left", progress->verifying ? "reading back " : "", bar, (int)(part * 100), done, total, speed, left);
}

static void tell_json(const char *event, const char *target, const struct pull_progress *progress, double rate)
{
    cJSON *line = cJSON_CreateObject();
    cJSON_AddNumberToObject(line, "version", 1);
    cJSON_AddStringToObject(line, "event", event);
    json_add_string(line, "target", target);
    json_add_size(line, "total_bytes", progress->total_bytes);
    json_add_size(line, "done_bytes", progress->done_bytes);
    json_add_size(line, "resumed_bytes", progress->resumed_bytes);
    json_add_size(line, "received_bytes", progress->received_bytes);
    json_add_size(line, "lost_bytes", progress->lost_bytes);
    json_add_size(line, "verified_bytes", progress->verified_bytes);
    json_add_size(line, "bytes_per_second", rate > 0 ? (uint64_t)rate : 0);
    cJSON_AddNumberToObject(line, "seconds", progress->seconds);
    json_add_string(line, "trouble", progress->trouble);
    (void)json_print_line(line); /* a reader that went away does not end the copy; the exit status tells */
}

static void tell_terminal(struct told *told, double rate)
{
    const struct pull_progress *progress = &told->last;
    cleanup_free char *line = progress_line(progress, rate);
    fprintf(stderr, "\r\033[K%s%s%s", line, progress->trouble ? "\n\033[K" : "", progress->trouble ? progress->trouble : "");
    if (progress->trouble)
        fprintf(stderr, "\033[A");
    else if (told->in_trouble)
        fprintf(stderr, "\n\033[K\033[A"); /* wipes the trouble that is over */
    told->in_trouble = progress->trouble != NULL;
    fflush(stderr);
}

static void draw_row(const char *name, const struct pull_progress *progress, double rate)
{
    cleanup_free char *line = progress_line(progress, rate);
    fprintf(stderr, "\r\033[K%-*.*s %s\n", NAME_WIDTH, NAME_WIDTH, name, line);
    if (progress->trouble)
        fprintf(stderr, "\033[A\r\033[K%-*.*s %.*s\n", NAME_WIDTH, NAME_WIDTH, name, TROUBLE_WIDTH, progress->trouble);
}

/* A row for each disk and one for all of them, where they were drawn before. */
static void draw_rows(struct progress *all, double rate)
{
    if (all->drawn)
        fprintf(stderr, "\033[%uA", all->count + 1);
    all->drawn = true;
    for (unsigned i = 0; i < all->count; i++)
        draw_row(all->disks[i].name, &all->disks[i].last, all->disks[i].rate);
    draw_row("all", &all->total.last, rate);
    fflush(stderr);
}

/* For logs and pipes: a line now and then, and each trouble when it starts and ends. */
static void tell_plain(struct told *told, double rate)
{
    const struct pull_progress *progress = &told->last;
    const char *name = told->all->count > 1 ? told->target : "", *colon = *name ? ": " : "";
    if (told->in_trouble != (progress->trouble != NULL))
        fprintf(stderr, "rehost: pull: %s%s%s\n", name, colon, progress->trouble ? progress->trouble : "the source answers again");
    told->in_trouble = progress->trouble != NULL;
    if (told->told_at + PLAIN_EVERY_SECONDS > progress->seconds)
        return;
    cleanup_free char *line = progress_line(progress, rate);
    fprintf(stderr, "%s%s%s\n", name, colon, line);
    told->told_at = progress->seconds;
}

static double add_up(struct progress *all)
{
    struct pull_progress sum = {.verifying = true, .seconds = all->total.last.seconds};
    for (unsigned i = 0; i < all->count; i++)
        pull_progress_add(&sum, &all->disks[i].last);
    bool later = sum.seconds > all->total.last.seconds || !all->total.count;
    all->total.last = sum;
    return later ? all->total.rate = rate_of(&all->total, &sum) : all->total.rate;
}

static void tell_several(struct told *told)
{
    struct progress *all = told->all;
    double rate = add_up(all);
    if (all->terminal)
        draw_rows(all, rate);
    else if (all->json)
        tell_json("total", NULL, &all->total.last, rate);
}

void progress_tell(void *context, const struct pull_progress *progress)
{
    struct told *told = context;
    struct progress *all = told->all;
    pthread_mutex_lock(&all->lock);
    told->last = *progress;
    told->rate = rate_of(told, progress);
    if (all->json)
        tell_json("progress", told->target, progress, told->rate);
    else if (!all->terminal)
        tell_plain(told, told->rate);
    else if (all->count == 1)
        tell_terminal(told, told->rate);
    if (all->count > 1)
        tell_several(told);
    told->last.trouble = NULL; /* the text is the pull's */
    pthread_mutex_unlock(&all->lock);
}

void progress_open(struct progress *all, bool json, unsigned count)
{
    *all = (struct progress){.json = json, .terminal = !json && isatty(STDERR_FILENO), .count = count};
    pthread_mutex_init(&all->lock, NULL);
    all->disks = checked_alloc(count * sizeof *all->disks);
}

struct told *progress_of(struct progress *all, unsigned i, const char *target)
{
    struct told *told = &all->disks[i];
    const char *slash = strrchr(target, '/');
    *told = (struct told){.all = all, .target = target, .name = slash && slash[1] ? slash + 1 : target};
    return told;
}

void progress_end(struct progress *all)
{
    if (all->terminal && all->count == 1)
        fprintf(stderr, "\n\033[K");
    all->terminal = false;
}

void progress_close(struct progress *all)
{
    pthread_mutex_destroy(&all->lock);
    free(all->disks);
}
