/* The boot chain: each link breaks for its own reason, and only then. */
#include "fixture.h"

#include "guest/disk/volumes.h"
#include "guest/guest.h"
#include "hardware/hardware.h"
#include "prove/prove.h"

#define UUID "6a7d2c31-5b0e-4d0a-9c55-1f6d6e1b0c12"
#define DISK_BYTES (8u << 20)
#define FIRST_PARTITION (1u << 20)

struct scene {
    struct fixture fixture;
    struct guest guest;
    struct hardware hardware;
    struct proof proof;
    const char *disk;
    const char *const *other_disks;
    unsigned char boot_code[440];
    bool held;
};

static void begin(struct scene *scene, const char *machine)
{
    struct error err = {0};
    *scene = (struct scene){0};
    fixture_canonical(&scene->fixture);
    cleanup_free char *file = checked_printf("tests/hardware/%s.json", machine);
    if (hardware_load(file, &scene->hardware, &err) < 0)
        fail_msg("%s", err.message);
}

/* A disk with GRUB in its first sector and behind it, as grub-install leaves it. */
static void put_disk(struct scene *scene)
{
    cleanup_free unsigned char *bytes = checked_alloc(DISK_BYTES);
    memcpy(bytes + 0x180, "GRUB \0Geom\0Hard Disk", 20);
    bytes[0] = 0xeb;
    bytes[0x5c] = 1; /* core.img begins at sector 1 … */
    bytes[510] = 0x55;
    bytes[511] = 0xaa;
    bytes[512] = 'R';
    bytes[512 + 500] = 2; /* … and goes on at sector 2, 50 sectors long */
    bytes[512 + 508] = 50;
    memset(bytes + 1024, 'c', 50 * 512);
    fixture_put_bytes(&scene->fixture, "disk", bytes, DISK_BYTES, 0644);
}

static void patch_disk(struct scene *scene, off_t offset, const void *bytes, size_t length)
{
    cleanup_close int fd = open(scene->guest.disk.device, O_WRONLY | O_CLOEXEC);
    assert_int_equal(pwrite(fd, bytes, length, offset), length);
}

/* The tree as if it stood on partition 1 of that disk. */
static void open_on_disk(struct scene *scene)
{
    struct error err = {0};
    put_disk(scene);
    if (guest_open(scene->fixture.root, GUEST_READ, &scene->guest, &err) < 0)
        fail_msg("%s", err.message);
    struct guest_disk *disk = &scene->guest.disk;
    disk->device = fixture_path(&scene->fixture, "disk");
    disk->size_bytes = DISK_BYTES;
    disk->sector_bytes = 512;
    disk->table = checked_copy("dos");
    disk->partitions = checked_alloc(2 * sizeof *disk->partitions);
    disk->partition_count = 1;
    disk->partitions[0] = (struct partition){.number = 1, .offset_bytes = FIRST_PARTITION, .size_bytes = DISK_BYTES - FIRST_PARTITION, .type = checked_copy("0x83"),
                                             .fs_type = checked_copy("ext4"), .uuid = checked_copy(UUID), .mount_point = checked_copy("/")};
    scene->guest.root_partition = &disk->partitions[0];
}

static void prove(struct scene *scene)
{
    struct error err = {0};
    struct prove_input input = {.guest = &scene->guest, .hardware = &scene->hardware, .disk = scene->disk, .other_disks = scene->other_disks, .held_boot_code = scene->held ? scene->boot_code : NULL};
    proof_free(&scene->proof);
    if (prove_guest(&input, &scene->proof, &err) < 0)
        fail_msg("%s", err.message);
}

static void end(struct scene *scene)
{
    proof_free(&scene->proof);
    guest_close(&scene->guest, NULL);
    hardware_free(&scene->hardware);
    fixture_end(&scene->fixture);
}

static const struct proof_link *link_named(const struct scene *scene, const char *name)
{
    for (size_t i = 0; i < scene->proof.count; i++)
        if (string_is(scene->proof.links[i].name, name))
            return &scene->proof.links[i];
    fail_msg("there is no link %s", name);
    return NULL;
}

