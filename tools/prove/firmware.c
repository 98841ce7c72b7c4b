/* Does this machine's firmware find something to start on the disk? */
#include "../base/cleanup.h"
#include "../guest/boot/esp.h"
#include "../guest/boot/secure_boot.h"
#include "proving.h"

static void prove_bios(const struct guest *guest, struct proof_link *link)
{
    const struct guest_disk *disk = &guest->disk;
    if (string_is(disk->table, "gpt") && !disk_has_bios_boot(disk)) {
        bool esp = esp_of(disk);
        link_broken(link, esp ? "switch this machine's firmware to UEFI: the disk comes from such a machine" : "give the disk a BIOS boot partition, or this machine UEFI firmware",
                    "this machine has a BIOS, and %s has a GPT without a BIOS boot partition, so that GRUB has no place there", guest->what);
        return;
    }
    link_holds(link, "this machine has a BIOS, which starts the first sector of %s (%s)", guest->what, disk->table ? disk->table : "no partition table");
}

static void prove_signatures(const struct proving *proving, const struct partition *esp, struct proof_link *link)
{
    bool enforced = proving->hardware->secure_boot;
    cleanup_strings struct strings paths = {0};
    if (enforced)
        secure_boot_unsigned(proving->guest, &paths);
    cleanup_free char *names = strings_join(&paths, ", ");
    if (paths.count)
        link_unknown(link, "this machine has UEFI firmware with Secure Boot, and nobody has signed %s: unless that was made known to it, it refuses to start it", names);
    else
        link_holds(link, "this machine has UEFI firmware, which starts " EFI_FALLBACK " of partition %u%s", esp->number, enforced ? "; what is started is signed" : "");
}

static void prove_uefi(const struct proving *proving, struct proof_link *link)
{
    const struct guest_disk *disk = &proving->guest->disk;
    const struct partition *esp = esp_of(disk);
    cleanup_free char *loader = esp_find(proving->guest, EFI_FALLBACK);
    if (!esp) {
        link_broken(link, "switch this machine's firmware to BIOS: the disk comes from such a machine", "this machine has UEFI firmware, and %s has no EFI system partition", proving->guest->what);
        return;
    }
    if (!string_is(esp->fs_type, "vfat"))
        link_broken(link, "make the file system of the EFI system partition whole on the source", "the EFI system partition %u of %s holds no FAT file system", esp->number, proving->guest->what);
    else if (!esp->mount_point)
        link_unknown(link, "this machine has UEFI firmware and %s an EFI system partition (%u); what is on it could not be read here", proving->guest->what, esp->number);
    else if (loader)
        prove_signatures(proving, esp, link);
    else /* the boot entries of the old machine's firmware stayed there */
        link_broken(link, WAY_OUT_FIX,
                    "EFI/BOOT/BOOTX64.EFI is missing on partition %u, and this machine's firmware knows no other name to start", esp->number);
}

void prove_firmware(const struct proving *proving, struct proof_link *link)
{
    const struct guest_disk *disk = &proving->guest->disk;
    if (!disk->device)
        link_unknown(link, "only a directory was given; the disk would tell");
    else if (proving->hardware->firmware == FIRMWARE_UEFI)
        prove_uefi(proving, link);
    else
        prove_bios(proving->guest, link);
}
