/* A device over another that is only read: what is written to it stays in memory, and is forgotten. md writes the superblock of a bitmap even to an array
 * that it starts read-only (and fails the disks that refuse it), and a thin pool that of its metadata. */
#include <sys/mman.h>
#include <unistd.h>

#include "../../base/cleanup.h"
#include "volumes.h"

#define MEMORY_BYTES (64 << 20) /* at most: it is in use as far as it was written to, which is a few blocks */
#define SECTOR_BYTES 512u
#define CHUNK_SECTORS 16

/* The loop holds the memory, and the descriptor the loop. */
static int attach_memory(int *loop_fd, char **loop, struct error *err)
{
    cleanup_close int fd = memfd_create("overlay", MFD_CLOEXEC);
    if (fd < 0 || ftruncate(fd, MEMORY_BYTES) < 0)
        return error_errno(err, "take memory for an overlay");
    cleanup_free char *path = checked_printf("/proc/self/fd/%d", fd);
    return loop_attach(path, false, loop_fd, loop, err);
}

int overlay_attach(struct guest *guest, const struct partition *part, int *loop_fd, char **device, struct error *err)
{
    cleanup_close int fd = -1;
    cleanup_free char *memory = NULL;
    if (volume_mapper_ready((const char *const[]){"dm_mod", "dm_snapshot", NULL}, err) < 0 || attach_memory(&fd, &memory, err) < 0)
        return -1;
    /* Documentation/admin-guide/device-mapper/snapshot.rst; N: not to outlive us */
    cleanup_free char *table = checked_printf("0 %llu snapshot %s %s N %d", (unsigned long long)(part->size_bytes / SECTOR_BYTES), part->device, memory, CHUNK_SECTORS);
    cleanup_free char *name = checked_printf("rehost-%d-overlay-%zu", (int)getpid(), guest->attachment->window_count);
    cleanup_free char *path = checked_printf("/dev/mapper/%s", name);
    cleanup_strings struct strings devices = {0};
    if (volume_run((const char *const[]){"dmsetup", "create", name, "--table", table, NULL}, -1, NULL, NULL, err) < 0)
        return -1;
    strings_add(&devices, path);
    volume_undo_by(guest, (const char *const[]){"dmsetup", "remove", name, NULL}, &devices);
    *loop_fd = take_fd(&fd);
    *device = take_pointer(path);
    return 0;
}
