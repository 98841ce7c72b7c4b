/* See same_place.h. */
#include "same_place.h"

#include <sys/stat.h>

#include "text.h"

bool is_same_place(const char *a, const char *b)
{
    struct stat one, other;
    if (stat(a, &one) < 0 || stat(b, &other) < 0)
        return string_is(a, b);
    if (S_ISBLK(one.st_mode) && S_ISBLK(other.st_mode))
        return one.st_rdev == other.st_rdev;
    return one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}
