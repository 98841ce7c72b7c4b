/* The console: the same words on every console of the machine, an answer from any of them.
 *
 * At every question `!` and Enter opens a shell on the console where it was typed. */
#ifndef REHOST_FACE_CONSOLE_H
#define REHOST_FACE_CONSOLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../base/error.h"
#include "bar.h"
#include "terminal.h"

#define CONSOLE_ROWS_MAX 17

/* A bar: of a disk, or of all of them. */
struct console_row {
    const char *name; /* NULL when there is one alone */
    bool reading_back; /* what was written: a bar of its own, which starts anew */
    uint64_t total_bytes, done_bytes, received_bytes;
    double seconds;
};

struct console {
    struct terminal *terminals;
    size_t count;
    struct bar bars[CONSOLE_ROWS_MAX];
    struct console_row rows[CONSOLE_ROWS_MAX]; /* as they were last told of */
    size_t row_count;
    char *trouble; /* what was last said to be in the way of the pull */
};

/* With `every`, those of /sys/class/tty/console/active; stdin and stdout otherwise, or when none of those works. */
void console_open(struct console *console, bool every);
void console_close(struct console *console);

void console_say(struct console *console, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A text of many lines, each indented by two blanks. */
void console_say_text(struct console *console, const char *text);
/* "==> STAGE: text" */
void console_headline(struct console *console, const char *stage, const char *text);

/* Starts a new bar. */
void console_progress_start(struct console *console);
/* Of several rows the last is that of all. `trouble` may be NULL. */
void console_progress(struct console *console, const struct console_row *rows, size_t count, const char *trouble);

/* Asked about once a second while a question is open; true: the question has changed and is to be asked anew. */
typedef bool console_changed(void *context);
/* 0: *answer is the caller's, trimmed, or NULL when the question has changed. -1: nobody is there to answer. */
int console_ask(struct console *console, const char *question, console_changed *changed, void *context, char **answer, struct error *err);

/* The same without a trace of the answer: no console shows what is typed. */
int console_ask_hidden(struct console *console, const char *question, char **answer, struct error *err);

#endif