static void expect(const struct scene *scene, const char *name, enum link_state state, const char *says)
{
    const struct proof_link *link = link_named(scene, name);
    if (link->state != state || !strstr(link->evidence, says))
        fail_msg("%s: state %d: \"%s\" (expected %d, \"%s\")", name, link->state, link->evidence, state, says);
    assert_true(state != LINK_BROKEN || link->way_out);
}

static void the_machine_that_it_comes_from_boots_it(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene, "qemu-lsi-e1000");
    open_on_disk(&scene);
    prove(&scene);
    for (size_t i = 0; i < scene.proof.count; i++)
        if (scene.proof.links[i].state != LINK_HOLDS)
            fail_msg("%s: %s", scene.proof.links[i].name, scene.proof.links[i].evidence);
    assert_true(proof_holds(&scene.proof));
    assert_int_equal(scene.proof.count, 13);
    end(&scene);
}

static void on_other_hardware_four_links_are_broken(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene, "qemu-virtio");
    open_on_disk(&scene);
    prove(&scene);
    expect(&scene, "disk driver", LINK_BROKEN, "virtio_blk");
    expect(&scene, "root", LINK_BROKEN, "root=/dev/sda1");
    expect(&scene, "fstab", LINK_BROKEN, "/dev/sda1 for / (line 2)");
    expect(&scene, "network settings", LINK_BROKEN, "lan0 is bound to 52:54:00:aa:00:01");
    expect(&scene, "boot code", LINK_HOLDS, "GRUB's boot code");
    expect(&scene, "network cards", LINK_HOLDS, "virtio_net");
    assert_false(proof_holds(&scene.proof));
    end(&scene);
}

static void a_guest_that_was_fixed_for_it_holds(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene, "qemu-virtio");
    fixture_put(&scene.fixture, "etc/fstab", "UUID=" UUID " / ext4 defaults 0 1\n/dev/sr0 /media/cdrom0 udf,iso9660 user,noauto 0 0\ntmpfs /tmp tmpfs defaults 0 0\n/dev/sdb1 /data ext4 nofail 0 2\n");
    fixture_put(&scene.fixture, "boot/grub/grub.cfg",
                "menuentry x {\n linux /boot/vmlinuz-" FIXTURE_KERNEL " root=UUID=" UUID " ro\n initrd /boot/initrd.img-" FIXTURE_KERNEL "\n}\n");
    fixture_put(&scene.fixture, "etc/udev/rules.d/70-persistent-net.rules", "SUBSYSTEM==\"net\", ATTR{address}==\"52:54:00:bb:00:01\", NAME=\"lan0\"\n");
    fixture_put_initrd(&scene.fixture, fixture_new_modules);
    open_on_disk(&scene);
    prove(&scene);
    for (size_t i = 0; i < scene.proof.count; i++)
        if (scene.proof.links[i].state != LINK_HOLDS)
            fail_msg("%s: %s", scene.proof.links[i].name, scene.proof.links[i].evidence);
    end(&scene);
}

/* As open_on_disk, with the root on a logical volume inside of LUKS. */
static void open_on_volume(struct scene *scene, const char *const *initrd)
{
    fixture_put(&scene->fixture, "etc/fstab", "/dev/mapper/old--vg-root / ext4 defaults 0 1\n");
    fixture_put(&scene->fixture, "boot/grub/grub.cfg",
                "menuentry x {\n linux /boot/vmlinuz-" FIXTURE_KERNEL " root=/dev/mapper/old--vg-root ro\n initrd /boot/initrd.img-" FIXTURE_KERNEL "\n}\n");
    fixture_put_initrd(&scene->fixture, initrd);
    open_on_disk(scene);
    struct guest_disk *disk = &scene->guest.disk;
    disk->volumes = checked_alloc(3 * sizeof *disk->volumes);
    disk->volume_count = 2;
    struct partition *volume = &disk->volumes[0], *locked = &disk->volumes[1];
    *locked = (struct partition){.kind = LAYER_CRYPT, .layers = LAYER_CRYPT, .device = checked_copy("/dev/dm-0"), .fs_type = checked_copy("LVM2_member"), .opened = true,
                                 .container = &disk->partitions[0]};
    *volume = (struct partition){.kind = LAYER_LVM, .layers = LAYER_LVM | LAYER_CRYPT, .device = checked_copy("/dev/dm-1"), .fs_type = checked_copy("ext4")};
    strings_add(&volume->names, "/dev/mapper/old--vg-root");
    strings_add(&volume->names, "/dev/old-vg/root");
    strings_add(&volume->drivers, "dm_crypt");
    strings_add(&volume->drivers, "dm_mod");
    scene->guest.root_partition = volume;
    luks_take_names(&scene->guest, scene->guest.root_fd);
    prove(scene);
}

