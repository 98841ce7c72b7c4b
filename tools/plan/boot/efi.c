/* Firmware that was never told of this disk starts EFI/BOOT/BOOTX64.EFI and nothing else: the boot entry of the old machine stayed
 * in the old machine. */
#include <string.h>
#include <strings.h>

#include "../../base/cleanup.h"
#include "../../base/root.h"
#include "../../guest/boot/esp.h"
#include "../planning.h"

#define FALLBACK "EFI/BOOT/BOOTX64.EFI"
#define COPY_SECONDS 60

/* The first that is there is copied. Each directory's shim starts the grubx64.efi beside it; a signed GRUB finds its configuration
 * in the directory of its vendor, wherever it was started from. */
static const struct vendor {
    const char *directory;
    const char *files[3][2]; /* from, to */
} vendors[] = {
    {"systemd", {{"systemd-bootx64.efi", "BOOTX64.EFI"}}},
    {NULL, {{"shimx64.efi", "BOOTX64.EFI"}, {"grubx64.efi", "grubx64.efi"}, {"mmx64.efi", "mmx64.efi"}}},
    {NULL, {{"shim.efi", "BOOTX64.EFI"}, {"grub.efi", "grub.efi"}, {"MokManager.efi", "MokManager.efi"}}}, /* SUSE */
    {NULL, {{"grubx64.efi", "BOOTX64.EFI"}}},
};

/* The directories below EFI that may hold a vendor's loader. */
static void find_directories(const struct planning *planning, struct strings *directories)
{
    const struct partition *esp = esp_of(&planning->guest->disk);
    cleanup_strings struct strings top = {0};
    root_list(planning->guest->root_fd, esp->mount_point, &top);
    for (size_t i = 0; i < top.count; i++) {
        cleanup_free char *path = checked_printf("%s/%s", esp->mount_point, top.items[i]);
        if (strcasecmp(top.items[i], "EFI") == 0)
            root_list(planning->guest->root_fd, path, directories);
    }
}

static char *vendor_file(const struct planning *planning, const char *directory, const char *file)
{
    cleanup_free char *path = checked_printf("EFI/%s/%s", directory, file);
    return esp_find(planning->guest, path);
}

/* The directory EFI/BOOT may be missing: install -D makes it. */
static void plan_copy(struct planning *planning, const char *from, const char *name)
{
    const struct partition *esp = esp_of(&planning->guest->disk);
    cleanup_free char *to = checked_printf("%s/EFI/BOOT/%s", esp->mount_point, name);
    const char *const argv[] = {"install", "-D", "-m", "644", from, to, NULL};
    struct operation *run = planning_run(planning, argv, COPY_SECONDS, "this machine's firmware has no boot entry for this disk, and starts " FALLBACK " alone");
    strings_add(&run->changes, to);
}

static bool plan_vendor(struct planning *planning, const struct vendor *vendor, const char *directory)
{
    cleanup_free char *loader = vendor_file(planning, directory, vendor->files[0][0]);
    if (!loader)
        return false;
    for (size_t i = 0; i < 3 && vendor->files[i][0]; i++) {
        cleanup_free char *from = vendor_file(planning, directory, vendor->files[i][0]);
        if (from)
            plan_copy(planning, from, vendor->files[i][1]);
    }
    return true;
}

static bool plan_vendors(struct planning *planning)
{
    cleanup_strings struct strings directories = {0};
    find_directories(planning, &directories);
    for (size_t i = 0; i < sizeof vendors / sizeof *vendors; i++) {
        for (size_t j = 0; j < directories.count; j++)
            if ((!vendors[i].directory || strcasecmp(vendors[i].directory, directories.items[j]) == 0) && plan_vendor(planning, &vendors[i], directories.items[j]))
                return true;
    }
    return false;
}

void plan_efi(struct planning *planning)
{
    const struct partition *esp = esp_of(&planning->guest->disk);
    if (planning->hardware->firmware != FIRMWARE_UEFI || !esp || !esp->mount_point)
        return; /* prove says what could not be looked at */
    cleanup_free char *fallback = esp_find(planning->guest, FALLBACK);
    if (fallback || plan_vendors(planning))
        return;
    planning_block(planning, "run `grub-install --removable` on the source.",
                   "there is no " FALLBACK " on the EFI system partition, which is all that this machine's firmware looks for, and no loader that could be put there");
}
