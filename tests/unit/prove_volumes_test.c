/* The links of a root that lies in volumes: what puts them together, what opens them, and the disks that they are on. */
#include "scene.h"

#include "guest/disk/volumes.h"

/* As scene_open, with the root on a logical volume inside of LUKS. */
static void open_on_volume(struct scene *scene, const char *const *initrd)
{
    fixture_put(&scene->fixture, "etc/fstab", "/dev/mapper/old--vg-root / ext4 defaults 0 1\n");
    fixture_put(&scene->fixture, "boot/grub/grub.cfg",
                "menuentry x {\n linux /boot/vmlinuz-" FIXTURE_KERNEL " root=/dev/mapper/old--vg-root ro\n initrd /boot/initrd.img-" FIXTURE_KERNEL "\n}\n");
    fixture_put_initrd(&scene->fixture, initrd);
    scene_open(scene);
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
    scene_prove(scene);
}

/* With a line of crypttab, and one more file in the initrd. */
static void open_with_key(struct scene *scene, const char *line, const char *file)
{
    const char *const initrd[] = {"dm_mod", "dm_crypt", "usr/sbin/lvm", "usr/sbin/cryptsetup", file, NULL};
    scene_begin(scene, "qemu-virtio");
    fixture_put(&scene->fixture, "etc/crypttab", line);
    open_on_volume(scene, initrd);
}

static void a_root_in_volumes_needs_what_puts_them_together(void **state)
{
    (void)state;
    static const char *const whole[] = {"virtio", "virtio_ring", "virtio_blk", "virtio_pci", "virtio_pci_legacy_dev", "virtio_pci_modern_dev", "ext4", "crc16", "mbcache", "jbd2",
                                        "dm_mod", "dm_crypt", "usr/sbin/lvm", "usr/lib/systemd/systemd-cryptsetup", NULL};
    static const char *const without_driver[] = {"dm_mod", "usr/sbin/lvm", "usr/sbin/cryptsetup", NULL};
    static const char *const without_program[] = {"dm_mod", "dm_crypt", "usr/sbin/cryptsetup", NULL};
    struct scene scene;
    scene_begin(&scene, "qemu-virtio");
    open_on_volume(&scene, whole);
    scene_expect(&scene, "volumes", LINK_HOLDS, "/dev/mapper/old--vg-root");
    scene_expect(&scene, "root", LINK_HOLDS, "the volume /dev/mapper/old--vg-root (ext4)");
    scene_expect(&scene, "fstab", LINK_HOLDS, "1 of the 1");
    free(scene.guest.fstab[0].spec); /* as Ubuntu's installer names it: once it is of a volume that is closed, once of one that is here */
    scene.guest.fstab[0].spec = checked_copy("/dev/disk/by-id/dm-uuid-LVM-abc");
    scene_prove(&scene);
    scene_expect(&scene, "fstab", LINK_UNKNOWN, "/dev/disk/by-id/dm-uuid-LVM-abc for /");
    strings_add(&scene.guest.disk.volumes[0].names, "/dev/disk/by-id/dm-uuid-LVM-abc");
    scene_prove(&scene);
    scene_expect(&scene, "fstab", LINK_HOLDS, "1 of the 1");
    scene_end(&scene);
    scene_begin(&scene, "qemu-virtio");
    open_on_volume(&scene, without_driver);
    scene_expect(&scene, "volumes", LINK_BROKEN, "dm_crypt");
    scene_end(&scene);
    scene_begin(&scene, "qemu-virtio");
    open_on_volume(&scene, without_program);
    scene_expect(&scene, "volumes", LINK_BROKEN, "lvm");
    scene_end(&scene);
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
        scene_expect(&scene, "volumes", cases[i].state, cases[i].says);
        scene_end(&scene);
    }
}

/* dracut asks for a passphrase instead; and of two that are encrypted the root may lie in the other. */
static void a_missing_key_breaks_nothing_where_that_is_not_sure(void **state)
{
    (void)state;
    struct scene scene;
    open_with_key(&scene, "opened /dev/sda1 /etc/keys/a.key luks\n", NULL);
    scene.guest.initrd_builder = INITRD_BUILDER_DRACUT;
    scene_prove(&scene);
    scene_expect(&scene, "volumes", LINK_UNKNOWN, "may wait for a passphrase");
    scene.guest.initrd_builder = INITRD_BUILDER_INITRAMFS_TOOLS;
    scene_prove(&scene);
    scene_expect(&scene, "volumes", LINK_BROKEN, "/etc/keys/a.key");
    struct guest_disk *disk = &scene.guest.disk;
    disk->volumes[disk->volume_count++] = (struct partition){.kind = LAYER_CRYPT, .layers = LAYER_CRYPT, .opened = true};
    scene_prove(&scene);
    scene_expect(&scene, "volumes", LINK_UNKNOWN, "/etc/keys/a.key");
    scene_end(&scene);
}

static void a_thin_pool_wants_its_check(void **state)
{
    (void)state;
    static const char *const lvm[] = {"dm_mod", "dm_crypt", "usr/sbin/lvm", "usr/sbin/cryptsetup", NULL};
    struct scene scene;
    scene_begin(&scene, "qemu-virtio");
    fixture_put(&scene.fixture, "lib/modules/" FIXTURE_KERNEL "/modules.builtin", "kernel/drivers/md/dm-thin-pool.ko\n");
    open_on_volume(&scene, lvm);
    strings_add(&scene.guest.root_partition->drivers, "dm_thin_pool");
    scene_prove(&scene);
    scene_expect(&scene, "volumes", LINK_UNKNOWN, "lacks thin_check");
    strings_add(&scene.guest.kernels[0].initrd.programs, "thin_check");
    scene_prove(&scene);
    scene_expect(&scene, "volumes", LINK_HOLDS, "dm_thin_pool");
    scene_end(&scene);
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
    scene_begin(&scene, "qemu-virtio-scsi-nvme");
    open_on_volume(&scene, of_scsi);
    guest_add_disk(&scene.guest, &other);
    scene.other_disks = names;
    scene.disk = "sda";
    scene.guest.disk.volumes[0].disks = 1 | 2;
    scene_prove(&scene);
    scene_expect(&scene, "disk driver", LINK_BROKEN, "lacks what /dev/nvme0n1 of this machine needs: nvme");
    scene.guest.disk.volumes[0].disks = 1;
    scene_prove(&scene);
    scene_expect(&scene, "disk driver", LINK_HOLDS, "/dev/nvme0n1 by nvme");
    fixture_remove(&scene.fixture, "lib/modules/" FIXTURE_KERNEL "/kernel/drivers/nvme");
    scene_prove(&scene);
    scene_expect(&scene, "disk driver", LINK_BROKEN, "/lib/modules/" FIXTURE_KERNEL " lacks what /dev/nvme0n1 of this machine needs");
    scene_end(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_root_in_volumes_needs_what_puts_them_together),
        cmocka_unit_test(a_key_that_crypttab_names_is_looked_for_in_the_initrd),
        cmocka_unit_test(a_missing_key_breaks_nothing_where_that_is_not_sure),
        cmocka_unit_test(a_thin_pool_wants_its_check),
        cmocka_unit_test(a_root_on_two_disks_needs_the_drivers_of_both),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