/* With a line of crypttab, and one more file in the initrd. */
static void open_with_key(struct scene *scene, const char *line, const char *file)
{
    const char *const initrd[] = {"dm_mod", "dm_crypt", "usr/sbin/lvm", "usr/sbin/cryptsetup", file, NULL};
    begin(scene, "qemu-virtio");
    fixture_put(&scene->fixture, "etc/crypttab", line);
    open_on_volume(scene, initrd);
}

static void a_key_that_crypttab_names_is_looked_for_in_the_initrd(void **state)
{
    (void)state;
    static const struct { const char *line, *file; enum link_state state; const char *says; } cases[] = {
        {"opened /dev/sda1 /etc/keys/a.key luks\n", "cryptroot/keyfiles/opened.key", LINK_HOLDS, "has the programs"},
        {"opened /dev/sda1 /etc/keys/a.key luks\n", "./etc/keys/a.key", LINK_HOLDS, "has the programs"},
        {"opened /dev/sda1\t/etc/keys/a.key  luks\n", "cryptroot/keyfiles/other.key", LINK_BROKEN, "lacks /etc/keys/a.key, by which the guest's crypttab opens /dev/mapper/opened"},
        {"opened /dev/sda1 /etc/keys/a.key luks,keyscript=decrypt\n", NULL, LINK_HOLDS, "has the programs"},
        {"opened /dev/sda1 /a.key:UUID=1234 luks\n", NULL, LINK_HOLDS, "has the programs"},
        {"opened /dev/sda1 none luks\n", NULL, LINK_HOLDS, "has the programs"},
        {"opened /dev/sda1\n", NULL, LINK_HOLDS, "has the programs"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct scene scene;
        open_with_key(&scene, cases[i].line, cases[i].file);
        expect(&scene, "volumes", cases[i].state, cases[i].says);
        end(&scene);
    }
}

/* dracut asks for a passphrase instead; and of two that are encrypted the root may lie in the other. */
static void a_missing_key_breaks_nothing_where_that_is_not_sure(void **state)
{
    (void)state;
    struct scene scene;
    open_with_key(&scene, "opened /dev/sda1 /etc/keys/a.key luks\n", NULL);
    scene.guest.initrd_builder = INITRD_BUILDER_DRACUT;
    prove(&scene);
    expect(&scene, "volumes", LINK_UNKNOWN, "may wait for a passphrase");
    scene.guest.initrd_builder = INITRD_BUILDER_INITRAMFS_TOOLS;
    prove(&scene);
    expect(&scene, "volumes", LINK_BROKEN, "/etc/keys/a.key");
    struct guest_disk *disk = &scene.guest.disk;
    disk->volumes[disk->volume_count++] = (struct partition){.kind = LAYER_CRYPT, .layers = LAYER_CRYPT, .opened = true};
    prove(&scene);
    expect(&scene, "volumes", LINK_UNKNOWN, "/etc/keys/a.key");
    end(&scene);
}

static void a_thin_pool_wants_its_check(void **state)
{
    (void)state;
    static const char *const lvm[] = {"dm_mod", "dm_crypt", "usr/sbin/lvm", "usr/sbin/cryptsetup", NULL};
    struct scene scene;
    begin(&scene, "qemu-virtio");
    fixture_put(&scene.fixture, "lib/modules/" FIXTURE_KERNEL "/modules.builtin", "kernel/drivers/md/dm-thin-pool.ko\n");
    open_on_volume(&scene, lvm);
    strings_add(&scene.guest.root_partition->drivers, "dm_thin_pool");
    prove(&scene);
    expect(&scene, "volumes", LINK_UNKNOWN, "lacks thin_check");
    strings_add(&scene.guest.kernels[0].initrd.programs, "thin_check");
    prove(&scene);
    expect(&scene, "volumes", LINK_HOLDS, "dm_thin_pool");
    end(&scene);
}

static void a_root_in_volumes_needs_what_puts_them_together(void **state)
{
    (void)state;
    static const char *const whole[] = {"virtio", "virtio_ring", "virtio_blk", "virtio_pci", "virtio_pci_legacy_dev", "virtio_pci_modern_dev", "ext4", "crc16", "mbcache", "jbd2",
                                        "dm_mod", "dm_crypt", "usr/sbin/lvm", "usr/lib/systemd/systemd-cryptsetup", NULL};
    static const char *const without_driver[] = {"dm_mod", "usr/sbin/lvm", "usr/sbin/cryptsetup", NULL};
    static const char *const without_program[] = {"dm_mod", "dm_crypt", "usr/sbin/cryptsetup", NULL};
    struct scene scene;
    begin(&scene, "qemu-virtio");
    open_on_volume(&scene, whole);
    expect(&scene, "volumes", LINK_HOLDS, "/dev/mapper/old--vg-root");
    expect(&scene, "root", LINK_HOLDS, "the volume /dev/mapper/old--vg-root (ext4)");
    expect(&scene, "fstab", LINK_HOLDS, "1 of the 1");
    end(&scene);
    begin(&scene, "qemu-virtio");
    open_on_volume(&scene, without_driver);
    expect(&scene, "volumes", LINK_BROKEN, "dm_crypt");
    end(&scene);
    begin(&scene, "qemu-virtio");
    open_on_volume(&scene, without_program);
    expect(&scene, "volumes", LINK_BROKEN, "lvm");
    end(&scene);
}

/* The root's volume group reaches onto a second disk, at another controller. */
static void a_root_on_two_disks_needs_the_drivers_of_both(void **state)
{
    (void)state;
    static const char *const of_scsi[] = {"virtio", "virtio_ring", "virtio_pci", "virtio_pci_legacy_dev", "virtio_pci_modern_dev", "virtio_scsi", "scsi_mod", "scsi_common", "sd_mod",
                                          "t10-pi", "crc64-rocksoft", "crc-t10dif", "crc64", "crct10dif_common", "ext4", "crc16", "mbcache", "jbd2", "dm_mod", NULL};
    static const char *const names[] = {"nvme0n1"};
    struct scene scene;
    struct guest other = {.what = checked_copy("/dev/nvme0n1"), .root_fd = -1};
    begin(&scene, "qemu-virtio-scsi-nvme");
    open_on_volume(&scene, of_scsi);
    guest_add_disk(&scene.guest, &other);
    scene.other_disks = names;
    scene.disk = "sda";
    scene.guest.disk.volumes[0].disks = 1 | 2;
    prove(&scene);
    expect(&scene, "disk driver", LINK_BROKEN, "lacks what /dev/nvme0n1 of this machine needs: nvme");
    scene.guest.disk.volumes[0].disks = 1;
    prove(&scene);
    expect(&scene, "disk driver", LINK_HOLDS, "/dev/nvme0n1 by nvme");
    fixture_remove(&scene.fixture, "lib/modules/" FIXTURE_KERNEL "/kernel/drivers/nvme");
    prove(&scene);
    expect(&scene, "disk driver", LINK_BROKEN, "/lib/modules/" FIXTURE_KERNEL " lacks what /dev/nvme0n1 of this machine needs");
    end(&scene);
}

/* A driver without what it depends on cannot be loaded. */
static void a_driver_s_dependencies_are_wanted_too(void **state)
{
    (void)state;
    static const char *const without_ring[] = {"virtio", "virtio_blk", "virtio_pci", "virtio_pci_legacy_dev", "virtio_pci_modern_dev", "ext4", "crc16", "jbd2", NULL};
    struct scene scene;
    begin(&scene, "qemu-virtio");
    fixture_put_initrd(&scene.fixture, without_ring);
    open_on_disk(&scene);
    prove(&scene);
    expect(&scene, "disk driver", LINK_BROKEN, "virtio_ring");
    expect(&scene, "root file system", LINK_BROKEN, "mbcache");
    end(&scene);
}

/* ata_generic matches every IDE-class controller, and is no driver for this one. */
static void a_controller_that_the_kernel_does_not_know_is_named(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene, "qemu-lsi-e1000");
    free(scene.hardware.disks[0].modaliases.items[1]);
    scene.hardware.disks[0].modaliases.items[1] = checked_copy("pci:v00009999d00009999sv0sd0bc01sc07i00");
    open_on_disk(&scene);
    prove(&scene);
    expect(&scene, "disk driver", LINK_BROKEN, "nothing in kernel " FIXTURE_KERNEL " drives pci:v00009999d00009999");
    end(&scene);
}

