/* A job's text: `key=value` lines of a file, or rehost.KEY=VALUE words of the kernel's command line. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "../base/cleanup.h"
#include "keys.h"

static int take_line(struct job *job, const char *start, size_t length, struct error *err)
{
    cleanup_free char *copy = checked_copy_bytes(start, length);
    char *line = string_trim(copy);
    if (!*line || *line == '#')
        return 0;
    char *equals = strchr(line, '=');
    if (!equals)
        return error_set(err, "\"%.64s\" is not of the form key=value", line);
    *equals = '\0';
    return job_take_pair(job, string_trim(line), string_trim(equals + 1), "", err);
}

static int parse_lines(const char *text, const char *name, struct job *fresh, struct error *err)
{
    const char *line;
    size_t length;
    unsigned number = 0;
    if (string_starts(text, "\xef\xbb\xbf")) /* the mark that Windows editors put first */
        text += 3;
    while (next_line(&text, &line, &length)) {
        number++;
        if (take_line(fresh, line, length, err) < 0)
            return error_prefix(err, "job %s: line %u", name, number);
    }
    if (fresh->job) /* a job that names a job would be a chain with no end in sight */
        return error_set(err, "job %s: the key \"job\" belongs on the kernel's command line, not into a job", name);
    return 0;
}

int job_parse_file(const char *text, size_t length, const char *name, struct job *job, struct error *err)
{
    if (length > JOB_FILE_MAX)
        return error_set(err, "job %s: it is larger than %d bytes, so it is no job", name, JOB_FILE_MAX);
    if (memchr(text, '\0', length))
        return error_set(err, "job %s: it is no text (it holds zero bytes)", name);
    cleanup_free char *copy = checked_copy_bytes(text, length);
    struct job fresh = {0};
    int result = parse_lines(copy, name, &fresh, err);
    if (result == 0)
        job_merge(job, &fresh);
    job_free(&fresh);
    return result;
}

/* The next word of a kernel command line without its quotes, or NULL at the end. Blanks inside double quotes belong to
 * the word, as in the kernel's own next_arg(). */
static char *next_word(const char **cursor, bool *closed)
{
    const char *at = *cursor;
    while (isspace((unsigned char)*at))
        at++;
    if (!*at)
        return NULL;
    bool quoted = false;
    char *word = checked_alloc(strlen(at) + 1), *end = word;
    for (; *at && (quoted || !isspace((unsigned char)*at)); at++)
        if (*at == '"')
            quoted = !quoted;
        else
            *end++ = *at;
    *closed = !quoted;
    *cursor = at;
    return word;
}

static int take_word(struct job *job, char *word, bool closed, struct error *err)
{
    if (!string_starts(word, JOB_PREFIX))
        return 0;
    if (!closed)
        return error_set(err, "%.64s: a quote is not closed", word);
    char *name = word + strlen(JOB_PREFIX);
    char *equals = strchr(name, '=');
    if (equals)
        *equals = '\0';
    return job_take_pair(job, name, equals ? equals + 1 : "", JOB_PREFIX, err);
}

int job_parse_command_line(const char *command_line, struct job *job, struct error *err)
{
    struct job fresh = {0};
    int result = 0;
    bool closed;
    for (char *word; result == 0 && (word = next_word(&command_line, &closed)); free(word))
        result = take_word(&fresh, word, closed, err);
    if (result == 0) {
        job_merge(&fresh, job);
        struct job loser = *job;
        *job = fresh;
        fresh = loser;
    } else
        error_prefix(err, "the kernel's command line");
    job_free(&fresh);
    return result;
}
