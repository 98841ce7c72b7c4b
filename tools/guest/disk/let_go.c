/* The end of a device's use, which comes a moment after that of its file systems. */
#include <errno.h>
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include "../../base/cleanup.h"
#include "attach.h"

#define LET_GO_SECONDS 10

/* An exclusive open works once the kernel has written out and let go the last file system. */
int device_wait_let_go(const char *device, bool written, struct error *err)
{
    for (int tenths = 0; tenths < LET_GO_SECONDS * 10; tenths++) {
        cleanup_close int fd = open(device, O_RDONLY | O_EXCL | O_CLOEXEC);
        if (fd >= 0 || errno == ENOENT || errno == ENXIO)
            return !written || fd < 0 || fsync(fd) == 0 || errno == EINVAL ? 0 : error_errno(err, "flush %s", device);
        nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL);
    }
    return error_set(err, "%s is still in use %d seconds after its file systems were unmounted: some program in the guest still runs", device, LET_GO_SECONDS);
}