static void a_network_card_without_a_driver_breaks_the_chain(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene, "qemu-lsi-e1000");
    fixture_remove(&scene.fixture, "lib/modules/" FIXTURE_KERNEL "/kernel/drivers/net/ethernet/intel/e1000/e1000.ko");
    open_on_disk(&scene);
    prove(&scene);
    expect(&scene, "network cards", LINK_BROKEN, "e1000");
    end(&scene);
}

static void a_card_that_no_setting_uses_may_lack_a_driver(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene, "qemu-virtio-scsi-nvme");
    fixture_put(&scene.fixture, "etc/udev/rules.d/70-persistent-net.rules", "SUBSYSTEM==\"net\", ATTR{address}==\"52:54:00:dd:00:02\", NAME=\"lan0\"\n");
    fixture_remove(&scene.fixture, "lib/modules/" FIXTURE_KERNEL "/kernel/drivers/net/vmxnet3");
    open_on_disk(&scene);
    prove(&scene);
    expect(&scene, "network cards", LINK_HOLDS, "nothing in the guest uses it");
    fixture_put(&scene.fixture, "etc/udev/rules.d/70-persistent-net.rules", "SUBSYSTEM==\"net\", ATTR{address}==\"52:54:00:dd:00:01\", NAME=\"lan0\"\n");
    guest_close(&scene.guest, NULL);
    open_on_disk(&scene);
    prove(&scene);
    expect(&scene, "network cards", LINK_BROKEN, "vmxnet3");
    end(&scene);
}

