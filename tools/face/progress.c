/* How a copy goes, on every console: a bar, and where there are several disks one for each and one for all. See console.h. */
#include <stdlib.h>
#include <string.h>

#include "../base/cleanup.h"
#include "console.h"

#define SHORT_BAR_CELLS 12 /* leaves room for a name in front of it */
#define NAME_WIDTH 12

static void start_bar(struct console *console, size_t row)
{
    console->bars[row] = (struct bar){0};
    for (size_t i = 0; i < console->count && row + 1 >= console->row_count; i++) {
        console->terminals[i].bar_tenth = 0;
        console->terminals[i].bar_seconds = 0;
    }
}

void console_progress_start(struct console *console)
{
    console->row_count = 0;
}

/* Padded, so that a shorter text wipes out a longer one without escape sequences, which a log would keep. */
static void draw_row(const struct console *console, struct terminal *terminal, size_t row)
{
    cleanup_text struct text text = {0};
    const char *name = console->rows[row].name;
    if (name)
        text_printf(&text, "%-*.*s ", NAME_WIDTH, NAME_WIDTH, name);
    bar_draw(&console->bars[row], name ? SHORT_BAR_CELLS : BAR_CELLS, &text);
    cleanup_free char *line = checked_printf("\r%-79.79s", text.data);
    terminal_say(terminal, line);
}

/* On a line that someone may read as a log, the last bar alone moves: there is no way back to the lines above it. */
static void draw_rows(const struct console *console, struct terminal *terminal)
{
    size_t first = terminal->is_log ? console->row_count - 1 : 0;
    if (terminal->bar_is_open && console->row_count - 1 > first) {
        cleanup_free char *up = checked_printf("\033[%zuA", console->row_count - 1 - first);
        terminal_say(terminal, up);
    }
    for (size_t row = first; row < console->row_count; row++) {
        if (row > first)
            terminal_say(terminal, "\n");
        draw_row(console, terminal, row);
    }
    terminal->bar_is_open = true;
}

/* A line for each bar. */
static void say_rows(const struct console *console, struct terminal *terminal)
{
    for (size_t row = 0; row < console->row_count; row++) {
        cleanup_text struct text text = {0};
        if (console->rows[row].name)
            text_printf(&text, "%s: ", console->rows[row].name);
        bar_words(&console->bars[row], &text);
        if (terminal->is_terminal)
            draw_row(console, terminal, row);
        else
            terminal_say(terminal, text.data);
        terminal_say(terminal, "\n");
    }
    terminal->bar_is_open = false;
}

/* A screen gets bars that move; a serial line the last of them, and a line of each at every tenth, as someone may read it
 * as a log; a file only those lines. */
static void progress_on(const struct console *console, struct terminal *terminal)
{
    double seconds = console->rows[console->row_count - 1].seconds;
    unsigned tenth = bar_percent(&console->bars[console->row_count - 1]) / 10;
    bool is_new = tenth > terminal->bar_tenth;
    if (terminal->is_log && is_new) {
        terminal->bar_tenth = tenth;
        say_rows(console, terminal);
    } else if (terminal->is_terminal && (is_new || seconds - terminal->bar_seconds >= (terminal->is_log ? 1 : 0.25))) {
        terminal->bar_seconds = seconds;
        terminal->bar_tenth = tenth;
        draw_rows(console, terminal);
    }
}

static void say_trouble(struct console *console, const char *trouble)
{
    if (trouble ? string_is(trouble, console->trouble) : !console->trouble)
        return;
    console_say(console, "    %s\n", trouble ? trouble : "it goes on");
    free(console->trouble);
    console->trouble = checked_copy(trouble);
}

static void take_rows(struct console *console, const struct console_row *rows, size_t count)
{
    bool anew = console->row_count != count;
    console->row_count = count;
    for (size_t i = 0; i < count; i++) {
        if (anew || rows[i].reading_back != console->rows[i].reading_back)
            start_bar(console, i);
        console->rows[i] = rows[i];
        bar_update(&console->bars[i], rows[i].total_bytes, rows[i].done_bytes, rows[i].received_bytes, rows[i].seconds);
    }
}

void console_progress(struct console *console, const struct console_row *rows, size_t count, const char *trouble)
{
    take_rows(console, rows, count);
    say_trouble(console, trouble);
    for (size_t i = 0; i < console->count; i++)
        progress_on(console, &console->terminals[i]);
}
