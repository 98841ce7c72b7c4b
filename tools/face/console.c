/* See console.h. */
#include "console.h"

#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../base/cleanup.h"
#include "shell.h"

#define ACTIVE_CONSOLES "/sys/class/tty/console/active"
#define LOOK_AGAIN_MILLISECONDS 1000
#define CONSOLES_MAX 16

/* "tty0 ttyS0\n" */
static void open_active(struct console *console)
{
    char active[256] = "";
    cleanup_fclose FILE *in = fopen(ACTIVE_CONSOLES, "re");
    char *rest = in ? fgets(active, sizeof active, in) : NULL;
    active[strcspn(active, "\n")] = '\0';
    for (char *name; rest && console->count < CONSOLES_MAX && (name = strsep(&rest, " "));)
        if (*name && !strchr(name, '/') && terminal_open(&console->terminals[console->count], name))
            console->count++;
}

void console_open(struct console *console, bool every)
{
    *console = (struct console){.terminals = checked_alloc(CONSOLES_MAX * sizeof(struct terminal))};
    if (every)
        open_active(console);
    if (!console->count)
        terminal_use_standard(&console->terminals[console->count++]);
}

void console_close(struct console *console)
{
    for (size_t i = 0; i < console->count; i++)
        terminal_close(&console->terminals[i]);
    free(console->terminals);
    free(console->trouble);
    *console = (struct console){0};
}

/* A bar that is open is left as it stands; the text goes below it. */
static void say_on(struct terminal *terminal, const char *text)
{
    if (terminal->bar_is_open)
        terminal_say(terminal, "\n");
    terminal->bar_is_open = false;
    terminal_say(terminal, text);
}

/* Bars alone move the cursor; what is said may hold the words of a guest. */
static void say_on_all(struct console *console, const char *text)
{
    cleanup_free char *plain = string_plain(checked_copy(text));
    for (size_t i = 0; i < console->count; i++)
        say_on(&console->terminals[i], plain);
}

void console_say(struct console *console, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    cleanup_free char *text = NULL;
    if (vasprintf(&text, format, args) >= 0)
        say_on_all(console, text);
    va_end(args);
}

void console_say_text(struct console *console, const char *text)
{
    cleanup_text struct text all = {0};
    const char *line;
    size_t length;
    while (next_line(&text, &line, &length)) {
        if (length)
            text_append(&all, "  ");
        text_append_bytes(&all, line, length);
        text_append(&all, "\n");
    }
    say_on_all(console, all.length ? all.data : "");
}

void console_headline(struct console *console, const char *stage, const char *text)
{
    console_say(console, "==> %s: %s\n", stage, text);
}

static bool can_answer(const struct console *console)
{
    for (size_t i = 0; i < console->count; i++)
        if (console->terminals[i].input >= 0 || console->terminals[i].line_length)
            return true;
    return false;
}

/* The first whole line that any console gives within a second, and where. */
static char *read_any(struct console *console, size_t *where)
{
    struct pollfd pollfds[CONSOLES_MAX];
    for (size_t i = 0; i < console->count; i++) {
        pollfds[i] = (struct pollfd){.fd = console->terminals[i].input, .events = POLLIN};
        char *line = console->terminals[i].line_length ? terminal_read_line(&console->terminals[i]) : NULL;
        *where = i;
        if (line)
            return line;
    }
    if (poll(pollfds, console->count, LOOK_AGAIN_MILLISECONDS) <= 0)
        return NULL;
    for (size_t i = 0; i < console->count; i++) {
        char *line = pollfds[i].revents ? terminal_read_line(&console->terminals[i]) : NULL;
        *where = i;
        if (line)
            return line;
    }
    return NULL;
}

/* The answer was echoed where it was typed; the other consoles show it too. */
static void show_elsewhere(struct console *console, size_t where, const char *answer)
{
    for (size_t i = 0; i < console->count; i++)
        if (i != where || !isatty(console->terminals[i].input)) {
            terminal_say(&console->terminals[i], answer);
            terminal_say(&console->terminals[i], "\n");
        }
}

static void hide_input(struct console *console, bool hidden)
{
    for (size_t i = 0; i < console->count; i++)
        terminal_hide_input(&console->terminals[i], hidden);
}

struct question {
    const char *text;
    bool hidden;
    console_changed *changed;
    void *context;
};

static void open_shell(struct console *console, const struct question *question, size_t where)
{
    hide_input(console, false);
    console_say(console, "\nA shell is open on %s; \"exit\" comes back to the move.\n", console->terminals[where].name);
    bool ran = shell_run(&console->terminals[where]);
    console_say(console, "%s\n", ran ? "The shell has ended." : "No shell could be started.");
    hide_input(console, question->hidden);
    say_on_all(console, question->text);
}

static int ask(struct console *console, const struct question *question, char **answer, struct error *err)
{
    *answer = NULL;
    for (size_t i = 0; i < console->count; i++)
        terminal_forget_input(&console->terminals[i]);
    say_on_all(console, question->text);
    while (can_answer(console)) {
        size_t where;
        cleanup_free char *line = read_any(console, &where);
        char *trimmed = line && !question->hidden ? string_trim(line) : line; /* a password may end with a blank */
        if (trimmed && !string_is(trimmed, "!")) {
            question->hidden ? say_on_all(console, "\n") : show_elsewhere(console, where, trimmed);
            *answer = checked_copy(trimmed);
            explicit_bzero(trimmed, strlen(trimmed));
            return 0;
        }
        if (trimmed)
            open_shell(console, question, where);
        else if (question->changed && question->changed(question->context)) {
            say_on_all(console, "\n");
            return 0;
        }
    }
    say_on_all(console, "\n");
    return error_set(err, "nobody is there to answer \"%.*s\"", (int)strcspn(question->text, ":"), question->text);
}

int console_ask(struct console *console, const char *text, console_changed *changed, void *context, char **answer, struct error *err)
{
    return ask(console, &(struct question){.text = text, .changed = changed, .context = context}, answer, err);
}

int console_ask_hidden(struct console *console, const char *text, char **answer, struct error *err)
{
    hide_input(console, true);
    int result = ask(console, &(struct question){.text = text, .hidden = true}, answer, err);
    hide_input(console, false);
    return result;
}
