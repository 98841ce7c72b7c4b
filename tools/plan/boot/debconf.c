/* See debconf.h. */
#include "debconf.h"

#include <string.h>

#include "../../base/text.h"

/* Finds "Value: …" in the paragraph "Name: question"; false when there is none. */
static bool find_value(const char *text, const char *question, const char **start, size_t *length)
{
    bool inside = false;
    const char *line;
    size_t line_length;
    size_t name = strlen(question);
    while (next_line(&text, &line, &line_length)) {
        if (string_starts(line, "Name: "))
            inside = line_length == 6 + name && strncmp(line + 6, question, name) == 0;
        else if (inside && string_starts(line, "Value:")) {
            *start = line + 6 + (line_length > 6);
            *length = line_length > 7 ? line_length - 7 : 0;
            return true;
        }
    }
    return false;
}

char *debconf_value(const char *text, const char *question)
{
    const char *start;
    size_t length;
    return find_value(text, question, &start, &length) ? checked_copy_bytes(start, length) : NULL;
}

char *debconf_replace(const char *text, const char *question, const char *value)
{
    const char *start;
    size_t length;
    if (!find_value(text, question, &start, &length) || (length == strlen(value) && strncmp(start, value, length) == 0))
        return NULL;
    struct text out = {0};
    text_append_bytes(&out, text, (size_t)(start - text));
    text_append(&out, value);
    text_append(&out, start + length);
    return text_take(&out);
}
