/* Firmware that was never told of this disk starts EFI/BOOT/BOOTX64.EFI and nothing else: the boot entry of the old machine stayed
 * in the old machine. (The entry that a move makes in this one is lost with the firmware's memory.) */
#include "../../base/cleanup.h"
#include "../../guest/boot/esp.h"
#include "../../guest/boot/secure_boot.h"
#include "../planning.h"

#define COPY_SECONDS 60

/* The directory EFI/BOOT may be missing: install -D makes it. */
static void plan_copy(struct planning *planning, const char *from, const char *name)
{
    const struct partition *esp = esp_of(&planning->guest->disk);
    cleanup_free char *to = checked_printf("%s/EFI/BOOT/%s", esp->mount_point, name);
    const char *const argv[] = {"install", "-D", "-m", "644", from, to, NULL};
    struct operation *run = planning_run(planning, argv, COPY_SECONDS, "this machine's firmware has no boot entry for this disk, and starts " EFI_FALLBACK " alone");
    strings_add(&run->changes, to);
}

static void plan_copies(struct planning *planning, const struct efi_vendor *vendor, const char *directory)
{
    for (size_t i = 0; i < sizeof vendor->files / sizeof *vendor->files && vendor->files[i][0]; i++) {
        cleanup_free char *from = esp_vendor_file(planning->guest, directory, vendor->files[i][0]);
        if (from)
            plan_copy(planning, from, vendor->files[i][1]);
    }
}

/* A digest that firmware was given lets start what nobody has signed, so this is no blocker. */
static void judge_signatures(struct planning *planning)
{
    cleanup_strings struct strings paths = {0};
    if (!planning->hardware->secure_boot)
        return;
    secure_boot_unsigned(planning->guest, &paths);
    cleanup_free char *names = strings_join(&paths, ", ");
    if (paths.count)
        planning_warn(planning, "switch Secure Boot off in this machine's firmware; or install signed ones on the source (Debian: shim-signed, grub-efi-amd64-signed, linux-image-amd64).",
                      "this machine enforces Secure Boot, and nobody has signed %s: its firmware or the boot loader will most likely refuse to start it", names);
}

void plan_efi(struct planning *planning)
{
    const struct partition *esp = esp_of(&planning->guest->disk);
    if (planning->hardware->firmware != FIRMWARE_UEFI || !esp || !esp->mount_point)
        return; /* prove says what could not be looked at */
    judge_signatures(planning);
    cleanup_free char *fallback = esp_find(planning->guest, EFI_FALLBACK), *directory = NULL;
    if (fallback)
        return;
    const struct efi_vendor *vendor = esp_vendor(planning->guest, &directory);
    if (vendor)
        plan_copies(planning, vendor, directory);
    else
        planning_block(planning, "run `grub-install --removable` on the source.",
                       "there is no " EFI_FALLBACK " on the EFI system partition, which is all that this machine's firmware looks for, and no loader that could be put there");
}
