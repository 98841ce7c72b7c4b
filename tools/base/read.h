/* Reading from what gives its bytes as it likes: pipes, terminals, files of /proc. */
#ifndef REHOST_BASE_READ_H
#define REHOST_BASE_READ_H

#include <stddef.h>
#include <sys/types.h>

/* Reads until `wanted` bytes are there or the file ends, and `max` bytes at most. How many there are, less than wanted only at the end; -1 with errno. */
ssize_t read_at_least(int fd, void *bytes, size_t wanted, size_t max);

#endif
