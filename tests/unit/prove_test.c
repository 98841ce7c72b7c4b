/* The boot chain as a whole: each link breaks for its own reason, and only then. */
#include "scene.h"

static void the_machine_that_it_comes_from_boots_it(void **state)
{
    (void)state;
    struct scene scene;
    scene_begin(&scene, "qemu-lsi-e1000");
    scene_open(&scene);
    scene_prove(&scene);
    for (size_t i = 0; i < scene.proof.count; i++)
        if (scene.proof.links[i].state != LINK_HOLDS)
            fail_msg("%s: %s", scene.proof.links[i].name, scene.proof.links[i].evidence);
    assert_true(proof_holds(&scene.proof));
    assert_int_equal(scene.proof.count, 13);
    scene_end(&scene);
}

static void on_other_hardware_four_links_are_broken(void **state)
{
    (void)state;
    struct scene scene;
    scene_begin(&scene, "qemu-virtio");
    scene_open(&scene);
    scene_prove(&scene);
    scene_expect(&scene, "disk driver", LINK_BROKEN, "virtio_blk");
    scene_expect(&scene, "root", LINK_BROKEN, "root=/dev/sda1");
    scene_expect(&scene, "fstab", LINK_BROKEN, "/dev/sda1 for / (line 2)");
    scene_expect(&scene, "network settings", LINK_BROKEN, "lan0 is bound to 52:54:00:aa:00:01");
    scene_expect(&scene, "boot code", LINK_HOLDS, "GRUB's boot code");
    scene_expect(&scene, "network cards", LINK_HOLDS, "virtio_net");
    assert_false(proof_holds(&scene.proof));
    scene_end(&scene);
}

static void a_guest_that_was_fixed_for_it_holds(void **state)
{
    (void)state;
    struct scene scene;
    scene_begin(&scene, "qemu-virtio");
    fixture_put(&scene.fixture, "etc/fstab", "UUID=" UUID " / ext4 defaults 0 1\n/dev/sr0 /media/cdrom0 udf,iso9660 user,noauto 0 0\ntmpfs /tmp tmpfs defaults 0 0\n/dev/sdb1 /data ext4 nofail 0 2\n");
    fixture_put(&scene.fixture, "boot/grub/grub.cfg",
                "menuentry x {\n linux /boot/vmlinuz-" FIXTURE_KERNEL " root=UUID=" UUID " ro\n initrd /boot/initrd.img-" FIXTURE_KERNEL "\n}\n");
    fixture_put(&scene.fixture, "etc/udev/rules.d/70-persistent-net.rules", "SUBSYSTEM==\"net\", ATTR{address}==\"52:54:00:bb:00:01\", NAME=\"lan0\"\n");
    fixture_put_initrd(&scene.fixture, fixture_new_modules);
    scene_open(&scene);
    scene_prove(&scene);
    for (size_t i = 0; i < scene.proof.count; i++)
        if (scene.proof.links[i].state != LINK_HOLDS)
            fail_msg("%s: %s", scene.proof.links[i].name, scene.proof.links[i].evidence);
    scene_end(&scene);
}

/* A driver without what it depends on cannot be loaded. */
static void a_driver_s_dependencies_are_wanted_too(void **state)
{
    (void)state;
    static const char *const without_ring[] = {"virtio", "virtio_blk", "virtio_pci", "virtio_pci_legacy_dev", "virtio_pci_modern_dev", "ext4", "crc16", "jbd2", NULL};
    struct scene scene;
    scene_begin(&scene, "qemu-virtio");
    fixture_put_initrd(&scene.fixture, without_ring);
    scene_open(&scene);
    scene_prove(&scene);
    scene_expect(&scene, "disk driver", LINK_BROKEN, "virtio_ring");
    scene_expect(&scene, "root file system", LINK_BROKEN, "mbcache");
    scene_end(&scene);
}

/* ata_generic matches every IDE-class controller, and is no driver for this one. */
static void a_controller_that_the_kernel_does_not_know_is_named(void **state)
{
    (void)state;
    struct scene scene;
    scene_begin(&scene, "qemu-lsi-e1000");
    free(scene.hardware.disks[0].modaliases.items[1]);
    scene.hardware.disks[0].modaliases.items[1] = checked_copy("pci:v00009999d00009999sv0sd0bc01sc07i00");
    scene_open(&scene);
    scene_prove(&scene);
    scene_expect(&scene, "disk driver", LINK_BROKEN, "nothing in kernel " FIXTURE_KERNEL " drives pci:v00009999d00009999");
    scene_end(&scene);
}

