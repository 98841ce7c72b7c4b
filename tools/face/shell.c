/* See shell.h. */
#include "shell.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>

#include "../base/cleanup.h"
#include "../base/text.h"

/* Makes the console the controlling terminal of a session of its own, so that Ctrl-C and job control work in the shell
 * and reach nothing else. Opened anew: the descriptor that we have does not block, which a shell takes for the end. */
static void take_terminal(const struct terminal *terminal)
{
    setsid();
    cleanup_free char *path = checked_printf("/dev/%s", terminal->name);
    int fd = open(path, O_RDWR);
    if (fd < 0)
        _exit(126);
    ioctl(fd, TIOCSCTTY, 1);
    for (int standard = 0; standard < 3; standard++)
        dup2(fd, standard);
    if (fd > 2)
        close(fd);
}

static void become_shell(const struct terminal *terminal)
{
    if (terminal->owned)
        take_terminal(terminal);
    signal(SIGPIPE, SIG_DFL);
    setenv("PS1", "rehost shell # ", 1);
    execl("/bin/sh", "sh", "-i", (char *)NULL);
    _exit(127);
}

bool shell_run(const struct terminal *terminal)
{
    pid_t pid = fork();
    if (pid == 0)
        become_shell(terminal);
    while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        ;
    return pid > 0;
}
