/* See secure_boot.h. */
#include "secure_boot.h"

#include <fcntl.h>

#include "../../base/cleanup.h"
#include "../../base/root.h"
#include "esp.h"
#include "pe.h"

static void judge(const struct guest *guest, const char *path, struct strings *paths)
{
    cleanup_close int fd = path ? root_open(guest->root_fd, path, O_RDONLY, 0) : -1;
    if (fd >= 0 && root_is_file(guest->root_fd, path) && pe_signature(fd) == PE_UNSIGNED)
        strings_add_new(paths, path);
}

void secure_boot_unsigned(const struct guest *guest, struct strings *paths)
{
    cleanup_free char *fallback = esp_find(guest, EFI_FALLBACK), *directory = NULL;
    const struct efi_vendor *vendor = esp_vendor(guest, &directory);
    judge(guest, fallback, paths);
    for (size_t i = 0; vendor && i < 2 && vendor->files[i][0]; i++) { /* the loader, and what it starts; MokManager starts nothing */
        cleanup_free char *path = esp_vendor_file(guest, directory, vendor->files[i][0]);
        judge(guest, path, paths);
    }
    judge(guest, guest->boot.default_kernel, paths);
}
