/* The progress bar as text. */
#ifndef REHOST_FACE_BAR_H
#define REHOST_FACE_BAR_H

#include <stdint.h>

#include "../base/text.h"

struct bar {
    uint64_t total_bytes, done_bytes;
    double rate;          /* bytes per second over the wire, smoothed over the last seconds */
    double seconds;       /* when the rate was last worked out */
    uint64_t rated_bytes; /* and at what count */
};

/* `seconds` since the start of the pull. The rate is that of the bytes received: what is zero, or was here before, is done in
 * a moment, and would make the time left look like nothing. */
void bar_update(struct bar *bar, uint64_t total_bytes, uint64_t done_bytes, uint64_t received_bytes, double seconds);
unsigned bar_percent(const struct bar *bar);
/* "45 %  1.2 GiB of 4.0 GiB  85.0 MiB/s  0:35 left" */
void bar_words(const struct bar *bar, struct text *out);
#define BAR_CELLS 24
/* "[#####.....] " and the words. */
void bar_draw(const struct bar *bar, unsigned cells, struct text *out);
/* "0:35", "1:02:03" */
void bar_time(double seconds, struct text *out);

#endif
