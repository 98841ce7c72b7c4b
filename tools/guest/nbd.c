/* An NBD export as a file: nbdfuse (libnbd) shows it through FUSE, read-only. A loop device over that file then gives
 * partitions and file systems, and needs no nbd driver in the kernel. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include "../base/cleanup.h"
#include "../base/program.h"
#include "attach.h"

#define READY_SECONDS 30

/* What it says before it gives up is the only account of why. */
static int keep_stderr(void *argument)
{
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

int nbd_attach(const char *uri, const char *directory, pid_t *pid, char **file, struct error *err)
{
    cleanup_close int log_fd = memfd_create("nbdfuse", MFD_CLOEXEC);
    *file = checked_printf("%s/disk", directory);
    if (log_fd < 0 || (mkdir(directory, 0700) < 0 && errno != EEXIST))
        return error_errno(err, "make %s", directory);
    const char *const argv[] = {"nbdfuse", "-r", *file, uri, NULL};
    struct program program = {.argv = argv, .input_fd = -1, .in_child = keep_stderr, .in_child_argument = &log_fd};
    if (program_start(&program, pid, err) < 0 || wait_ready(*file, pid, log_fd, err) < 0) {
        error_prefix(err, "read %s", uri);
        return error_advise(err, "check that the NBD server runs, that its port is open, and that the export's name is right");
    }
    return 0;
}
