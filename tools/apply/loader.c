/* See loader.h. */
#include "loader.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../base/cleanup.h"
#include "../base/program.h"
#include "../base/root.h"
#include "replace.h"

#define INSTALL_SECONDS 120

/* The device of the mounted file system that the directory is in. */
static const char *device_below(const struct guest *guest, int directory_fd)
{
    struct stat directory, device;
    if (fstat(directory_fd, &directory) < 0)
        return NULL;
    for (size_t i = 0; i < guest->disk.partition_count; i++) {
        const char *path = guest->disk.partitions[i].device;
        if (path && stat(path, &device) == 0 && S_ISBLK(device.st_mode) && device.st_rdev == directory.st_dev)
            return path;
    }
    return NULL;
}

/* extlinux opens these by name for writing and would follow a link of a hostile guest out of it: nothing of that name may be there. */
static int make_room(const struct guest *guest, const char *directory, struct error *err)
{
    static const char *const files[] = {"ldlinux.sys", "ldlinux.c32", "extlinux.sys"};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        cleanup_free char *path = checked_printf("%s/%s", directory, files[i]);
        if (remove_file(guest->root_fd, path, err) < 0)
            return -1;
        cleanup_free char *link = root_readlink(guest->root_fd, path);
        if (link)
            return error_set(err, "%s is a symbolic link", path);
    }
    return 0;
}

/* The directory is named by our descriptor of it, which no link of the guest can lead elsewhere. */
static int run_extlinux(const char *device, int directory_fd, struct error *err)
{
    cleanup_free char *where = checked_printf("/proc/%d/fd/%d", (int)getpid(), directory_fd);
    cleanup_free char *which = checked_printf("--device=%s", device);
    const char *const argv[] = {"extlinux", which, "--install", where, NULL};
    return program_run(&(struct program){.argv = argv, .input_fd = -1, .timeout_seconds = INSTALL_SECONDS}, NULL, err);
}

int loader_install(const struct guest *guest, const char *directory, struct error *err)
{
    if (make_directories(guest->root_fd, directory, NULL, err) < 0 || make_room(guest, directory, err) < 0)
        return -1;
    cleanup_close int fd = root_open(guest->root_fd, directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
    const char *device = fd < 0 ? NULL : device_below(guest, fd);
    if (fd < 0)
        return error_errno(err, "open %s in the guest", directory);
    if (!device)
        return error_set(err, "%s is on no partition of %s", directory, guest->what);
    return run_extlinux(device, fd, err);
}
