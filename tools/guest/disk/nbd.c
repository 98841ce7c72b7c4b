/* An NBD export as a file: nbdfuse (libnbd) shows it through FUSE, read-only. A loop device over that file then gives
 * partitions and file systems, and needs no nbd driver in the kernel. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../../base/cleanup.h"
#include "../../base/program.h"
#include "../../nbd/relay.h"
#include "attach.h"

#define READY_SECONDS 30
#define SILENCE_SECONDS 60
#define PROBE_EVERY_SECONDS 10

/* What it says before it gives up is the only account of why. And it must not outlive us: it would hold our mounts. */
static int prepare(void *argument)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    return dup2(*(int *)argument, STDERR_FILENO) < 0;
}

static char *said(int log_fd)
{
    char buffer[1024];
    ssize_t length = pread(log_fd, buffer, sizeof buffer - 1, 0);
    cleanup_free char *copy = checked_copy_bytes(buffer, length > 0 ? (size_t)length : 0);
    return checked_copy(*copy ? string_trim(copy) : "nbdfuse said nothing");
}

/* 0 once the file is there; -1 when nbdfuse ended, or said nothing for too long. */
static int wait_ready(const char *file, pid_t *pid, int log_fd, struct error *err)
{
    for (int tenths = 0; tenths < READY_SECONDS * 10; tenths++) {
        struct stat st;
        if (stat(file, &st) == 0 && S_ISREG(st.st_mode))
            return 0;
        if (waitpid(*pid, NULL, WNOHANG) == *pid) {
            cleanup_free char *reason = said(log_fd);
            *pid = 0;
            return error_set(err, "%s", reason);
        }
        nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL);
    }
    return error_set(err, "no answer within %d seconds", READY_SECONDS);
}

/* Reads one block past the cache. 0; 1: it took too long, or failed. */
static int probe_once(const char *file)
{
    pid_t reader = fork(); /* a read that is stuck in FUSE can be left alone by leaving its process */
    if (reader == 0) {
        static char block[4096] __attribute__((aligned(4096)));
        int fd = open(file, O_RDONLY | O_DIRECT | O_CLOEXEC);
        _exit(fd < 0 || pread(fd, block, sizeof block, 0) <= 0);
    }
    for (int seconds = 0; reader > 0 && seconds < SILENCE_SECONDS; seconds++) {
        if (waitpid(reader, NULL, WNOHANG) == reader)
            return 0; /* an error is an answer, too */
        sleep(1);
    }
    if (reader > 0)
        kill(reader, SIGKILL);
    return reader > 0;
}

/* A process of its own, as a read that hangs in the kernel holds whoever asked for it. */
static pid_t start_watch(const char *file, pid_t nbd_pid)
{
    pid_t pid = fork();
    if (pid != 0)
        return pid;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    syscall(SYS_close_range, 3u, ~0u, 0u); /* musl has no close_range(); what is open here is not ours to hold */
    while (probe_once(file) == 0)
        sleep(PROBE_EVERY_SECONDS);
    kill(nbd_pid, SIGKILL);
    _exit(0);
}

int nbd_attach(const char *name, const char *uri, const char *directory, struct attachment *attachment, struct error *err)
{
    cleanup_close int log_fd = memfd_create("nbdfuse", MFD_CLOEXEC);
    cleanup_free char *socket = checked_printf("%s/relay", directory), *plain_uri = NULL;
    attachment->nbd_file = checked_printf("%s/disk", directory);
    if (log_fd < 0 || (mkdir(directory, 0700) < 0 && errno != EEXIST))
        return error_errno(err, "make %s", directory);
    if (string_starts(uri, "nbds") && relay_start(uri, socket, &attachment->relay_pid, &plain_uri, err) < 0)
        return -1;
    const char *const argv[] = {"nbdfuse", "-r", attachment->nbd_file, plain_uri ? plain_uri : uri, NULL};
    struct program program = {.argv = argv, .input_fd = -1, .in_child = prepare, .in_child_argument = &log_fd};
    if (program_start(&program, &attachment->nbd_pid, err) < 0 || wait_ready(attachment->nbd_file, &attachment->nbd_pid, log_fd, err) < 0) {
        error_prefix(err, "read %s", name);
        return error_advise(err, "check that the NBD server runs, that its port is open, and that the export's name is right");
    }
    attachment->watch_pid = start_watch(attachment->nbd_file, attachment->nbd_pid);
    return 0;
}

void nbd_detach(struct attachment *attachment)
{
    if (attachment->watch_pid > 0) {
        kill(attachment->watch_pid, SIGKILL);
        waitpid(attachment->watch_pid, NULL, 0);
    }
    program_end(attachment->nbd_pid);
    program_end(attachment->relay_pid);
    free(attachment->nbd_file);
}
