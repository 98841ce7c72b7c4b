/* An NBD export as a file: nbdfuse (libnbd) shows it through FUSE, read-only. A loop device over that file then gives
 * partitions and file systems, and needs no nbd driver in the kernel. */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../base/cleanup.h"
#include "../../base/program.h"
#include "../../nbd/relay.h"
#include "attach.h"

#define SILENCE_SECONDS 60
#define PROBE_EVERY_SECONDS 10

/* Reads one block past the cache. 0; 1: it took too long, or failed. */
static int probe_once(const char *file)
{
    pid_t reader = fork(); /* a read that is stuck in FUSE can be left alone by leaving its process */
    if (reader == 0) {
        static char block[4096] __attribute__((aligned(4096)));
        int fd = open(file, O_RDONLY | O_DIRECT | O_CLOEXEC);
        _exit(fd < 0 || pread(fd, block, sizeof block, 0) <= 0);
    }
    if (reader < 0)
        return 0;
    if (program_ends_within(reader, SILENCE_SECONDS * 1000)) {
        waitpid(reader, NULL, 0);
        return 0; /* an error is an answer, too */
    }
    kill(reader, SIGKILL);
    return 1;
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

static int start_nbdfuse(const char *uri, struct attachment *attachment, struct error *err)
{
    cleanup_free char *socket = checked_printf("%s/relay", attachment->base), *plain_uri = NULL;
    cleanup_strings struct strings options = {0};
    if (string_starts(uri, "nbds") && relay_start(uri, socket, &attachment->relay_pid, &plain_uri, err) < 0)
        return -1;
    strings_add(&options, plain_uri ? plain_uri : uri);
    struct adapter_command command = {.directory = attachment->base, .name = "nbd", .options = &options, .secret_fd = -1};
    return adapter_start_nbdfuse(&command, &attachment->nbdfuse, err);
}

int nbd_attach(const char *name, const char *uri, struct attachment *attachment, struct error *err)
{
    if (start_nbdfuse(uri, attachment, err) < 0) {
        error_prefix(err, "read %s", name);
        return error_advise(err, "check that the NBD server runs, that its port is open, and that the export's name is right");
    }
    attachment->watch_pid = start_watch(attachment->nbdfuse.path, attachment->nbdfuse.pid);
    return 0;
}

void nbd_detach(struct attachment *attachment)
{
    if (attachment->watch_pid > 0) {
        kill(attachment->watch_pid, SIGKILL);
        waitpid(attachment->watch_pid, NULL, 0);
    }
    adapter_end(&attachment->nbdfuse);
    program_end(attachment->relay_pid);
}
