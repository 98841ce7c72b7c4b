/* See chroot_limits.h. */
#include "chroot_limits.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../base/cleanup.h"
#include "../base/root.h"

#define MEMORY_SPARED (16ull << 20) /* left to us and to the kernel */
#define PROCESSES_MAX 1024          /* an initrd builder has some dozens */
#define ALL_ENDED_MILLISECONDS 30000

static int put(int fd, const char *file, const char *text)
{
    cleanup_close int file_fd = openat(fd, file, O_WRONLY | O_CLOEXEC);
    return file_fd < 0 || write(file_fd, text, strlen(text)) < 0 ? -1 : 0;
}

static int put_number(int fd, const char *file, uint64_t number)
{
    char text[24];
    snprintf(text, sizeof text, "%llu", (unsigned long long)number);
    return put(fd, file, text);
}

/* A number behind a word at the start of a line: "MemAvailable:  300000 kB", "oom_kill 1". 0: none. */
static uint64_t number_of(const char *text, const char *word)
{
    const char *line;
    size_t length, word_length = strlen(word);
    while (next_line(&text, &line, &length))
        if (length > word_length && strncmp(line, word, word_length) == 0)
            return strtoull(line + word_length, NULL, 10);
    return 0;
}

static uint64_t number_in(int fd, const char *file, const char *word)
{
    cleanup_free char *text = root_read(fd, file, 65536, NULL);
    return text ? number_of(text, word) : 0;
}

static uint64_t memory_to_spare(void)
{
    cleanup_close int proc_fd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    uint64_t available = number_in(proc_fd, "meminfo", "MemAvailable:") * 1024;
    return available > 2 * MEMORY_SPARED ? available - MEMORY_SPARED : available;
}

/* Mounted nowhere, so that no path leads to it. */
static int open_groups(void)
{
    cleanup_close int context_fd = (int)syscall(SYS_fsopen, "cgroup2", FSOPEN_CLOEXEC);
    if (context_fd < 0 || syscall(SYS_fsconfig, context_fd, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
        return -1;
    return (int)syscall(SYS_fsmount, context_fd, FSMOUNT_CLOEXEC, 0);
}

static int set_limits(struct limits *limits)
{
    limits->memory_bytes = memory_to_spare();
    put(limits->group_fd, "memory.swap.max", "0"); /* there may be no swap to be limited */
    return !limits->memory_bytes || put_number(limits->group_fd, "memory.max", limits->memory_bytes) < 0 || put(limits->group_fd, "memory.oom.group", "1") < 0 ||
           put_number(limits->group_fd, "pids.max", PROCESSES_MAX) < 0 ? -1 : 0;
}

static void forget(struct limits *limits)
{
    if (limits->group_fd >= 0) {
        close(limits->group_fd);
        unlinkat(limits->groups_fd, limits->name, AT_REMOVEDIR);
    }
    if (limits->groups_fd >= 0)
        close(limits->groups_fd);
    limits->groups_fd = limits->group_fd = -1;
}

void limits_make(struct limits *limits)
{
    *limits = (struct limits){.groups_fd = open_groups(), .group_fd = -1};
    snprintf(limits->name, sizeof limits->name, "rehost-%d", (int)getpid());
    if (limits->groups_fd >= 0 && put(limits->groups_fd, "cgroup.subtree_control", "+memory +pids") == 0 && (mkdirat(limits->groups_fd, limits->name, 0755) == 0 || errno == EEXIST))
        limits->group_fd = openat(limits->groups_fd, limits->name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (limits->group_fd < 0 || set_limits(limits) < 0)
        forget(limits);
}

int limits_enter(const struct limits *limits)
{
    cleanup_close int self_fd = open("/proc/self", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (put(self_fd, "oom_score_adj", "1000") < 0)
        return -1;
    return limits->group_fd >= 0 ? put(limits->group_fd, "cgroup.procs", "0") : 0;
}

static bool is_populated(int events_fd)
{
    char text[256];
    ssize_t got = pread(events_fd, text, sizeof text - 1, 0);
    text[got > 0 ? got : 0] = '\0';
    return number_of(text, "populated") > 0;
}

/* The kernel tells a change of what was read by POLLPRI (Documentation/admin-guide/cgroup-v2.rst). */
static void end_all(const struct limits *limits)
{
    cleanup_close int events_fd = openat(limits->group_fd, "cgroup.events", O_RDONLY | O_CLOEXEC);
    put(limits->group_fd, "cgroup.kill", "1"); /* since Linux 5.14; all but a few are gone already with the first of their name space */
    struct pollfd change = {.fd = events_fd, .events = POLLPRI};
    while (is_populated(events_fd) && poll(&change, 1, ALL_ENDED_MILLISECONDS) > 0)
        ;
}

static int explain(const struct limits *limits, const char *name, bool took_memory, bool took_processes, struct error *err)
{
    if (took_memory) {
        cleanup_free char *size = size_for_people(limits->memory_bytes);
        error_set(err, "%s was ended, as it took more than the %s of memory that this machine can spare", name, size);
        return error_advise(err, "Give this machine more memory; or look on the source at what that program of the guest and its hooks do.");
    }
    return took_processes ? error_advise(err, "It was held to %u processes, and wanted more: look on the source at what it and its hooks do.", PROCESSES_MAX) : -1;
}

int limits_end(struct limits *limits, const char *name, int result, struct error *err)
{
    if (limits->group_fd < 0)
        return result;
    end_all(limits);
    bool took_memory = number_in(limits->group_fd, "memory.events", "oom_group_kill") > 0, took_processes = number_in(limits->group_fd, "pids.events", "max") > 0;
    forget(limits);
    return result < 0 ? explain(limits, name, took_memory, took_processes, err) : 0;
}
