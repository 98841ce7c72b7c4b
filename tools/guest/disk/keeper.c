/* See keeper.h. */
#include "keeper.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Returns once the other end of the pipe is closed, as every way to end does. */
static void wait_for_end(int pipe_fd)
{
    char byte;
    while (read(pipe_fd, &byte, 1) < 0)
        continue;
}

static void keep(int pipe_fd, void (*after_us)(void *context), void *context) __attribute__((noreturn));
static void keep(int pipe_fd, void (*after_us)(void *context), void *context)
{
    setsid(); /* what ends our group by a signal must not end both */
    dup2(pipe_fd, STDIN_FILENO);
    syscall(SYS_close_range, 3u, ~0u, 0u); /* what is mounted, loops and sources are held by us alone */
    wait_for_end(STDIN_FILENO);
    after_us(context);
    _exit(0);
}

void keeper_start(struct keeper *keeper, void (*after_us)(void *context), void *context)
{
    int ends[2];
    keeper_end(keeper);
    if (pipe2(ends, O_CLOEXEC) < 0)
        return;
    pid_t pid = fork();
    if (pid == 0) {
        close(ends[1]);
        keep(ends[0], after_us, context);
    }
    close(ends[0]);
    if (pid < 0)
        close(ends[1]);
    else
        *keeper = (struct keeper){pid, ends[1]};
}

void keeper_end(struct keeper *keeper)
{
    if (!keeper->pid)
        return;
    kill(keeper->pid, SIGKILL);
    waitpid(keeper->pid, NULL, 0);
    close(keeper->fd);
    keeper->pid = 0;
}
