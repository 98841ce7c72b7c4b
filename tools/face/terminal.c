/* See terminal.h. */
#include "terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "../base/cleanup.h"
#include "../base/text.h"

/* A serial line of 9600 baud empties a full buffer of 4 KiB in four seconds, and takes a byte every millisecond. One
 * that takes none for a second is stopped, or has nobody at the other end. */
#define STALL_MILLISECONDS 1000

/* The consoles are read in the kernel's line mode: its echo and its backspace are all the editing there is. CLOCAL, as a
 * serial line with three wires reports no carrier, and would seem to hang up. */
static void set_line_mode(int fd)
{
    struct termios mode;
    if (tcgetattr(fd, &mode) < 0)
        return;
    mode.c_iflag |= ICRNL;
    mode.c_iflag &= ~(tcflag_t)(INLCR | IGNCR);
    mode.c_oflag |= OPOST | ONLCR;
    mode.c_lflag |= ICANON | ECHO | ECHOE | ECHOK;
    mode.c_cflag |= CLOCAL | CREAD;
    tcsetattr(fd, TCSANOW, &mode);
}

bool terminal_open(struct terminal *terminal, const char *name)
{
    /* tty0 is whatever screen is in front; the dialogue stays on the first one, so that a shell can have the second. */
    cleanup_free char *path = checked_printf("/dev/%s", string_is(name, "tty0") ? "tty1" : name);
    int fd = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0 || !isatty(fd)) {
        if (fd >= 0)
            close(fd);
        return false;
    }
    set_line_mode(fd);
    bool is_screen = string_starts(name, "tty") && name[3] >= '0' && name[3] <= '9';
    *terminal = (struct terminal){.name = checked_copy(path + strlen("/dev/")), .input = fd, .output = fd, .owned = true,
                                  .is_terminal = true, .is_log = !is_screen};
    return true;
}

void terminal_use_standard(struct terminal *terminal)
{
    bool is_terminal = isatty(STDOUT_FILENO);
    *terminal = (struct terminal){.name = checked_copy("stdin"), .input = STDIN_FILENO, .output = STDOUT_FILENO,
                                  .is_terminal = is_terminal, .is_log = !is_terminal};
}

void terminal_close(struct terminal *terminal)
{
    if (terminal->owned && terminal->output >= 0)
        close(terminal->output);
    else if (terminal->owned && terminal->input >= 0)
        close(terminal->input);
    free(terminal->name);
    *terminal = (struct terminal){.input = -1, .output = -1};
}

static bool takes_text(const struct terminal *terminal, int milliseconds)
{
    struct pollfd pollfd = {.fd = terminal->output, .events = POLLOUT};
    return poll(&pollfd, 1, milliseconds) > 0 && (pollfd.revents & POLLOUT);
}

static void write_some(struct terminal *terminal, const char *text, size_t length)
{
    if (terminal->output < 0 || (terminal->stalled && !takes_text(terminal, 0)))
        return;
    bool gap = terminal->stalled;
    terminal->stalled = false;
    if (gap)
        terminal_say(terminal, "\n(this console was stopped: some lines are missing here)\n");
    while (length) {
        ssize_t put = write(terminal->output, text, length);
        if (put > 0) {
            text += put;
            length -= (size_t)put;
        } else if (put < 0 && errno == EAGAIN && !takes_text(terminal, STALL_MILLISECONDS)) {
            terminal->stalled = true;
            return;
        } else if (put < 0 && errno != EINTR && errno != EAGAIN)
            return; /* a console that is absent; it may come back */
    }
}

void terminal_say(struct terminal *terminal, const char *text)
{
    write_some(terminal, text, strlen(text));
}

void terminal_forget_input(struct terminal *terminal)
{
    if (terminal->input < 0 || !isatty(terminal->input))
        return;
    tcflush(terminal->input, TCIFLUSH);
    terminal->line_length = 0;
}

void terminal_hide_input(struct terminal *terminal, bool hidden)
{
    struct termios mode;
    if (terminal->input < 0 || tcgetattr(terminal->input, &mode) < 0)
        return;
    mode.c_lflag = hidden ? mode.c_lflag & ~(tcflag_t)ECHO : mode.c_lflag | ECHO;
    tcsetattr(terminal->input, TCSANOW, &mode);
}

static char *take_line(struct terminal *terminal)
{
    char *end = memchr(terminal->line, '\n', terminal->line_length);
    bool full = terminal->line_length == sizeof terminal->line || (terminal->input < 0 && terminal->line_length);
    if (!end && !full)
        return NULL;
    size_t length = end ? (size_t)(end - terminal->line) : terminal->line_length;
    char *line = checked_copy_bytes(terminal->line, length);
    size_t used = end ? length + 1 : length;
    terminal->line_length -= used;
    memmove(terminal->line, terminal->line + used, terminal->line_length);
    line[strcspn(line, "\r")] = '\0';
    return line;
}

char *terminal_read_line(struct terminal *terminal)
{
    char *line = take_line(terminal);
    if (line || terminal->input < 0)
        return line;
    ssize_t got = read(terminal->input, terminal->line + terminal->line_length, sizeof terminal->line - terminal->line_length);
    if (got > 0)
        terminal->line_length += (size_t)got;
    else if (got == 0 ? !terminal->owned : errno != EAGAIN && errno != EINTR)
        terminal->input = -1; /* the end of a file, or a hang-up; Ctrl-D on a console of ours means nothing */
    return take_line(terminal);
}
