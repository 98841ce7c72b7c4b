/* See bar.h. */
#include "bar.h"

#include "../base/cleanup.h"

/* A rate over the last ten seconds or so: quick enough to show a stall, slow enough to read. */
#define SMOOTHING_SECONDS 10.0

void bar_update(struct bar *bar, uint64_t total_bytes, uint64_t done_bytes, uint64_t received_bytes, double seconds)
{
    bar->total_bytes = total_bytes;
    bar->done_bytes = done_bytes;
    double passed = seconds - bar->seconds;
    if (passed < 0.2)
        return;
    double now = received_bytes > bar->rated_bytes ? (double)(received_bytes - bar->rated_bytes) / passed : 0;
    double weight = bar->seconds == 0 ? 1 : passed / (passed + SMOOTHING_SECONDS);
    bar->rate += (now - bar->rate) * weight;
    bar->seconds = seconds;
    bar->rated_bytes = received_bytes;
}

unsigned bar_percent(const struct bar *bar)
{
    if (!bar->total_bytes || bar->done_bytes >= bar->total_bytes)
        return bar->total_bytes ? 100 : 0;
    return (unsigned)((double)bar->done_bytes * 100 / (double)bar->total_bytes);
}

void bar_time(double seconds, struct text *out)
{
    unsigned long whole = (unsigned long)(seconds + 0.5);
    if (whole >= 3600)
        text_printf(out, "%lu:%02lu:%02lu", whole / 3600, whole / 60 % 60, whole % 60);
    else
        text_printf(out, "%lu:%02lu", whole / 60, whole % 60);
}

void bar_words(const struct bar *bar, struct text *out)
{
    cleanup_free char *done = size_for_people(bar->done_bytes), *total = size_for_people(bar->total_bytes);
    cleanup_free char *rate = size_for_people((uint64_t)bar->rate);
    text_printf(out, "%u %%  %s of %s  %s/s", bar_percent(bar), done, total, rate);
    if (bar->rate < 1 || bar->done_bytes >= bar->total_bytes)
        return;
    double left = (double)(bar->total_bytes - bar->done_bytes) / bar->rate;
    if (left > 100 * 3600.0)
        return; /* a number that nobody should believe */
    text_append(out, "  ");
    bar_time(left, out);
    text_append(out, " left");
}

void bar_draw(const struct bar *bar, unsigned cells, struct text *out)
{
    unsigned full = bar_percent(bar) * cells / 100;
    text_append(out, "[");
    for (unsigned i = 0; i < cells; i++)
        text_append(out, i < full ? "#" : ".");
    text_append(out, "] ");
    bar_words(bar, out);
}
