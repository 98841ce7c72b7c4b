/* Running other programs: no shell in between, a time limit, output kept and bounded. */
#ifndef REHOST_BASE_PROGRAM_H
#define REHOST_BASE_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "error.h"
#include "text.h"

struct program {
    const char *const *argv; /* NULL-terminated; argv[0] is looked up in PATH */
    const char *const *environment; /* NULL: as ours */
    int input_fd;            /* -1: /dev/null */
    unsigned timeout_seconds; /* 0: none. At the limit the whole process group is killed */
    size_t output_max;       /* bytes of output kept; 0: 64 KiB. The rest is read and dropped (the tail is kept) */
    int *exit_status;        /* where the status it ended with goes, -1 when it did not end by itself. NULL: nowhere */
    /* Called in the child just before exec; a return other than 0 ends it with status 126. NULL: nothing. */
    int (*in_child)(void *argument);
    void *in_child_argument;
};

/* Runs it to its end. stdout and stderr together go to `output` (may be NULL).
 * 0: it ended with status 0. -1: could not start, killed, timed out, or another status; `err` says which, with the
 * last lines of what it printed. */
int program_run(const struct program *program, struct text *output, struct error *err);

/* Runs it and hands what it prints on stdout to `take` as it comes (stderr is dropped), so that no output is too long.
 * Once `take` returns false the program is ended, and that is no failure. 0, or -1 as program_run. */
typedef bool program_taken(void *context, const char *bytes, size_t length);
int program_stream(const struct program *program, program_taken *take, void *context, struct error *err);

/* Starts it with its stdout on the returned descriptor (stderr is dropped); the caller closes it and calls program_wait. -1: error. */
int program_start_reading(const struct program *program, pid_t *pid, struct error *err);
/* Starts it in the background in its own process group, output to /dev/null. */
int program_start(const struct program *program, pid_t *pid, struct error *err);
int program_wait(pid_t pid, const char *name, struct error *err);
/* A descriptor, the caller's, that poll(2) finds readable once the program has ended; -1: the kernel has none (Linux before 5.3). */
int program_watch(pid_t pid);
/* Waits that long at most. True: it has ended, and program_wait() or waitpid(2) tells how. */
bool program_ends_within(pid_t pid, unsigned milliseconds);
/* SIGTERM, a second of patience, SIGKILL, wait. */
void program_end(pid_t pid);

#endif