static void boot_code_that_leads_nowhere_is_seen(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene, "qemu-lsi-e1000");
    open_on_disk(&scene);
    patch_disk(&scene, 512, (const char[512]){0}, 512);
    prove(&scene);
    expect(&scene, "boot code", LINK_BROKEN, "no core image");
    put_disk(&scene);
    patch_disk(&scene, 512 + 508, "\377\077", 2); /* 16383 sectors: into the partition */
    prove(&scene);
    expect(&scene, "boot code", LINK_BROKEN, "reaches into partition 1");
    put_disk(&scene);
    patch_disk(&scene, 0x5c, "\377\377\377\377\377\377\377\177", 8);
    prove(&scene);
    expect(&scene, "boot code", LINK_BROKEN, "not on");
    end(&scene);
}

static void a_first_sector_that_no_firmware_starts_is_seen(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene, "qemu-lsi-e1000");
    open_on_disk(&scene);
    patch_disk(&scene, 510, "\0\0", 2);
    prove(&scene);
    expect(&scene, "boot code", LINK_BROKEN, "55 AA");
    put_disk(&scene);
    patch_disk(&scene, 0, (const char[440]){0}, 440);
    prove(&scene);
    expect(&scene, "boot code", LINK_BROKEN, "no boot code");
    put_disk(&scene);
    patch_disk(&scene, 0x180, "LILO ", 5);
    prove(&scene);
    expect(&scene, "boot code", LINK_UNKNOWN, "not GRUB's");
    put_disk(&scene);
    patch_disk(&scene, 6, "LILO", 4);
    patch_disk(&scene, 0x180, "....", 4);
    prove(&scene);
    expect(&scene, "boot code", LINK_BROKEN, "it is LILO that is started");
    end(&scene);
}