static void missing_and_damaged_files_are_told_apart(void **state)
{
    (void)state;
    struct scene scene;
    scene_begin(&scene, "qemu-lsi-e1000");
    fixture_put(&scene.fixture, "boot/vmlinuz-" FIXTURE_KERNEL, "this is no kernel");
    fixture_put(&scene.fixture, "boot/initrd.img-" FIXTURE_KERNEL, "070701");
    fixture_remove(&scene.fixture, "boot/grub/i386-pc");
    fixture_remove(&scene.fixture, "sbin/init");
    fixture_remove(&scene.fixture, "usr/lib/systemd");
    scene_open(&scene);
    scene_prove(&scene);
    scene_expect(&scene, "kernel", LINK_BROKEN, "is no kernel");
    scene_expect(&scene, "initrd", LINK_BROKEN, "cut off");
    scene_expect(&scene, "boot loader", LINK_BROKEN, "normal.mod");
    scene_expect(&scene, "init", LINK_BROKEN, "no /sbin/init");
    fixture_remove(&scene.fixture, "boot/vmlinuz-" FIXTURE_KERNEL);
    fixture_remove(&scene.fixture, "boot/initrd.img-" FIXTURE_KERNEL);
    scene_prove(&scene);
    scene_expect(&scene, "kernel", LINK_BROKEN, "cannot be read");
    scene_expect(&scene, "initrd", LINK_BROKEN, "is missing");
    scene_end(&scene);
}

static void a_root_that_is_another_partition_or_absent_is_seen(void **state)
{
    (void)state;
    struct scene scene;
    scene_begin(&scene, "qemu-lsi-e1000");
    scene_open(&scene);
    free(scene.guest.boot.default_root);
    scene.guest.boot.default_root = checked_copy("UUID=00000000-0000-0000-0000-000000000000");
    scene_prove(&scene);
    scene_expect(&scene, "root", LINK_BROKEN, "is not on");
    free(scene.guest.boot.default_root);
    scene.guest.boot.default_root = NULL;
    scene_prove(&scene);
    scene_expect(&scene, "root", LINK_BROKEN, "has no root=");
    scene_end(&scene);
}

static void of_a_directory_only_what_needs_the_disk_is_unknown(void **state)
{
    (void)state;
    struct scene scene;
    struct error err = {0};
    scene_begin(&scene, "qemu-lsi-e1000");
    assert_int_equal(guest_open(scene.fixture.root, GUEST_READ, &scene.guest, &err), 0);
    scene_prove(&scene);
    scene_expect(&scene, "firmware", LINK_UNKNOWN, "directory");
    scene_expect(&scene, "boot code", LINK_UNKNOWN, "directory");
    scene_expect(&scene, "disk driver", LINK_HOLDS, "sym53c8xx");
    scene_expect(&scene, "root", LINK_HOLDS, "/dev/sda1");
    assert_true(proof_holds(&scene.proof));
    scene_end(&scene);
}

static void an_initrd_that_was_not_read_is_unknown(void **state)
{
    (void)state;
    struct scene scene;
    scene_begin(&scene, "qemu-virtio");
    scene_open(&scene);
    scene.guest.remote = true;
    scene.guest.kernels[0].initrd.was_read = false;
    scene_prove(&scene);
    scene_expect(&scene, "initrd", LINK_UNKNOWN, "network");
    scene_expect(&scene, "disk driver", LINK_UNKNOWN, "not read");
    scene_end(&scene);
}

static void a_disk_without_a_system_has_no_chain(void **state)
{
    (void)state;
    struct scene scene;
    scene_begin(&scene, "qemu-virtio");
    scene.guest = (struct guest){.what = checked_copy("disk.img"), .root_fd = -1};
    scene_prove(&scene);
    scene_expect(&scene, "system", LINK_BROKEN, "disk.img holds no system");
    cleanup_json cJSON *document = proof_to_json(&scene.proof);
    assert_false(json_flag(document, "holds"));
    scene_end(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_machine_that_it_comes_from_boots_it),
        cmocka_unit_test(on_other_hardware_four_links_are_broken),
        cmocka_unit_test(a_guest_that_was_fixed_for_it_holds),
        cmocka_unit_test(a_driver_s_dependencies_are_wanted_too),
        cmocka_unit_test(a_controller_that_the_kernel_does_not_know_is_named),
        cmocka_unit_test(missing_and_damaged_files_are_told_apart),
        cmocka_unit_test(a_root_that_is_another_partition_or_absent_is_seen),
        cmocka_unit_test(of_a_directory_only_what_needs_the_disk_is_unknown),
        cmocka_unit_test(an_initrd_that_was_not_read_is_unknown),
        cmocka_unit_test(a_disk_without_a_system_has_no_chain),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
