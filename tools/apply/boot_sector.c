/* See boot_sector.h. */
#include "boot_sector.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "../base/cleanup.h"
#include "../pull/pull.h"

#define TABLE 446u /* four entries of 16 bytes, the first byte of each the active flag */
#define ENTRY 16u
#define ENTRIES 4u
#define ACTIVE 0x80

/* A partition's own node: what the file system that is mounted from it keeps in memory of its first block is seen and changed with it. */
static const char *device_of(const struct guest *guest, int partition, struct error *err)
{
    const struct guest_disk *disk = &guest->disk;
    if (partition == WHOLE_DISK && disk->device)
        return disk->device;
    for (size_t i = 0; i < disk->partition_count; i++)
        if (partition >= 0 && disk->partitions[i].number == (unsigned)partition && disk->partitions[i].device)
            return disk->partitions[i].device;
    error_set(err, "%s has no such boot sector (%d)", guest->what, partition);
    return NULL;
}

static int read_sector(const struct guest *guest, int partition, unsigned char *sector, struct error *err)
{
    const char *device = device_of(guest, partition, err);
    cleanup_close int fd = device ? open(device, O_RDONLY | O_CLOEXEC) : -1;
    if (!device)
        return -1;
    if (fd >= 0 && pread(fd, sector, BOOT_SECTOR_BYTES, 0) == BOOT_SECTOR_BYTES)
        return 0;
    return error_errno(err, "read the first sector of %s", device);
}

static int write_sector(const struct guest *guest, int partition, const unsigned char *sector, struct error *err)
{
    const char *device = device_of(guest, partition, err);
    cleanup_close int fd = device ? open(device, O_WRONLY | O_CLOEXEC) : -1;
    if (!device)
        return -1;
    if (fd >= 0 && pwrite(fd, sector, BOOT_SECTOR_BYTES, 0) == BOOT_SECTOR_BYTES && fsync(fd) == 0)
        return 0;
    return error_errno(err, "write the first sector of %s", device);
}

int boot_sector_read(const struct guest *guest, int partition, const unsigned char *held_boot_code, unsigned char sector[BOOT_SECTOR_BYTES], struct error *err)
{
    if (read_sector(guest, partition, sector, err) < 0)
        return -1;
    if (partition == WHOLE_DISK && held_boot_code && boot_code_of(sector) == BOOT_CODE_HELD)
        memcpy(sector, held_boot_code, BOOT_CODE_BYTES);
    return 0;
}

/* A flag goes back where the partition is still the same. */
static void restore_disk(unsigned char *now, const unsigned char *before)
{
    if (boot_code_of(now) != BOOT_CODE_HELD)
        memcpy(now, before, BOOT_CODE_BYTES);
    for (size_t at = TABLE; at < TABLE + ENTRIES * ENTRY; at += ENTRY)
        if (memcmp(now + at + 1, before + at + 1, ENTRY - 1) == 0)
            now[at] = before[at];
}

int boot_sector_restore(const struct guest *guest, int partition, const unsigned char sector[BOOT_SECTOR_BYTES], struct error *err)
{
    unsigned char now[BOOT_SECTOR_BYTES];
    if (read_sector(guest, partition, now, err) < 0)
        return -1;
    if (partition == WHOLE_DISK)
        restore_disk(now, sector);
    else if (boot_code_of(now) == BOOT_CODE_EXTLINUX)
        memcpy(now, sector, sizeof now);
    return write_sector(guest, partition, now, err);
}

int boot_sector_activate(const struct guest *guest, unsigned partition, unsigned char *held_boot_code, struct error *err)
{
    unsigned char sector[BOOT_SECTOR_BYTES], code[BOOT_CODE_BYTES];
    if (read_sector(guest, WHOLE_DISK, sector, err) < 0 || boot_code_of_table(code, err) < 0)
        return -1;
    if (held_boot_code)
        memcpy(held_boot_code, code, sizeof code);
    if (boot_code_of(sector) != BOOT_CODE_HELD)
        memcpy(sector, code, sizeof code);
    for (unsigned i = 0; i < ENTRIES; i++)
        sector[TABLE + i * ENTRY] = i + 1 == partition ? ACTIVE : 0;
    return write_sector(guest, WHOLE_DISK, sector, err);
}
