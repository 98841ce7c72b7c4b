/* See file_systems.h. */
#include "file_systems.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "../base/cleanup.h"
#include "../base/program.h"
#include "../base/text.h"
#include "confine.h"
#include "map.h"
#include "trust.h"

#define GIB (1ull << 30)
#define READ_SECONDS 300 /* and one more for each GiB: a file system of many TiB has GiBs of bitmaps */
#define MAP_FD 3
#define MAP_FILE "/proc/self/fd/3"
#define SWAP_HEADER_BYTES 65536u /* mkswap writes the first page, and no machine has larger ones */

/* What partclone knows beside these is copied whole. partclone.apfs (0.3.36) frees the first blocks of every chunk whose account is none that it
 * expects, as of containers of some TiB, or cannot be read. Whether partclone.hfsp is right nothing shows: no program of the suite makes an HFS+. JFS,
 * ReiserFS, Reiser4, NILFS2, UFS and VMFS the suite's partclone was built without. */
static const struct file_system {
    const char *type, *program;
    distrust *distrust;
} file_systems[] = {
    {"ext2", "partclone.extfs", distrust_ext},
    {"ext3", "partclone.extfs", distrust_ext},
    {"ext4", "partclone.extfs", distrust_ext},
    {"xfs", "partclone.xfs", distrust_xfs},
    {"btrfs", "partclone.btrfs", distrust_btrfs},
    {"ntfs", "partclone.ntfs", distrust_ntfs},
    {"vfat", "partclone.fat", distrust_fat},
    {"exfat", "partclone.exfat", distrust_exfat},
    {"f2fs", "partclone.f2fs", distrust_f2fs},
    {"minix", "partclone.minix", distrust_minix},
};

static bool take_map(void *context, const char *bytes, size_t length)
{
    struct map_reader *reader = context;
    map_reader_take(reader, bytes, length);
    return !reader->lines.odd;
}

/* partclone.exfat prints each range that it finds to stdout, into the midst of the map: that goes where nothing else does. */
static int lead_map_aside(void *unused)
{
    int null_fd = dup2(STDOUT_FILENO, MAP_FD) < 0 ? -1 : open("/dev/null", O_WRONLY | O_CLOEXEC);
    return null_fd < 0 || dup2(null_fd, STDOUT_FILENO) < 0 ? -1 : confine(unused);
}

/* -f 0: without it a thread that shows the progress sleeps for two seconds before partclone ends. */
static char *read_map(const struct volume *volume, const char *program_name, struct free_ranges *on_disk)
{
    struct map_reader reader = {.volume = volume, .on_disk = on_disk};
    struct error err = {0};
    const char *const argv[] = {program_name, "-D", "-q", "-f", "0", "-s", volume->device, "-O", MAP_FILE, "-L", "/dev/null", NULL};
    struct program program = {.argv = argv, .input_fd = -1, .timeout_seconds = READ_SECONDS + (unsigned)(volume->size_bytes / GIB), .in_child = lead_map_aside};
    if (program_stream(&program, take_map, &reader, &err) < 0)
        return checked_printf("partclone does not know it, or finds errors in it (%s)", err.message);
    return map_reader_end(&reader) ? NULL : checked_printf("%s printed a map that cannot be", program_name);
}

static char *find_free(const struct volume *volume, const struct file_system *file_system, struct free_ranges *on_disk)
{
    cleanup_close int fd = open(volume->device, O_RDONLY | O_CLOEXEC);
    const char *reason = fd < 0 ? "it cannot be opened" : file_system->distrust(volume, fd);
    if (reason)
        return checked_copy(reason);
    __attribute__((cleanup(free_ranges_drop))) struct free_ranges found = {0};
    char *why = read_map(volume, file_system->program, &found);
    if (!why)
        free_ranges_add_all(on_disk, &found);
    return why;
}

char *file_system_find_free(const struct volume *volume, struct free_ranges *on_disk)
{
    if (!volume->fs_type)
        return checked_copy("what is in it is not known");
    if (string_is(volume->fs_type, "swap")) {
        volume_add_free(volume, SWAP_HEADER_BYTES, volume->size_bytes, on_disk);
        return NULL;
    }
    if (string_is(volume->fs_type, "swsuspend"))
        return checked_copy("the system hibernates in it");
    for (size_t i = 0; i < sizeof file_systems / sizeof *file_systems; i++)
        if (string_is(file_systems[i].type, volume->fs_type))
            return find_free(volume, &file_systems[i], on_disk);
    return checked_printf("the free space of %s cannot be told", string_is(volume->fs_type, "crypto_LUKS") ? "what is encrypted" : volume->fs_type);
}
