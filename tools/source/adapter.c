/* See adapter.h. */
#include "adapter.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "../base/cleanup.h"
#include "../base/clock.h"
#include "../base/program.h"

#define READY_SECONDS 60
#define LOOK_AGAIN_MS 100
#define LOG_BYTES 65536

struct child {
    const struct adapter *adapter;
    pid_t parent;
};

int adapter_go_offline(void *unused)
{
    (void)unused;
    return unshare(CLONE_NEWNET) < 0 && errno != EPERM ? -1 : 0;
}

/* It must not outlive us: nobody else would end it. A secret has to have the number that stands in the arguments. */
static int prepare(void *argument)
{
    const struct child *child = argument;
    const struct adapter *adapter = child->adapter;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != child->parent || dup2(adapter->log_fd, STDERR_FILENO) < 0)
        return -1;
    if (adapter->secret_fd >= 0 && dup2(adapter->secret_fd, adapter->secret_number) < 0)
        return -1;
    return adapter->offline ? adapter_go_offline(NULL) : 0;
}

/* A file in memory that cannot grow: a server that fails all day would fill the machine with its complaints. */
static int make_log(void)
{
    cleanup_close int fd = memfd_create("adapter", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0 || ftruncate(fd, LOG_BYTES) < 0 || fcntl(fd, F_ADD_SEALS, F_SEAL_GROW | F_SEAL_SHRINK) < 0)
        return -1;
    return take_fd(&fd);
}

/* Tells when something appears in a directory; -1: the kernel cannot, and then it is looked at now and then. */
static int watch_directory(const char *directory)
{
    int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (fd >= 0)
        (void)inotify_add_watch(fd, directory, IN_CREATE | IN_MODIFY | IN_CLOSE_WRITE);
    return fd;
}

/* Until something has happened, or a moment has passed. */
static void wait_for_news(int directory_fd, int program_fd)
{
    char events[4096];
    struct pollfd news[] = {{.fd = directory_fd, .events = POLLIN}, {.fd = program_fd, .events = POLLIN}};
    if (poll(news, 2, LOOK_AGAIN_MS) > 0 && news[0].revents)
        while (read(directory_fd, events, sizeof events) > 0)
            continue; /* what it was shows in the file */
}

/* Its process id is written when it serves; the socket is there a moment earlier. */
static int wait_ready(struct adapter *adapter, int directory_fd, struct error *err)
{
    cleanup_close int program_fd = program_watch(adapter->pid);
    for (int64_t deadline = clock_ms() + READY_SECONDS * 1000; clock_ms() < deadline; wait_for_news(directory_fd, program_fd)) {
        struct stat st;
        if (stat(adapter->pid_file, &st) == 0 && st.st_size > 0)
            return 0;
        if (waitpid(adapter->pid, NULL, WNOHANG) == adapter->pid) {
            cleanup_free char *words = adapter_last_words(adapter);
            adapter->pid = 0;
            return error_set(err, "%s", words ? words : "it ended without a word");
        }
    }
    return error_set(err, "it was not ready within %d seconds", READY_SECONDS);
}

static int launch(struct adapter *adapter, struct error *err)
{
    cleanup_free const char **argv = checked_alloc((adapter->arguments.count + 1) * sizeof *argv);
    memcpy(argv, adapter->arguments.items, adapter->arguments.count * sizeof *argv);
    unlink(adapter->pid_file); /* of one that was here before */
    struct child child = {.adapter = adapter, .parent = getpid()};
    struct program program = {.argv = argv, .input_fd = -1, .in_child = prepare, .in_child_argument = &child};
    cleanup_close int directory_fd = watch_directory(adapter->directory);
    if (program_start(&program, &adapter->pid, err) == 0 && wait_ready(adapter, directory_fd, err) == 0)
        return 0;
    program_end(adapter->pid);
    adapter->pid = 0;
    return error_prefix(err, "%s", argv[0]);
}

static int make_files(const struct adapter_command *command, struct adapter *adapter, struct error *err)
{
    adapter->log_fd = make_log();
    if (adapter->log_fd < 0)
        return error_errno(err, "make room for what %s says", adapter->arguments.items[0]);
    if (command->secret_fd >= 0)
        adapter->secret_fd = fcntl(command->secret_fd, F_DUPFD_CLOEXEC, 0);
    return command->secret_fd < 0 || adapter->secret_fd >= 0 ? 0 : error_errno(err, "keep a secret for %s", adapter->arguments.items[0]);
}

