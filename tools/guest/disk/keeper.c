/* Volumes live in the kernel, and nothing there knows that we are gone. So while some are put together a second process waits for our end, however that
 * comes, and takes apart what is left. It has the list as it was when it was started; so it is started anew whenever that grows. */
#include <fcntl.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "volumes.h"

/* Returns once the other end of the pipe is closed, as every way to end does. */
static void wait_for_end(int pipe_fd)
{
    char byte;
    while (read(pipe_fd, &byte, 1) < 0)
        continue;
}

static void keep(struct guest *guest, int pipe_fd) __attribute__((noreturn));
static void keep(struct guest *guest, int pipe_fd)
{
    setsid(); /* what ends our group by a signal must not end both */
    dup2(pipe_fd, STDIN_FILENO);
    syscall(SYS_close_range, 3u, ~0u, 0u); /* what is mounted, loops and sources are held by us alone */
    wait_for_end(STDIN_FILENO);
    umount2(guest->attachment->base, MNT_DETACH | UMOUNT_NOFOLLOW);
    volumes_take_apart(guest, NULL);
    _exit(0);
}

void keeper_start(struct guest *guest)
{
    struct attachment *attachment = guest->attachment;
    int ends[2];
    keeper_end(attachment);
    if (pipe2(ends, O_CLOEXEC) < 0)
        return;
    attachment->keeper_pid = fork();
    if (attachment->keeper_pid == 0) {
        close(ends[1]);
        keep(guest, ends[0]);
    }
    close(ends[0]);
    attachment->keeper_fd = ends[1];
}

void keeper_end(struct attachment *attachment)
{
    if (attachment->keeper_pid <= 0)
        return;
    kill(attachment->keeper_pid, SIGKILL);
    waitpid(attachment->keeper_pid, NULL, 0);
    close(attachment->keeper_fd);
    attachment->keeper_pid = 0;
}
