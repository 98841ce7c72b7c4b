/* What a program prints, line by line, as it comes. A line that is too long ends it: that is nothing that was expected. Pure. */
#ifndef REHOST_USED_LINES_H
#define REHOST_USED_LINES_H

#include <stdbool.h>
#include <stddef.h>

struct lines {
    char line[256];
    size_t length; /* of a line whose end has not come yet */
    bool odd;      /* one was too long, or `take` said so */
};

/* False: this line cannot be. */
typedef bool lines_taken(void *context, const char *line);

/* Hands on each line that is whole now, without its end, until one is odd. */
void lines_take(struct lines *lines, const char *bytes, size_t length, lines_taken *take, void *context);

#endif
