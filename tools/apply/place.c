/* See place.h. */
#include "place.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../base/root.h"
#include "../base/text.h"

#define LINKS_MAX 16

void place_free(struct place *place)
{
    if (place->directory_fd >= 0)
        close(place->directory_fd);
    free(place->path);
    *place = (struct place){.directory_fd = -1};
}

static void place_set_path(struct place *place, char *path)
{
    free(place->path);
    place->path = path;
    char *slash = strrchr(path, '/');
    place->name = slash ? slash + 1 : path;
}

/* One step along a symbolic link. Its text is joined to the path; ".." and absolute links stay in the root, as every
 * walk over the result is done by openat2(RESOLVE_IN_ROOT). */
static int follow(struct place *place, struct error *err)
{
    char target[4097];
    ssize_t length = readlinkat(place->directory_fd, place->name, target, sizeof target - 1);
    if (length < 0)
        return error_errno(err, "read the link %s", place->path);
    target[length] = '\0';
    int directory = (int)(place->name - place->path);
    place_set_path(place, *target == '/' ? checked_copy(target) : checked_printf("%.*s%s", directory, place->path, target));
    return 0;
}

/* 1: a link, look again. */
static int look(int root_fd, struct place *place, struct error *err)
{
    if (place->directory_fd >= 0)
        close(place->directory_fd);
    const char *name;
    place->directory_fd = root_open_parent(root_fd, place->path, &name);
    place->exists = false;
    if (place->directory_fd < 0)
        return errno == ENOENT ? 0 : error_errno(err, "open the directory of %s", place->path);
    if (!*name || !strcmp(name, ".") || !strcmp(name, ".."))
        return error_set(err, "%s is not the name of a file", place->path);
    if (fstatat(place->directory_fd, name, &place->st, AT_SYMLINK_NOFOLLOW) < 0)
        return errno == ENOENT ? 0 : error_errno(err, "look at %s", place->path);
    if (S_ISLNK(place->st.st_mode))
        return follow(place, err) < 0 ? -1 : 1;
    place->exists = true;
    return 0;
}

int place_find(int root_fd, const char *path, struct place *place, struct error *err)
{
    *place = (struct place){.directory_fd = -1};
    place_set_path(place, checked_copy(path));
    for (int links = 0; links < LINKS_MAX; links++) {
        int state = look(root_fd, place, err);
        if (state == 1)
            continue;
        if (state == 0 && links && !place->exists)
            return error_set(err, "%s is a symbolic link to %s, where there is no file", path, place->path);
        return state;
    }
    return error_set(err, "%s is a symbolic link that leads nowhere", path);
}
