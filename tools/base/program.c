/* See program.h. */
#include "program.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "cleanup.h"
#include "clock.h"

#define OUTPUT_MAX_DEFAULT 65536
#define PATIENCE_MS 1000 /* with a program that was asked to end */
#define LOOK_AGAIN_MS 10 /* where the kernel does not tell */
#define CANNOT_PREPARE 126
#define CANNOT_EXEC 127

static void become(const struct program *program, int output_fd, int error_fd)
{
    setpgid(0, 0);
    signal(SIGPIPE, SIG_DFL);
    int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    dup2(program->input_fd >= 0 ? program->input_fd : null_fd, STDIN_FILENO);
    dup2(output_fd >= 0 ? output_fd : null_fd, STDOUT_FILENO);
    dup2(error_fd >= 0 ? error_fd : null_fd, STDERR_FILENO);
    if (program->in_child && program->in_child(program->in_child_argument) != 0)
        _exit(CANNOT_PREPARE);
    char *const *argv = (char *const *)program->argv;
    if (program->environment)
        execvpe(argv[0], argv, (char *const *)program->environment);
    else
        execvp(argv[0], argv);
    dprintf(STDERR_FILENO, "%s: %s\n", argv[0], strerror(errno));
    _exit(CANNOT_EXEC);
}

static pid_t spawn(const struct program *program, int output_fd, int error_fd, struct error *err)
{
    fflush(NULL);
    pid_t pid = fork();
    if (pid < 0)
        return error_errno(err, "start %s", program->argv[0]);
    if (pid == 0)
        become(program, output_fd, error_fd);
    setpgid(pid, pid); /* in both, so that it holds whoever runs first */
    return pid;
}

/* Keeps the last `max` bytes, as the reason of a failure stands at the end. */
static void keep_tail(struct text *output, const char *bytes, size_t length, size_t max)
{
    text_append_bytes(output, bytes, length);
    if (output->length <= 2 * max)
        return;
    size_t cut = output->length - max;
    memmove(output->data, output->data + cut, max + 1);
    output->length = max;
}

/* Reads until the other end closes. 0, or 1 when the time was up. */
static int drain(int fd, double deadline, size_t max, struct text *output)
{
    for (;;) {
        double left = deadline > 0 ? deadline - clock_seconds() : 3600;
        if (left <= 0)
            return 1;
        struct pollfd pollfd = {.fd = fd, .events = POLLIN};
        if (poll(&pollfd, 1, (int)(left * 1000) + 1) <= 0)
            continue;
        char buffer[4096];
        ssize_t got = read(fd, buffer, sizeof buffer);
        if (got == 0 || (got < 0 && errno != EINTR && errno != EAGAIN))
            return 0;
        if (got > 0)
            keep_tail(output, buffer, (size_t)got, max);
    }
}

static const char *last_lines(const struct text *output)
{
    if (!output->length)
        return "(it printed nothing)";
    const char *start = output->data + (output->length > 600 ? output->length - 600 : 0);
    return start;
}

static int judge(int status, const char *name, const struct text *output, struct error *err)
{
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return 0;
    if (WIFSIGNALED(status))
        return error_set(err, "%s was ended by signal %d: %s", name, WTERMSIG(status), last_lines(output));
    return error_set(err, "%s ended with status %d: %s", name, WEXITSTATUS(status), last_lines(output));
}

int program_run(const struct program *program, struct text *output, struct error *err)
{
    int ends[2];
    if (program->exit_status)
        *program->exit_status = -1;
    if (pipe2(ends, O_CLOEXEC) < 0)
        return error_errno(err, "make a pipe");
    pid_t pid = spawn(program, ends[1], ends[1], err);
    close(ends[1]);
    if (pid < 0) {
        close(ends[0]);
        return -1;
    }
    cleanup_text struct text own = {0};
    double deadline = program->timeout_seconds ? clock_seconds() + program->timeout_seconds : 0;
    int timed_out = drain(ends[0], deadline, program->output_max ? program->output_max : OUTPUT_MAX_DEFAULT, &own);
    close(ends[0]);
    if (timed_out)
        kill(-pid, SIGKILL);
    int status = 0;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    if (output && own.length)
        text_append_bytes(output, own.data, own.length);
    if (timed_out)
        return error_set(err, "%s did not end within %u seconds: %s", program->argv[0], program->timeout_seconds, last_lines(&own));
    if (program->exit_status && WIFEXITED(status))
        *program->exit_status = WEXITSTATUS(status);
    return judge(status, program->argv[0], &own, err);
}

int program_start_reading(const struct program *program, pid_t *pid, struct error *err)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        return error_errno(err, "make a pipe");
    *pid = spawn(program, ends[1], -1, err);
    close(ends[1]);
    if (*pid < 0) {
        close(ends[0]);
        return -1;
    }
    return ends[0];
}

/* 0: it has closed its end. 1: `take` has seen enough. -1: the time was up. */
static int hand_over(int fd, double deadline, program_taken *take, void *context)
{
    for (;;) {
        double left = deadline > 0 ? deadline - clock_seconds() : 3600;
        if (left <= 0)
            return -1;
        struct pollfd pollfd = {.fd = fd, .events = POLLIN};
        if (poll(&pollfd, 1, (int)(left * 1000) + 1) <= 0)
            continue;
        char buffer[65536];
        ssize_t got = read(fd, buffer, sizeof buffer);
        if (got == 0 || (got < 0 && errno != EINTR && errno != EAGAIN))
            return 0;
        if (got > 0 && !take(context, buffer, (size_t)got))
            return 1;
    }
}

int program_stream(const struct program *program, program_taken *take, void *context, struct error *err)
{
    pid_t pid;
    int fd = program_start_reading(program, &pid, err);
    if (fd < 0)
        return -1;
    int ended = hand_over(fd, program->timeout_seconds ? clock_seconds() + program->timeout_seconds : 0, take, context);
    close(fd);
    if (ended == 0)
        return program_wait(pid, program->argv[0], err);
    program_end(pid);
    return ended == 1 ? 0 : error_set(err, "%s did not end within %u seconds", program->argv[0], program->timeout_seconds);
}

int program_start(const struct program *program, pid_t *pid, struct error *err)
{
    *pid = spawn(program, -1, -1, err);
    return *pid < 0 ? -1 : 0;
}

int program_wait(pid_t pid, const char *name, struct error *err)
{
    int status = 0;
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return error_errno(err, "wait for %s", name);
    return judge(status, name, &(struct text){0}, err);
}

int program_watch(pid_t pid)
{
    return (int)syscall(SYS_pidfd_open, pid, 0); /* neither musl nor glibc before 2.36 names it */
}

/* What has ended is left to be waited for. */
static bool has_ended(pid_t pid)
{
    siginfo_t info = {0};
    return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) < 0 || info.si_pid == pid;
}

bool program_ends_within(pid_t pid, unsigned milliseconds)
{
    cleanup_close int watch_fd = program_watch(pid);
    struct pollfd end = {.fd = watch_fd, .events = POLLIN};
    int64_t deadline = clock_ms() + milliseconds, left = milliseconds;
    for (; !has_ended(pid); left = deadline - clock_ms()) {
        if (left <= 0)
            return false;
        poll(&end, 1, watch_fd >= 0 || left < LOOK_AGAIN_MS ? (int)left : LOOK_AGAIN_MS);
    }
    return true;
}

void program_end(pid_t pid)
{
    if (pid <= 0)
        return;
    kill(-pid, SIGTERM);
    if (!program_ends_within(pid, PATIENCE_MS))
        kill(-pid, SIGKILL);
    waitpid(pid, NULL, 0);
}
