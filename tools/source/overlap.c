/* Whether what a source reads is what is to be written: a source on this machine can be named as the target by mistake. See source.h. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "../base/cleanup.h"
#include "../base/same_place.h"
#include "source.h"

/* Of a block device: a partition's lies in its disk's. The caller's; NULL: it is none. */
static char *folder_in_sys(const char *path)
{
    struct stat st;
    if (stat(path, &st) < 0 || !S_ISBLK(st.st_mode))
        return NULL;
    cleanup_free char *link = checked_printf("/sys/dev/block/%u:%u", major(st.st_rdev), minor(st.st_rdev));
    return realpath(link, NULL);
}

static bool is_in(const char *folder, const char *other)
{
    size_t length = strlen(other);
    return strncmp(folder, other, length) == 0 && (folder[length] == '\0' || folder[length] == '/');
}

bool source_reads(const struct source *source, const char *path)
{
    if (!source->file || is_same_place(source->file, path))
        return source->file != NULL;
    cleanup_free char *own_folder = folder_in_sys(source->file), *other_folder = folder_in_sys(path);
    return own_folder && other_folder && (is_in(own_folder, other_folder) || is_in(other_folder, own_folder));
}

int source_spare(const struct source *source, const char *path, struct error *err)
{
    if (!source || !source_reads(source, path))
        return 0;
    error_set(err, "%s is what %s is read from, and a source is never written to", path, source->uri);
    return error_advise(err, "Name another disk for it.");
}
