/* See front.h. The table is sfdisk's work, the boot code is syslinux's. */
#include "front.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../base/cleanup.h"
#include "../base/program.h"
#include "../base/text.h"
#include "../guest/boot/boot_code.h"
#include "target/target.h"

#define SECTOR 512u
#define MBR_SECTORS_MAX UINT32_MAX /* 2 TiB */
#define SFDISK_SECONDS 30

/* sfdisk is given a disk of the right size that takes no room: only the table is taken from it. */
static int run_sfdisk(int disk_fd, uint64_t sectors, uint32_t signature, struct error *err)
{
    cleanup_free char *script = checked_printf("label: dos\nlabel-id: 0x%08x\nstart=%u, size=%llu, type=83, bootable\n", signature, FRONT_BYTES / SECTOR,
                                               (unsigned long long)sectors);
    cleanup_free char *disk = checked_printf("/proc/%d/fd/%d", (int)getpid(), disk_fd);
    cleanup_close int script_fd = memfd_create("script", MFD_CLOEXEC);
    size_t length = strlen(script);
    if (script_fd < 0 || pwrite(script_fd, script, length, 0) != (ssize_t)length)
        return error_errno(err, "write down the partition");
    const char *const argv[] = {"sfdisk", "--quiet", "--no-reread", "--no-tell-kernel", disk, NULL};
    return program_run(&(struct program){.argv = argv, .input_fd = script_fd, .timeout_seconds = SFDISK_SECONDS}, NULL, err);
}

static int read_table(uint64_t sectors, uint32_t signature, unsigned char *sector, struct error *err)
{
    cleanup_close int fd = memfd_create("disk", MFD_CLOEXEC);
    if (fd < 0 || ftruncate(fd, (off_t)(FRONT_BYTES + sectors * SECTOR)) < 0)
        return error_errno(err, "make a disk to partition");
    if (run_sfdisk(fd, sectors, signature, err) < 0)
        return -1;
    return pread(fd, sector, SECTOR, 0) == (ssize_t)SECTOR ? 0 : error_errno(err, "read the partition table back");
}

unsigned char *front_make(uint64_t source_bytes, uint32_t seed, struct error *err)
{
    uint64_t sectors = source_bytes / SECTOR;
    if (sectors > MBR_SECTORS_MAX - FRONT_BYTES / SECTOR) {
        error_set(err, "the source has %llu bytes, and a partition that a BIOS starts from ends at 2 TiB", (unsigned long long)source_bytes);
        error_advise(err, "Make its file system smaller on the source (resize2fs).");
        return NULL;
    }
    cleanup_free unsigned char *front = aligned_alloc_checked(FRONT_BYTES);
    memset(front, 0, FRONT_BYTES);
    if (read_table(sectors, seed ? seed : 1, front, err) == 0 && boot_code_of_table(front, err) == 0)
        return take_pointer(front);
    error_prefix(err, "make a partition for the source's file system");
    return NULL;
}
