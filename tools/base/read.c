/* See read.h. */
#include "read.h"

#include <errno.h>
#include <unistd.h>

ssize_t read_at_least(int fd, void *bytes, size_t wanted, size_t max)
{
    size_t length = 0;
    while (length < wanted) {
        ssize_t got = read(fd, (char *)bytes + length, max - length);
        if (got == 0)
            break;
        if (got < 0 && errno != EINTR)
            return -1;
        length += got > 0 ? (size_t)got : 0;
    }
    return (ssize_t)length;
}
