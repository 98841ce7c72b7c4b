/* What this machine is: firmware, memory, name; the disks and network cards stand in files of their own. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "../base/cleanup.h"
#include "../base/root.h"
#include "probe.h"
#include "sysfs.h"

/* The EFI global variable GUID (UEFI 2.10, 3.3): the variable SecureBoot is 1 when signatures are enforced. */
#define SECURE_BOOT "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"

/* An efivarfs file is 4 bytes of attributes and then the value, here one byte. */
static bool secure_boot_enforced(int root_fd)
{
    size_t length = 0;
    cleanup_free char *value = root_read(root_fd, SECURE_BOOT, 64, &length);
    return value && length == 5 && value[4] == 1;
}

static uint64_t memory_bytes(int root_fd)
{
    cleanup_free char *meminfo = root_read(root_fd, "/proc/meminfo", 1 << 20, NULL);
    const char *total = meminfo ? strstr(meminfo, "MemTotal:") : NULL;
    return total ? strtoull(total + strlen("MemTotal:"), NULL, 10) * 1024 : 0;
}

static char *machine_name(int root_fd)
{
    char *arch = root_read_line(root_fd, "/proc/sys/kernel/arch"); /* since Linux 6.1 */
    struct utsname name;
    if (!arch && uname(&name) == 0)
        arch = checked_copy(name.machine);
    return arch;
}

int hardware_probe(int root_fd, struct hardware *hardware, struct error *err)
{
    *hardware = (struct hardware){0};
    if (!root_is_directory(root_fd, "/sys/block") && !root_is_directory(root_fd, "/sys/class")) {
        error_set(err, "read this machine's devices: /sys is not mounted");
        return error_advise(err, "mount it: mount -t sysfs sysfs /sys");
    }
    hardware->firmware = root_is_directory(root_fd, "/sys/firmware/efi") ? FIRMWARE_UEFI : FIRMWARE_BIOS;
    hardware->secure_boot = secure_boot_enforced(root_fd);
    hardware->machine = machine_name(root_fd);
    hardware->vendor = sysfs_value(root_fd, "/sys/class/dmi/id", "sys_vendor");
    hardware->product = sysfs_value(root_fd, "/sys/class/dmi/id", "product_name");
    hardware->memory_bytes = memory_bytes(root_fd);
    probe_disks(root_fd, hardware);
    probe_nics(root_fd, hardware);
    return 0;
}

int hardware_of(const char *file_or_null, struct hardware *hardware, struct error *err)
{
    if (file_or_null)
        return hardware_load(file_or_null, hardware, err);
    cleanup_close int root_fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (root_fd < 0)
        return error_errno(err, "open /");
    return hardware_probe(root_fd, hardware, err);
}
