/* Which subvolume of a btrfs is the root of the system.
 *
 * Ubuntu calls it @, Debian @rootfs, Fedora root; SUSE makes it the one that is mounted when none is named. A snapshot (of snapper in
 * .snapshots/N/snapshot, of timeshift in timeshift-btrfs/…) looks like a system, too, but has the fstab of the system that it was taken
 * of: the system is the one that lies where its own fstab says. */
#include <fcntl.h>
#include <linux/btrfs.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "../base/cleanup.h"
#include "../base/root.h"
#include "inspect.h"

#define DEPTH_MAX 2      /* "@rootfs", "debian/@" */
#define LOOKED_AT_MAX 4096
#define SUBVOLUME_INODE 256 /* BTRFS_FIRST_FREE_OBJECTID: the root directory of every subvolume has it */

struct search {
    int top_fd;
    unsigned looked_at;
    struct strings *systems; /* paths of the subvolumes that look like one */
    char *own;              /* the one of them that lies where its fstab says */
};

/* The mount options of "/" in the fstab of a system; NULL: it has none. */
static char *options_of_root(int fd)
{
    struct fstab_entry *entries;
    size_t count;
    char *options = NULL;
    cleanup_free char *text = root_read(fd, "/etc/fstab", FSTAB_BYTES_MAX, NULL);
    fstab_parse(text ? text : "", &entries, &count);
    for (size_t i = 0; i < count && !options; i++)
        if (string_is(entries[i].file, "/"))
            options = checked_copy(entries[i].options);
    fstab_free(entries, count);
    return options;
}

uint64_t subvolume_id(int fd)
{
    struct btrfs_ioctl_ino_lookup_args lookup = {.objectid = SUBVOLUME_INODE};
    return ioctl(fd, BTRFS_IOC_INO_LOOKUP, &lookup) == 0 ? lookup.treeid : 0;
}

/* A name is found before an id, as the id changes when a snapshot takes the system's place. */
static bool lies_where_it_says(int fd, const char *path)
{
    cleanup_free char *options = options_of_root(fd);
    cleanup_free char *name = options ? option_value(options, "subvol") : NULL, *id = options ? option_value(options, "subvolid") : NULL;
    return name ? string_is(name + strspn(name, "/"), path) : id && subvolume_id(fd) == strtoull(id, NULL, 10);
}

/* A comma would end the mount option that it is going to stand in. */
static bool is_subvolume(int fd, const char *path)
{
    struct stat st;
    return fstat(fd, &st) == 0 && st.st_ino == SUBVOLUME_INODE && !strchr(path, ',');
}

static void look_below(struct search *search, const char *directory, unsigned depth)
{
    cleanup_strings struct strings names = {0};
    root_list(search->top_fd, directory, &names);
    for (size_t i = 0; i < names.count && search->looked_at < LOOKED_AT_MAX; i++) {
        cleanup_free char *path = *directory ? checked_printf("%s/%s", directory, names.items[i]) : checked_copy(names.items[i]);
        cleanup_close int fd = root_open(search->top_fd, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
        search->looked_at++;
        if (fd < 0)
            continue;
        if (is_subvolume(fd, path) && root_holds_system(fd)) {
            strings_add(search->systems, path);
            if (!search->own && lies_where_it_says(fd, path))
                search->own = checked_copy(path);
        } else if (depth < DEPTH_MAX) {
            look_below(search, path, depth + 1);
        }
    }
}

char *subvolume_of_system(int top_fd, struct strings *systems)
{
    struct search search = {.top_fd = top_fd, .systems = systems};
    look_below(&search, "", 1);
    return search.own;
}
