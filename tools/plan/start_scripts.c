/* See start_scripts.h. */
#include "start_scripts.h"

#include <string.h>

#include "../base/cleanup.h"
#include "../base/text.h"

#define ADDED "# Added by rehost: on other machines there is nothing for it to do.\n"

static bool is_shell_script(const char *script)
{
    cleanup_free char *first = checked_copy_bytes(script, strcspn(script, "\n"));
    const char *program = string_trim(first);
    return string_starts(program, "#!") && string_ends(program, "sh") && !string_ends(program, "csh") && !strchr(program + 2 + strspn(program + 2, " \t"), ' ');
}

/* Where the comments end that the script begins with: chkconfig and insserv read them, and stop at the first line that is none. */
static size_t head_length(const char *script)
{
    const char *at = script;
    while (*at == '#' || *at == '\n') {
        at += strcspn(at, "\n");
        at += *at == '\n';
    }
    return (size_t)(at - script);
}

char *init_script_only_on(const char *script, const char *const *words, size_t count)
{
    size_t head = head_length(script);
    if (!is_shell_script(script) || !head || script[head - 1] != '\n')
        return NULL;
    if (strstr(script, ADDED))
        return checked_copy(script);
    cleanup_text struct text text = {0};
    text_append_bytes(&text, script, head);
    text_append(&text, ADDED "case \"$(cat /sys/class/dmi/id/sys_vendor /sys/class/dmi/id/product_name 2>/dev/null)\" in\n\"\"");
    for (size_t i = 0; i < count && words[i]; i++)
        text_printf(&text, " | *\"%s\"*", words[i]);
    text_printf(&text, ") ;;\n*) exit 0 ;;\nesac\n%s", script + head);
    return text_take(&text);
}

bool upstart_job_starts(const char *job)
{
    const char *line;
    for (size_t length; next_line(&job, &line, &length);)
        if (string_starts(line + strspn(line, " \t"), "start on"))
            return true;
    return false;
}

struct upstart_job {
    bool stops_starting, is_odd;
};

/* "start on (stopped rc and" goes on in the next line. */
static bool goes_on(const char *line, size_t length)
{
    int open = 0;
    for (size_t i = 0; i < length; i++)
        open += (line[i] == '(') - (line[i] == ')');
    return open != 0 || line[length - 1] == '\\';
}

static void settle_stanza(struct text *out, const char *line, size_t length, void *context)
{
    struct upstart_job *job = context;
    size_t blanks = strspn(line, " \t");
    if (blanks < length && string_starts(line + blanks, "start on") && !job->stops_starting) {
        job->stops_starting = true;
        job->is_odd = goes_on(line, length);
        text_append(out, "# taken out by rehost, as on this machine there is nothing for it to do: ");
    }
    text_append_bytes(out, line, length);
}

char *upstart_job_not_started(const char *job)
{
    struct upstart_job state = {0};
    char *text = text_rewrite_lines(job, settle_stanza, &state);
    if (state.stops_starting && !state.is_odd)
        return text;
    free(text);
    return NULL;
}
