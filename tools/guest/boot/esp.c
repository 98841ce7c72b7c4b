/* See esp.h. */
#include "esp.h"

#include <string.h>
#include <strings.h>

#include "../../base/cleanup.h"
#include "../../base/root.h"

/* UEFI 2.10, 5.3.3, and 0xef in an MBR. */
#define TYPE_ESP "c12a7328-f81f-11d2-ba4b-00a0c93ec93b"
#define TYPE_ESP_DOS "0xef"
/* GRUB's manual, "BIOS installation". */
#define TYPE_BIOS_BOOT "21686148-6449-6e6f-744e-656564454649"

static const struct partition *partition_of_type(const struct guest_disk *disk, const char *type)
{
    for (size_t i = 0; i < disk->partition_count; i++)
        if (disk->partitions[i].type && strcasecmp(disk->partitions[i].type, type) == 0)
            return &disk->partitions[i];
    return NULL;
}

const struct partition *esp_of(const struct guest_disk *disk)
{
    const struct partition *esp = partition_of_type(disk, TYPE_ESP);
    return esp ? esp : partition_of_type(disk, TYPE_ESP_DOS);
}

bool disk_has_bios_boot(const struct guest_disk *disk)
{
    return partition_of_type(disk, TYPE_BIOS_BOOT);
}

/* The names of a FAT file system have no case of their own, but what the kernel shows depends on how they were written. */
static char *find_below(int root_fd, const char *directory, const char *path)
{
    size_t length = strcspn(path, "/");
    cleanup_strings struct strings entries = {0};
    root_list(root_fd, directory, &entries);
    for (size_t i = 0; i < entries.count; i++) {
        if (strlen(entries.items[i]) != length || strncasecmp(entries.items[i], path, length) != 0)
            continue;
        cleanup_free char *inside = checked_printf("%s/%s", directory, entries.items[i]);
        char *found = path[length] ? find_below(root_fd, inside, path + length + 1) : root_is_file(root_fd, inside) ? checked_copy(inside) : NULL;
        if (found)
            return found;
    }
    return NULL;
}

char *esp_find(const struct guest *guest, const char *path)
{
    const struct partition *esp = esp_of(&guest->disk);
    return esp && esp->mount_point ? find_below(guest->root_fd, esp->mount_point, path) : NULL;
}

/* Each directory's shim starts the grubx64.efi beside it; a signed GRUB finds its configuration in the directory of its vendor,
 * wherever it was started from. The first that is there counts. */
static const struct efi_vendor vendors[] = {
    {"systemd", {{"systemd-bootx64.efi", "BOOTX64.EFI"}}},
    {NULL, {{"shimx64.efi", "BOOTX64.EFI"}, {"grubx64.efi", "grubx64.efi"}, {"mmx64.efi", "mmx64.efi"}}},
    {NULL, {{"shim.efi", "BOOTX64.EFI"}, {"grub.efi", "grub.efi"}, {"MokManager.efi", "MokManager.efi"}}}, /* SUSE */
    {NULL, {{"grubx64.efi", "BOOTX64.EFI"}}},
};

/* The directories below EFI that may hold a vendor's loader. */
static void find_directories(const struct guest *guest, struct strings *directories)
{
    const struct partition *esp = esp_of(&guest->disk);
    cleanup_strings struct strings top = {0};
    if (!esp || !esp->mount_point)
        return;
    root_list(guest->root_fd, esp->mount_point, &top);
    for (size_t i = 0; i < top.count; i++) {
        cleanup_free char *path = checked_printf("%s/%s", esp->mount_point, top.items[i]);
        if (strcasecmp(top.items[i], "EFI") == 0)
            root_list(guest->root_fd, path, directories);
    }
}

char *esp_vendor_file(const struct guest *guest, const char *directory, const char *file)
{
    cleanup_free char *path = checked_printf("EFI/%s/%s", directory, file);
    return esp_find(guest, path);
}

/* Debian's package of systemd-boot lays its loader there, whether the system uses it or GRUB. */
static bool may_be(const struct guest *guest, const struct efi_vendor *vendor, const char *directory)
{
    bool is_systemd = guest->boot.kind == BOOT_LOADER_SYSTEMD_BOOT;
    if (strcasecmp(directory, "BOOT") == 0 || (vendor->directory != NULL) != is_systemd)
        return false;
    return !vendor->directory || strcasecmp(vendor->directory, directory) == 0;
}

const struct efi_vendor *esp_vendor(const struct guest *guest, char **directory)
{
    cleanup_strings struct strings directories = {0};
    find_directories(guest, &directories);
    for (size_t i = 0; i < sizeof vendors / sizeof *vendors; i++)
        for (size_t j = 0; j < directories.count; j++) {
            if (!may_be(guest, &vendors[i], directories.items[j]))
                continue;
            cleanup_free char *loader = esp_vendor_file(guest, directories.items[j], vendors[i].files[0][0]);
            if (loader) {
                *directory = checked_copy(directories.items[j]);
                return &vendors[i];
            }
        }
    return NULL;
}
