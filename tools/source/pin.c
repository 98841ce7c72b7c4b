/* See pin.h. */
#include "pin.h"

#include <fcntl.h>
#include <string.h>

#include "../base/cleanup.h"
#include "../base/text.h"

char *pin_write(const char *directory, const char *name, const char *text, struct error *err)
{
    cleanup_free char *path = checked_printf("%s/%s", directory, name);
    cleanup_close int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text))
        return take_pointer(path);
    error_errno(err, "write %s", path);
    return NULL;
}
