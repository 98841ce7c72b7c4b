/* The disks of this machine: what stands in /sys/block and is a piece of hardware. */
#include <stdlib.h>
#include <string.h>

#include "../base/cleanup.h"
#include "../base/root.h"
#include "probe.h"
#include "sysfs.h"

/* Block devices that some other device or a file stands behind, and parts of a disk that show up as disks of their
 * own (an eMMC's boot areas). */
static bool is_made_of_others(const char *name)
{
    static const char *const prefixes[] = {"loop", "ram", "zram", "dm-", "md", "nbd", "drbd", "bcache", "mtdblock", "rbd", "ublkb"};
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++)
        if (string_starts(name, prefixes[i]))
            return true;
    return string_starts(name, "mmcblk") && strstr(name, "boot");
}

/* Where the device above the disk is. The disk of an NVMe subsystem (native multipath) hangs below a virtual device;
 * the subsystem links to its controllers, and any of them needs the same driver. */
static char *device_path(int root_fd, const char *resolved)
{
    if (!strstr(resolved, "/virtual/nvme-subsystem/"))
        return checked_copy(resolved);
    cleanup_free char *subsystem = checked_copy_bytes(resolved, (size_t)(strrchr(resolved, '/') - resolved));
    cleanup_strings struct strings names = {0};
    root_list(root_fd, subsystem, &names);
    for (size_t i = 0; i < names.count; i++) {
        cleanup_free char *entry = checked_printf("%s/%s", subsystem, names.items[i]);
        char *controller = string_starts(names.items[i], "nvme") ? sysfs_resolve(root_fd, entry) : NULL;
        if (controller)
            return controller;
    }
    return checked_copy(resolved);
}

/* SCSI: vital product data page 0x80, "Unit Serial Number" (SPC-4, 7.8.14): 4 bytes of header, then the text. */
static char *scsi_serial(int root_fd, const char *block)
{
    cleanup_free char *path = checked_printf("%s/device/vpd_pg80", block);
    size_t length = 0;
    cleanup_free char *page = root_read(root_fd, path, 4096, &length);
    if (!page || length <= 4)
        return NULL;
    cleanup_free char *text = checked_copy_bytes(page + 4, length - 4);
    char *trimmed = string_trim(text);
    return *trimmed ? checked_copy(trimmed) : NULL;
}

static char *serial_of(int root_fd, const char *block)
{
    char *serial = sysfs_value(root_fd, block, "serial"); /* virtio_blk */
    if (!serial)
        serial = sysfs_value(root_fd, block, "device/serial"); /* NVMe, MMC */
    return serial ? serial : scsi_serial(root_fd, block);
}

/* Optical drives (SCSI peripheral type 5) and floppies hold media that one puts in. */
static bool is_medium(int root_fd, const char *name, const char *block)
{
    cleanup_free char *type = sysfs_value(root_fd, block, "device/type");
    return string_starts(name, "sr") || string_starts(name, "fd") || string_is(type, "5");
}

static void probe_disk(int root_fd, const char *name, struct hardware_disk *disk)
{
    static const char *const layers[] = {"sd", "sr", NULL};
    cleanup_free char *block = checked_printf("/sys/block/%s", name);
    cleanup_free char *resolved = sysfs_resolve(root_fd, block);
    cleanup_free char *path = device_path(root_fd, resolved ? resolved : block);
    disk->name = checked_copy(name);
    disk->device = checked_printf("/dev/%s", name);
    for (char *bang = disk->device; (bang = strchr(bang, '!'));) /* cciss!c0d0 stands for cciss/c0d0 */
        *bang = '/';
    disk->model = sysfs_value(root_fd, block, "device/model");
    disk->serial = serial_of(root_fd, block);
    disk->driver = sysfs_driver(root_fd, path, layers);
    disk->size_bytes = sysfs_number(root_fd, block, "size") * 512; /* in 512-byte units whatever the sector is */
    disk->sector_bytes = (uint32_t)sysfs_number(root_fd, block, "queue/logical_block_size");
    disk->read_only = sysfs_number(root_fd, block, "ro") != 0;
    disk->removable = sysfs_number(root_fd, block, "removable") != 0;
    disk->medium = is_medium(root_fd, name, block);
    sysfs_modaliases(root_fd, path, &disk->modaliases);
}

void probe_disks(int root_fd, struct hardware *hardware)
{
    cleanup_strings struct strings names = {0};
    root_list(root_fd, "/sys/block", &names);
    hardware->disks = checked_alloc((names.count + 1) * sizeof *hardware->disks);
    for (size_t i = 0; i < names.count; i++) {
        cleanup_free char *block = checked_printf("/sys/block/%s", names.items[i]);
        if (!is_made_of_others(names.items[i]) && !sysfs_number(root_fd, block, "hidden"))
            probe_disk(root_fd, names.items[i], &hardware->disks[hardware->disk_count++]);
    }
}
