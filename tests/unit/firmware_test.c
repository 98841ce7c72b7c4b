/* The boot entries of UEFI firmware, as efibootmgr lists them. */
#include "fixture.h"

#include "firmware/boot_entry.h"

/* efibootmgr 18 on OVMF, after three moves onto the same machine. */
static const char listing[] =
    "BootCurrent: 0004\nTimeout: 0 seconds\nBootOrder: 0004,0000,0001,0002,0003,0005\n"
    "Boot0000* UiApp\tFvVol(7cb8bdc9-f8eb-4f34-aaea-3ee4af6516a1)/FvFile(462caa21-7614-4503-836e-8ab6f4662331)\n"
    "Boot0001* web1\tHD(1,GPT,0b7d2c31-5b0e-4d0a-9c55-1f6d6e1b0c12,0x800,0x64000)/File(\\EFI\\debian\\shimx64.efi)\n"
    "Boot0002* web1\tHD(1,GPT,ffffffff-5b0e-4d0a-9c55-1f6d6e1b0c12,0x800,0x64000)/File(\\EFI\\debian\\shimx64.efi)\n"
    "Boot0003* web10\tHD(1,GPT,0b7d2c31-5b0e-4d0a-9c55-1f6d6e1b0c12,0x800,0x64000)/File(\\EFI\\debian\\shimx64.efi)\n"
    "Boot0004  web1\tHD(1,GPT,0B7D2C31-5B0E-4D0A-9C55-1F6D6E1B0C12,0x800,0x64000)/File(\\EFI\\BOOT\\BOOTX64.EFI)\n"
    "Boot0005* web1\tHD(1,MBR,0x5ca1ab1e,0x800,0x64000)/File(\\EFI\\debian\\shimx64.efi)\n"
    "Boot000* web1\nBoot\n";

static void only_entries_of_the_same_name_and_partition_are_replaced(void **state)
{
    (void)state;
    cleanup_strings struct strings gpt = {0}, mbr = {0}, other = {0};
    boot_entries_like(listing, &(struct boot_entry_wish){.label = "web1", .partition = 1, .partuuid = "0b7d2c31-5b0e-4d0a-9c55-1f6d6e1b0c12"}, &gpt);
    assert_int_equal(gpt.count, 2);
    assert_string_equal(gpt.items[0], "0001");
    assert_string_equal(gpt.items[1], "0004");
    boot_entries_like(listing, &(struct boot_entry_wish){.label = "web1", .partition = 1, .partuuid = "5ca1ab1e-01"}, &mbr);
    assert_int_equal(mbr.count, 1);
    assert_string_equal(mbr.items[0], "0005");
    boot_entries_like(listing, &(struct boot_entry_wish){.label = "web1", .partition = 2, .partuuid = "0b7d2c31-5b0e-4d0a-9c55-1f6d6e1b0c12"}, &other);
    assert_int_equal(other.count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_entries_of_the_same_name_and_partition_are_replaced),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