/* `path` becomes the adapter's. */
static int start_at(const struct adapter_command *command, char *path, const char *const *words, struct adapter *adapter, struct error *err)
{
    *adapter = (struct adapter){.log_fd = -1, .path = path, .directory = checked_copy(command->directory), .secret_fd = -1,
                                .secret_number = command->secret_fd, .offline = command->offline,
                                .pid_file = checked_printf("%s/%s.pid", command->directory, command->name)};
    for (; *words; words++)
        strings_add(&adapter->arguments, string_is(*words, "PATH") ? path : string_is(*words, "PID-FILE") ? adapter->pid_file : *words);
    for (size_t i = 0; i < command->options->count; i++)
        strings_add(&adapter->arguments, command->options->items[i]);
    if (make_files(command, adapter, err) == 0 && launch(adapter, err) == 0)
        return 0;
    adapter_end(adapter);
    return -1;
}

bool adapter_is_down(struct adapter *adapter)
{
    if (adapter->pid && waitpid(adapter->pid, NULL, WNOHANG) == adapter->pid)
        adapter->pid = 0;
    return adapter->path && !adapter->pid;
}

int adapter_start_again(struct adapter *adapter, struct error *err)
{
    program_end(adapter->pid);
    adapter->pid = 0;
    unlink(adapter->path); /* a socket that nobody listens on is in the way of a new one */
    return launch(adapter, err);
}

static char *socket_of(const struct adapter_command *command)
{
    return checked_printf("%s/%s.sock", command->directory, command->name);
}

void adapter_option(struct strings *options, const char *name, const char *value)
{
    cleanup_free char *option = value ? checked_printf("%s=%s", name, value) : NULL;
    if (option)
        strings_add(options, option);
}

int adapter_start_nbdkit(const struct adapter_command *command, struct adapter *adapter, struct error *err)
{
    static const char *const words[] = {"nbdkit", "--foreground", "--readonly", "--log=stderr", "--unix", "PATH", "--pidfile", "PID-FILE", NULL};
    return start_at(command, socket_of(command), words, adapter, err);
}

int adapter_start_qemu_nbd(const struct adapter_command *command, struct adapter *adapter, struct error *err)
{
    static const char *const words[] = {"qemu-nbd", "--read-only", "--persistent", "--shared=0", "--socket", "PATH", "--pid-file", "PID-FILE", NULL};
    return start_at(command, socket_of(command), words, adapter, err);
}

int adapter_start_nbdfuse(const struct adapter_command *command, struct adapter *adapter, struct error *err)
{
    static const char *const words[] = {"nbdfuse", "--readonly", "--pidfile", "PID-FILE", "PATH", NULL};
    cleanup_free char *folder = checked_printf("%s/%s", command->directory, command->name);
    if (mkdir(folder, 0700) < 0 && errno != EEXIST)
        return error_errno(err, "make %s", folder);
    return start_at(command, checked_printf("%s/disk", folder), words, adapter, err);
}

void adapter_end(struct adapter *adapter)
{
    program_end(adapter->pid);
    if (adapter->path) {
        unlink(adapter->path);
        close(adapter->log_fd);
        close(adapter->secret_fd);
    }
    free(adapter->path);
    free(adapter->directory);
    free(adapter->pid_file);
    strings_free(&adapter->arguments);
    *adapter = (struct adapter){0};
}

/* "nbdkit: curl[1]: error: what it is" */
static const char *without_prefix(const char *line)
{
    static const char *const marks[] = {"error: ", "qemu-nbd: ", "nbdfuse: "};
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
        const char *mark = strstr(line, marks[i]);
        if (mark)
            return mark + strlen(marks[i]);
    }
    return line;
}

char *adapter_last_words(const struct adapter *adapter)
{
    cleanup_free char *log = checked_alloc(LOG_BYTES + 1);
    if (!adapter->path || pread(adapter->log_fd, log, LOG_BYTES, 0) <= 0)
        return NULL;
    cleanup_free char *last = NULL;
    const char *cursor = log, *line;
    size_t length;
    while (next_line(&cursor, &line, &length)) {
        cleanup_free char *copy = checked_copy_bytes(line, length);
        const char *trimmed = string_trim(copy);
        if (!*trimmed || (last && strstr(last, "error:") && !strstr(trimmed, "error:")))
            continue;
        free(last);
        last = checked_copy(trimmed);
    }
    return last ? checked_copy(without_prefix(last)) : NULL;
}