/* During a move the disk has a marker where the boot code goes: what counts is the code that waits. */
static void boot_code_that_is_held_back_is_judged_instead(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene, "qemu-lsi-e1000");
    open_on_disk(&scene);
    cleanup_close int fd = open(scene.guest.disk.device, O_RDONLY | O_CLOEXEC);
    assert_int_equal(pread(fd, scene.boot_code, sizeof scene.boot_code, 0), sizeof scene.boot_code);
    scene.held = true;
    patch_disk(&scene, 0, (const char[440]){0}, 440);
    prove(&scene);
    expect(&scene, "boot code", LINK_HOLDS, "core image");
    memset(scene.boot_code, 0, sizeof scene.boot_code);
    prove(&scene);
    expect(&scene, "boot code", LINK_BROKEN, "of the source");
    end(&scene);
}

static void a_bios_disk_does_not_start_on_uefi(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene, "qemu-q35-uefi");
    open_on_disk(&scene);
    prove(&scene);
    expect(&scene, "firmware", LINK_BROKEN, "no EFI system partition");
    end(&scene);
}

static void uefi_needs_the_file_that_any_firmware_finds(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene, "qemu-q35-uefi");
    fixture_put(&scene.fixture, "boot/efi/EFI/debian/grubx64.efi", "MZ");
    open_on_disk(&scene);
    struct guest_disk *disk = &scene.guest.disk;
    disk->partitions[1] = (struct partition){.number = 2, .type = checked_copy("C12A7328-F81F-11D2-BA4B-00A0C93EC93B"), .fs_type = checked_copy("vfat"), .mount_point = checked_copy("/boot/efi")};
    disk->partition_count = 2;
    prove(&scene);
    expect(&scene, "firmware", LINK_BROKEN, "EFI/BOOT/BOOTX64.EFI is missing");
    fixture_put(&scene.fixture, "boot/efi/efi/Boot/bootx64.efi", "MZ");
    prove(&scene);
    expect(&scene, "firmware", LINK_HOLDS, "BOOTX64.EFI");
    end(&scene);
}

static void what_nobody_has_signed_is_told_where_secure_boot_is_enforced(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene, "qemu-q35-uefi");
    fixture_put_uefi_program(&scene.fixture, "boot/efi/EFI/debian/shimx64.efi", true);
    fixture_put_uefi_program(&scene.fixture, "boot/efi/EFI/debian/grubx64.efi", false);
    fixture_put_uefi_program(&scene.fixture, "boot/efi/EFI/BOOT/BOOTX64.EFI", true);
    open_on_disk(&scene);
    struct guest_disk *disk = &scene.guest.disk;
    disk->partitions[1] = (struct partition){.number = 2, .type = checked_copy("C12A7328-F81F-11D2-BA4B-00A0C93EC93B"), .fs_type = checked_copy("vfat"), .mount_point = checked_copy("/boot/efi")};
    disk->partition_count = 2;
    prove(&scene);
    expect(&scene, "firmware", LINK_HOLDS, "BOOTX64.EFI");
    scene.hardware.secure_boot = true;
    prove(&scene);
    expect(&scene, "firmware", LINK_UNKNOWN, "nobody has signed /boot/efi/EFI/debian/grubx64.efi:");
    fixture_put_uefi_program(&scene.fixture, "boot/efi/EFI/debian/grubx64.efi", true);
    prove(&scene);
    expect(&scene, "firmware", LINK_HOLDS, "is signed");
    fixture_put_uefi_program(&scene.fixture, "boot/efi/EFI/BOOT/BOOTX64.EFI", false);
    fixture_put_uefi_program(&scene.fixture, "boot/vmlinuz-" FIXTURE_KERNEL, false);
    prove(&scene);
    expect(&scene, "firmware", LINK_UNKNOWN, "nobody has signed /boot/efi/EFI/BOOT/BOOTX64.EFI, /boot/vmlinuz-" FIXTURE_KERNEL ":");
    end(&scene);
}

static void a_gpt_disk_needs_a_place_for_grub_on_bios(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene, "qemu-lsi-e1000");
    open_on_disk(&scene);
    strcpy(scene.guest.disk.table, "gpt");
    prove(&scene);
    expect(&scene, "firmware", LINK_BROKEN, "without a BIOS boot partition");
    end(&scene);
}

