/* See in_use.h. */
#include "in_use.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "../../base/cleanup.h"
#include "../../base/text.h"

/* First line of a file of the kernel's, without its line end; false when it is not there. */
static bool read_line(const char *path, char *line, size_t size)
{
    cleanup_fclose FILE *file = fopen(path, "re");
    if (!file || !fgets(line, (int)size, file))
        return false;
    line[strcspn(line, "\n")] = '\0';
    return true;
}

/* mountinfo: ID PARENT MAJOR:MINOR ROOT POINT OPTIONS … - TYPE SOURCE OPTIONS. Partitions of the disk count too. */
static bool find_mount(const char *path, char *point, size_t size)
{
    cleanup_fclose FILE *file = fopen("/proc/self/mountinfo", "re");
    char line[4096], mounted_at[PATH_MAX], source[PATH_MAX];
    while (file && fgets(line, sizeof line, file)) {
        const char *tail = strstr(line, " - ");
        if (!tail || sscanf(line, "%*s %*s %*s %*s %4095s", mounted_at) != 1 || sscanf(tail, " - %*s %4095s", source) != 1)
            continue;
        if (string_starts(source, path)) {
            snprintf(point, size, "%s", mounted_at);
            return true;
        }
    }
    return false;
}

int explain_busy(const char *path, struct error *err)
{
    char real[PATH_MAX], point[PATH_MAX];
    if (find_mount(realpath(path, real) ? real : path, point, sizeof point)) {
        error_set(err, "the target disk %s is in use: it is mounted at %s", path, point);
        return error_advise(err, "Is it the right disk? If so: umount %s", point);
    }
    error_set(err, "the target disk %s is in use (mounted, or part of RAID, LVM or swap)", path);
    return error_advise(err, "Is it the right disk? `cat /proc/mounts /proc/mdstat /proc/swaps` shows who holds it.");
}

int check_not_loop(const char *path, struct error *err)
{
    char real[PATH_MAX], backing[PATH_MAX];
    cleanup_closedir DIR *devices = opendir("/sys/block");
    if (!devices || !realpath(path, real))
        return 0;
    for (const struct dirent *each; (each = readdir(devices));) {
        cleanup_free char *file = checked_printf("/sys/block/%s/loop/backing_file", each->d_name);
        if (string_starts(each->d_name, "loop") && read_line(file, backing, sizeof backing) && strcmp(backing, real) == 0) {
            error_set(err, "the target %s is in use: /dev/%s stands on it", path, each->d_name);
            return error_advise(err, "If it is the right file, detach it first: losetup -d /dev/%s", each->d_name);
        }
    }
    return 0;
}

bool device_zeroes_well(int fd)
{
    struct stat st;
    char bytes[64];
    if (fstat(fd, &st) < 0)
        return false;
    /* A partition has no queue of its own: its disk is one level up. */
    const char *const levels[] = {"", "../"};
    for (unsigned i = 0; i < 2; i++) {
        cleanup_free char *path = checked_printf("/sys/dev/block/%u:%u/%squeue/write_zeroes_max_bytes", major(st.st_rdev), minor(st.st_rdev), levels[i]);
        if (read_line(path, bytes, sizeof bytes))
            return strcmp(bytes, "0") != 0;
    }
    return false;
}
