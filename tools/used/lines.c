/* See lines.h. */
#include "lines.h"

void lines_take(struct lines *lines, const char *bytes, size_t length, lines_taken *take, void *context)
{
    for (size_t i = 0; i < length && !lines->odd; i++) {
        if (bytes[i] != '\n') {
            lines->odd = lines->length + 1 >= sizeof lines->line;
            lines->line[lines->length++] = bytes[i];
            continue;
        }
        lines->line[lines->length] = '\0';
        lines->odd = !take(context, lines->line);
        lines->length = 0;
    }
}
