/* The links from the firmware to the boot loader: boot code, EFI system partition, Secure Boot. */
#include "scene.h"

static void boot_code_that_leads_nowhere_is_seen(void **state)
{
    (void)state;
    struct scene scene;
    scene_begin(&scene, "qemu-lsi-e1000");
    scene_open(&scene);
    scene_patch_disk(&scene, 512, (const char[512]){0}, 512);
    scene_prove(&scene);
    scene_expect(&scene, "boot code", LINK_BROKEN, "no core image");
    scene_put_disk(&scene);
    scene_patch_disk(&scene, 512 + 508, "\377\077", 2); /* 16383 sectors: into the partition */
    scene_prove(&scene);
    scene_expect(&scene, "boot code", LINK_BROKEN, "reaches into partition 1");
    scene_put_disk(&scene);
    scene_patch_disk(&scene, 0x5c, "\377\377\377\377\377\377\377\177", 8);
    scene_prove(&scene);
    scene_expect(&scene, "boot code", LINK_BROKEN, "not on");
    scene_end(&scene);
}

static void a_first_sector_that_no_firmware_starts_is_seen(void **state)
{
    (void)state;
    struct scene scene;
    scene_begin(&scene, "qemu-lsi-e1000");
    scene_open(&scene);
    scene_patch_disk(&scene, 510, "\0\0", 2);
    scene_prove(&scene);
    scene_expect(&scene, "boot code", LINK_BROKEN, "55 AA");
    scene_put_disk(&scene);
    scene_patch_disk(&scene, 0, (const char[440]){0}, 440);
    scene_prove(&scene);
    scene_expect(&scene, "boot code", LINK_BROKEN, "no boot code");
    scene_put_disk(&scene);
    scene_patch_disk(&scene, 0x180, "LILO ", 5);
    scene_prove(&scene);
    scene_expect(&scene, "boot code", LINK_UNKNOWN, "not GRUB's");
    scene_put_disk(&scene);
    scene_patch_disk(&scene, 6, "LILO", 4);
    scene_patch_disk(&scene, 0x180, "....", 4);
    scene_prove(&scene);
    scene_expect(&scene, "boot code", LINK_BROKEN, "it is LILO that is started");
    scene_end(&scene);
}

/* During a move the disk has a marker where the boot code goes: what counts is the code that waits. */
static void boot_code_that_is_held_back_is_judged_instead(void **state)
{
    (void)state;
    struct scene scene;
    scene_begin(&scene, "qemu-lsi-e1000");
    scene_open(&scene);
    cleanup_close int fd = open(scene.guest.disk.device, O_RDONLY | O_CLOEXEC);
    assert_int_equal(pread(fd, scene.boot_code, sizeof scene.boot_code, 0), sizeof scene.boot_code);
    scene.held = true;
    scene_patch_disk(&scene, 0, (const char[440]){0}, 440);
    scene_prove(&scene);
    scene_expect(&scene, "boot code", LINK_HOLDS, "core image");
    memset(scene.boot_code, 0, sizeof scene.boot_code);
    scene_prove(&scene);
    scene_expect(&scene, "boot code", LINK_BROKEN, "of the source");
    scene_end(&scene);
}

static void a_bios_disk_does_not_start_on_uefi(void **state)
{
    (void)state;
    struct scene scene;
    scene_begin(&scene, "qemu-q35-uefi");
    scene_open(&scene);
    scene_prove(&scene);
    scene_expect(&scene, "firmware", LINK_BROKEN, "no EFI system partition");
    scene_end(&scene);
}

static void uefi_needs_the_file_that_any_firmware_finds(void **state)
{
    (void)state;
    struct scene scene;
    scene_begin(&scene, "qemu-q35-uefi");
    fixture_put(&scene.fixture, "boot/efi/EFI/debian/grubx64.efi", "MZ");
    scene_open(&scene);
    struct guest_disk *disk = &scene.guest.disk;
    disk->partitions[1] = (struct partition){.number = 2, .type = checked_copy("C12A7328-F81F-11D2-BA4B-00A0C93EC93B"), .fs_type = checked_copy("vfat"), .mount_point = checked_copy("/boot/efi")};
    disk->partition_count = 2;
    scene_prove(&scene);
    scene_expect(&scene, "firmware", LINK_BROKEN, "EFI/BOOT/BOOTX64.EFI is missing");
    fixture_put(&scene.fixture, "boot/efi/efi/Boot/bootx64.efi", "MZ");
    scene_prove(&scene);
    scene_expect(&scene, "firmware", LINK_HOLDS, "BOOTX64.EFI");
    scene_end(&scene);
}

static void what_nobody_has_signed_is_told_where_secure_boot_is_enforced(void **state)
{
    (void)state;
    struct scene scene;
    scene_begin(&scene, "qemu-q35-uefi");
    fixture_put_uefi_program(&scene.fixture, "boot/efi/EFI/debian/shimx64.efi", true);
    fixture_put_uefi_program(&scene.fixture, "boot/efi/EFI/debian/grubx64.efi", false);
    fixture_put_uefi_program(&scene.fixture, "boot/efi/EFI/BOOT/BOOTX64.EFI", true);
    scene_open(&scene);
    struct guest_disk *disk = &scene.guest.disk;
    disk->partitions[1] = (struct partition){.number = 2, .type = checked_copy("C12A7328-F81F-11D2-BA4B-00A0C93EC93B"), .fs_type = checked_copy("vfat"), .mount_point = checked_copy("/boot/efi")};
    disk->partition_count = 2;
    scene_prove(&scene);
    scene_expect(&scene, "firmware", LINK_HOLDS, "BOOTX64.EFI");
    scene.hardware.secure_boot = true;
    scene_prove(&scene);
    scene_expect(&scene, "firmware", LINK_UNKNOWN, "nobody has signed /boot/efi/EFI/debian/grubx64.efi:");
    fixture_put_uefi_program(&scene.fixture, "boot/efi/EFI/debian/grubx64.efi", true);
    scene_prove(&scene);
    scene_expect(&scene, "firmware", LINK_HOLDS, "is signed");
    fixture_put_uefi_program(&scene.fixture, "boot/efi/EFI/BOOT/BOOTX64.EFI", false);
    fixture_put_uefi_program(&scene.fixture, "boot/vmlinuz-" FIXTURE_KERNEL, false);
    scene_prove(&scene);
    scene_expect(&scene, "firmware", LINK_UNKNOWN, "nobody has signed /boot/efi/EFI/BOOT/BOOTX64.EFI, /boot/vmlinuz-" FIXTURE_KERNEL ":");
    scene_end(&scene);
}

static void a_gpt_disk_needs_a_place_for_grub_on_bios(void **state)
{
    (void)state;
    struct scene scene;
    scene_begin(&scene, "qemu-lsi-e1000");
    scene_open(&scene);
    strcpy(scene.guest.disk.table, "gpt");
    scene_prove(&scene);
    scene_expect(&scene, "firmware", LINK_BROKEN, "without a BIOS boot partition");
    scene_end(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(boot_code_that_leads_nowhere_is_seen),
        cmocka_unit_test(a_first_sector_that_no_firmware_starts_is_seen),
        cmocka_unit_test(boot_code_that_is_held_back_is_judged_instead),
        cmocka_unit_test(a_bios_disk_does_not_start_on_uefi),
        cmocka_unit_test(uefi_needs_the_file_that_any_firmware_finds),
        cmocka_unit_test(what_nobody_has_signed_is_told_where_secure_boot_is_enforced),
        cmocka_unit_test(a_gpt_disk_needs_a_place_for_grub_on_bios),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
