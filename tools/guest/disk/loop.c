/* A loop device over a file (loop(4)), set up by the kernel's own calls. */
#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "../../base/cleanup.h"
#include "../../base/program.h"
#include "attach.h"

#define TRIES 20
#define LARGE_SECTOR 4096u
#define GPT_MAGIC "EFI PART"
#define MBR_FIRST_TYPE 450 /* of the first partition; UEFI 2.10, 5.2.3 */
#define MBR_PROTECTIVE 0xee
#define LOOP_MAJOR 7 /* Documentation/admin-guide/devices.txt */

/* Without udev nobody has loaded the driver, and then the node is missing too. */
static int open_control(void)
{
    int fd = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
    if (fd >= 0 || (errno != ENOENT && errno != ENODEV))
        return fd;
    const char *const argv[] = {"modprobe", "-q", "loop", NULL};
    program_run(&(struct program){.argv = argv, .input_fd = -1, .timeout_seconds = 30}, NULL, NULL);
    return open("/dev/loop-control", O_RDWR | O_CLOEXEC);
}

static int open_loop(int number, char **device)
{
    *device = checked_printf("/dev/loop%d", number);
    int fd = open(*device, O_RDWR | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT && mknod(*device, S_IFBLK | 0600, makedev(LOOP_MAJOR, (unsigned)number)) == 0)
        fd = open(*device, O_RDWR | O_CLOEXEC);
    return fd;
}

/* One free loop. 0; 1: somebody else was faster; -1. */
static int try_attach(int control_fd, const struct loop_config *config, int *loop_fd, char **device)
{
    int number = ioctl(control_fd, LOOP_CTL_GET_FREE);
    if (number < 0)
        return -1;
    cleanup_free char *path = NULL;
    cleanup_close int fd = open_loop(number, &path);
    if (fd < 0)
        return -1;
    if (ioctl(fd, LOOP_CONFIGURE, config) < 0)
        return errno == EBUSY ? 1 : -1;
    *loop_fd = take_fd(&fd);
    *device = take_pointer(path);
    return 0;
}

static int attach(const char *file, struct loop_config *config, int *loop_fd, char **device, struct error *err)
{
    cleanup_close int file_fd = open(file, (config->info.lo_flags & LO_FLAGS_READ_ONLY ? O_RDONLY : O_RDWR) | O_CLOEXEC);
    if (file_fd < 0)
        return error_errno(err, "open %s", file);
    cleanup_close int control_fd = open_control();
    if (control_fd < 0) {
        error_errno(err, "open /dev/loop-control");
        return error_advise(err, "attaching an image needs root and the kernel's loop driver");
    }
    config->fd = (__u32)file_fd;
    int result = 1;
    for (int tries = 0; tries < TRIES && result == 1; tries++)
        result = try_attach(control_fd, config, loop_fd, device);
    return result == 0 ? 0 : error_errno(err, "attach %s to a loop device", file);
}

/* A file does not say how large the sectors of the disk were: a GPT's header stands in the second one. 0: as the kernel has it, 512. */
static unsigned sector_bytes_of(const char *file)
{
    unsigned char start[LARGE_SECTOR + sizeof GPT_MAGIC - 1];
    cleanup_close int fd = open(file, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || pread(fd, start, sizeof start, 0) != (ssize_t)sizeof start || start[MBR_FIRST_TYPE] != MBR_PROTECTIVE)
        return 0;
    bool is_small = memcmp(start + 512, GPT_MAGIC, sizeof GPT_MAGIC - 1) == 0, is_large = memcmp(start + LARGE_SECTOR, GPT_MAGIC, sizeof GPT_MAGIC - 1) == 0;
    return is_large && !is_small ? LARGE_SECTOR : 0;
}

int loop_attach(const char *file, bool read_only, int *loop_fd, char **device, struct error *err)
{
    struct loop_config config = {.block_size = sector_bytes_of(file), .info.lo_flags = LO_FLAGS_AUTOCLEAR | LO_FLAGS_PARTSCAN | (read_only ? LO_FLAGS_READ_ONLY : 0)};
    return attach(file, &config, loop_fd, device, err);
}

int loop_attach_part(const char *file, uint64_t offset, uint64_t size_bytes, int *loop_fd, char **device, struct error *err)
{
    struct loop_config config = {.info = {.lo_flags = LO_FLAGS_AUTOCLEAR | LO_FLAGS_READ_ONLY, .lo_offset = offset, .lo_sizelimit = size_bytes}};
    return attach(file, &config, loop_fd, device, err);
}