static void missing_and_damaged_files_are_told_apart(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene, "qemu-lsi-e1000");
    fixture_put(&scene.fixture, "boot/vmlinuz-" FIXTURE_KERNEL, "this is no kernel");
    fixture_put(&scene.fixture, "boot/initrd.img-" FIXTURE_KERNEL, "070701");
    fixture_remove(&scene.fixture, "boot/grub/i386-pc");
    fixture_remove(&scene.fixture, "sbin/init");
    fixture_remove(&scene.fixture, "usr/lib/systemd");
    open_on_disk(&scene);
    prove(&scene);
    expect(&scene, "kernel", LINK_BROKEN, "is no kernel");
    expect(&scene, "initrd", LINK_BROKEN, "cut off");
    expect(&scene, "boot loader", LINK_BROKEN, "normal.mod");
    expect(&scene, "init", LINK_BROKEN, "no /sbin/init");
    fixture_remove(&scene.fixture, "boot/vmlinuz-" FIXTURE_KERNEL);
    fixture_remove(&scene.fixture, "boot/initrd.img-" FIXTURE_KERNEL);
    prove(&scene);
    expect(&scene, "kernel", LINK_BROKEN, "cannot be read");
    expect(&scene, "initrd", LINK_BROKEN, "is missing");
    end(&scene);
}

static void a_root_that_is_another_partition_or_absent_is_seen(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene, "qemu-lsi-e1000");
    open_on_disk(&scene);
    free(scene.guest.boot.default_root);
    scene.guest.boot.default_root = checked_copy("UUID=00000000-0000-0000-0000-000000000000");
    prove(&scene);
    expect(&scene, "root", LINK_BROKEN, "is not on");
    free(scene.guest.boot.default_root);
    scene.guest.boot.default_root = NULL;
    prove(&scene);
    expect(&scene, "root", LINK_BROKEN, "has no root=");
    end(&scene);
}

static void names_that_nothing_binds_are_judged_by_who_gives_them(void **state)
{
    (void)state;
    static const struct { const char *name, *arguments; enum link_state state; } names[] = {
        {"eth0", "net.ifnames=0", LINK_HOLDS}, {"eth1", "net.ifnames=0", LINK_BROKEN}, {"ens3", "ro", LINK_UNKNOWN}, {"eth0", "ro", LINK_UNKNOWN},
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct scene scene;
        begin(&scene, "qemu-virtio");
        cleanup_free char *interfaces = checked_printf("iface %s inet dhcp\n", names[i].name);
        fixture_put(&scene.fixture, "etc/network/interfaces", interfaces);
        open_on_disk(&scene);
        free(scene.guest.boot.default_arguments);
        scene.guest.boot.default_arguments = checked_copy(names[i].arguments);
        prove(&scene);
        expect(&scene, "network settings", names[i].state, names[i].name);
        end(&scene);
    }
}

static void settings_that_wait_for_another_card_break_the_chain(void **state)
{
    (void)state;
    static const struct { const char *file, *text, *says; } settings[] = {
        {"etc/sysconfig/network-scripts/ifcfg-eth0", "DEVICE=eth0\nHWADDR=00:0C:29:AA:00:01\nBOOTPROTO=dhcp\n", "eth0 is bound to 00:0c:29:aa:00:01"},
        {"etc/NetworkManager/system-connections/lan", "[connection]\ntype=ethernet\n[ethernet]\nmac-address=00:0c:29:aa:00:01\n", "00:0c:29:aa:00:01"},
        {"etc/netplan/a.yaml", "network: {ethernets: {lan: {match: {driver: vmxnet3}, dhcp4: true}}}\n", "the slot or the driver of another card"},
    };
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
        struct scene scene;
        begin(&scene, "qemu-virtio");
        fixture_remove(&scene.fixture, "etc/network");
        fixture_put(&scene.fixture, settings[i].file, settings[i].text);
        open_on_disk(&scene);
        prove(&scene);
        expect(&scene, "network settings", LINK_BROKEN, settings[i].says);
        end(&scene);
    }
}

static void two_names_for_one_card_are_seen(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene, "qemu-virtio");
    fixture_put(&scene.fixture, "etc/network/interfaces", "iface lan0 inet dhcp\niface wan0 inet dhcp\n");
    fixture_put(&scene.fixture, "etc/udev/rules.d/70-persistent-net.rules",
                "SUBSYSTEM==\"net\", ATTR{address}==\"52:54:00:bb:00:01\", NAME=\"lan0\"\nSUBSYSTEM==\"net\", ATTR{address}==\"52:54:00:bb:00:01\", NAME=\"wan0\"\n");
    open_on_disk(&scene);
    prove(&scene);
    expect(&scene, "network settings", LINK_BROKEN, "lan0 and wan0");
    end(&scene);
}

