/* See sysfs.h. */
#include "sysfs.h"

#include <stdlib.h>
#include <string.h>

#include "../base/cleanup.h"
#include "../base/root.h"

#define DEVICES "/sys/devices/"

/* "../" is taken by its letters: below /sys no directory on the way is itself a link. */
static char *join_link(const char *directory, const char *link)
{
    cleanup_text struct text joined = {0};
    text_append(&joined, directory);
    for (const char *part = link; *part;) {
        size_t length = strcspn(part, "/");
        if (length == 2 && strncmp(part, "..", 2) == 0) {
            char *slash = joined.length ? strrchr(joined.data, '/') : NULL;
            joined.length = slash ? (size_t)(slash - joined.data) : 0;
            joined.data[joined.length] = '\0';
        } else if (length && !(length == 1 && *part == '.')) {
            text_append(&joined, "/");
            text_append_bytes(&joined, part, length);
        }
        part += length + (part[length] == '/');
    }
    return text_take(&joined);
}

char *sysfs_resolve(int root_fd, const char *path)
{
    cleanup_free char *link = root_readlink(root_fd, path);
    if (!link)
        return NULL;
    const char *slash = strrchr(path, '/');
    cleanup_free char *directory = checked_copy_bytes(path, *link == '/' || !slash ? 0 : (size_t)(slash - path));
    return join_link(directory, link);
}

/* Cuts the last component off; false when the path has left /sys/devices. */
static bool go_up(char *path)
{
    char *slash = strrchr(path, '/');
    if (slash)
        *slash = '\0';
    return slash && string_starts(path, DEVICES);
}

void sysfs_modaliases(int root_fd, const char *device_path, struct strings *modaliases)
{
    cleanup_free char *path = checked_copy(device_path);
    do {
        cleanup_free char *modalias = sysfs_value(root_fd, path, "modalias");
        if (modalias)
            strings_add_new(modaliases, modalias);
    } while (go_up(path));
}

static bool is_layer(const char *driver, const char *const *layers)
{
    for (; layers && *layers; layers++)
        if (strcmp(driver, *layers) == 0)
            return true;
    return false;
}

char *sysfs_driver(int root_fd, const char *device_path, const char *const *layers)
{
    cleanup_free char *path = checked_copy(device_path);
    do {
        cleanup_free char *file = checked_printf("%s/driver", path);
        cleanup_free char *link = root_readlink(root_fd, file);
        const char *slash = link ? strrchr(link, '/') : NULL;
        if (slash && !is_layer(slash + 1, layers))
            return checked_copy(slash + 1);
    } while (go_up(path));
    return NULL;
}

char *sysfs_value(int root_fd, const char *directory, const char *name)
{
    cleanup_free char *path = checked_printf("%s/%s", directory, name);
    cleanup_free char *line = root_read_line(root_fd, path);
    char *trimmed = line ? string_trim(line) : NULL;
    return trimmed && *trimmed ? checked_copy(trimmed) : NULL;
}

uint64_t sysfs_number(int root_fd, const char *directory, const char *name)
{
    cleanup_free char *value = sysfs_value(root_fd, directory, name);
    return value ? strtoull(value, NULL, 10) : 0;
}
