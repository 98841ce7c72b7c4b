/* One console: a line comes in, text goes out, and neither ever stalls the move. */
#ifndef REHOST_FACE_TERMINAL_H
#define REHOST_FACE_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>

struct terminal {
    char *name;         /* "ttyS0", or "stdin" */
    int input, output;  /* -1 when gone */
    bool owned;         /* opened by us, not blocking */
    bool is_terminal;   /* can go back to the start of the line */
    bool is_log;        /* a serial line or a file, which someone reads as lines */
    bool stalled;       /* took nothing for a while: what comes now is dropped */
    bool bar_is_open;   /* the progress bar stands on the current line */
    double bar_seconds; /* when it was drawn last */
    unsigned bar_tenth; /* how many tenths were said */
    char line[1024];    /* what has come of the next line */
    size_t line_length;
};

/* Opens /dev/NAME. false: there is no such console, or it does not work. */
bool terminal_open(struct terminal *terminal, const char *name);
/* Our own stdin and stdout. */
void terminal_use_standard(struct terminal *terminal);
void terminal_close(struct terminal *terminal);

void terminal_say(struct terminal *terminal, const char *text);

/* With `hidden` what is typed is not echoed. A pipe has no echo. */
void terminal_hide_input(struct terminal *terminal, bool hidden);
/* What was typed before a question belongs to no question. */
void terminal_forget_input(struct terminal *terminal);
/* The next line, without its end, the caller's; NULL when none is complete yet. Called when there is something to read.
 * A console that hangs up has input -1 from then on. */
char *terminal_read_line(struct terminal *terminal);

#endif