static void of_a_directory_only_what_needs_the_disk_is_unknown(void **state)
{
    (void)state;
    struct scene scene;
    struct error err = {0};
    begin(&scene, "qemu-lsi-e1000");
    assert_int_equal(guest_open(scene.fixture.root, GUEST_READ, &scene.guest, &err), 0);
    prove(&scene);
    expect(&scene, "firmware", LINK_UNKNOWN, "directory");
    expect(&scene, "boot code", LINK_UNKNOWN, "directory");
    expect(&scene, "disk driver", LINK_HOLDS, "sym53c8xx");
    expect(&scene, "root", LINK_HOLDS, "/dev/sda1");
    assert_true(proof_holds(&scene.proof));
    end(&scene);
}

static void an_initrd_that_was_not_read_is_unknown(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene, "qemu-virtio");
    open_on_disk(&scene);
    scene.guest.remote = true;
    scene.guest.kernels[0].initrd.was_read = false;
    prove(&scene);
    expect(&scene, "initrd", LINK_UNKNOWN, "network");
    expect(&scene, "disk driver", LINK_UNKNOWN, "not read");
    end(&scene);
}

static void a_disk_without_a_system_has_no_chain(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene, "qemu-virtio");
    scene.guest = (struct guest){.what = checked_copy("disk.img"), .root_fd = -1};
    prove(&scene);
    expect(&scene, "system", LINK_BROKEN, "disk.img holds no system");
    cleanup_json cJSON *document = proof_to_json(&scene.proof);
    assert_false(json_flag(document, "holds"));
    end(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_machine_that_it_comes_from_boots_it),
        cmocka_unit_test(on_other_hardware_four_links_are_broken),
        cmocka_unit_test(a_guest_that_was_fixed_for_it_holds),
        cmocka_unit_test(a_root_on_two_disks_needs_the_drivers_of_both),
        cmocka_unit_test(a_driver_s_dependencies_are_wanted_too),
        cmocka_unit_test(a_root_in_volumes_needs_what_puts_them_together),
        cmocka_unit_test(a_key_that_crypttab_names_is_looked_for_in_the_initrd),
        cmocka_unit_test(a_missing_key_breaks_nothing_where_that_is_not_sure),
        cmocka_unit_test(a_thin_pool_wants_its_check),
        cmocka_unit_test(a_controller_that_the_kernel_does_not_know_is_named),
        cmocka_unit_test(a_network_card_without_a_driver_breaks_the_chain),
        cmocka_unit_test(a_card_that_no_setting_uses_may_lack_a_driver),
        cmocka_unit_test(boot_code_that_leads_nowhere_is_seen),
        cmocka_unit_test(a_first_sector_that_no_firmware_starts_is_seen),
        cmocka_unit_test(boot_code_that_is_held_back_is_judged_instead),
        cmocka_unit_test(a_bios_disk_does_not_start_on_uefi),
        cmocka_unit_test(uefi_needs_the_file_that_any_firmware_finds),
        cmocka_unit_test(what_nobody_has_signed_is_told_where_secure_boot_is_enforced),
        cmocka_unit_test(a_gpt_disk_needs_a_place_for_grub_on_bios),
        cmocka_unit_test(missing_and_damaged_files_are_told_apart),
        cmocka_unit_test(a_root_that_is_another_partition_or_absent_is_seen),
        cmocka_unit_test(names_that_nothing_binds_are_judged_by_who_gives_them),
        cmocka_unit_test(settings_that_wait_for_another_card_break_the_chain),
        cmocka_unit_test(two_names_for_one_card_are_seen),
        cmocka_unit_test(of_a_directory_only_what_needs_the_disk_is_unknown),
        cmocka_unit_test(an_initrd_that_was_not_read_is_unknown),
        cmocka_unit_test(a_disk_without_a_system_has_no_chain),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
