/* The links of the network: drivers for the cards, and settings that fit them. */
#include "scene.h"

static void a_network_card_without_a_driver_breaks_the_chain(void **state)
{
    (void)state;
    struct scene scene;
    scene_begin(&scene, "qemu-lsi-e1000");
    fixture_remove(&scene.fixture, "lib/modules/" FIXTURE_KERNEL "/kernel/drivers/net/ethernet/intel/e1000/e1000.ko");
    scene_open(&scene);
    scene_prove(&scene);
    scene_expect(&scene, "network cards", LINK_BROKEN, "e1000");
    scene_end(&scene);
}

static void a_card_that_no_setting_uses_may_lack_a_driver(void **state)
{
    (void)state;
    struct scene scene;
    scene_begin(&scene, "qemu-virtio-scsi-nvme");
    fixture_put(&scene.fixture, "etc/udev/rules.d/70-persistent-net.rules", "SUBSYSTEM==\"net\", ATTR{address}==\"52:54:00:dd:00:02\", NAME=\"lan0\"\n");
    fixture_remove(&scene.fixture, "lib/modules/" FIXTURE_KERNEL "/kernel/drivers/net/vmxnet3");
    scene_open(&scene);
    scene_prove(&scene);
    scene_expect(&scene, "network cards", LINK_HOLDS, "nothing in the guest uses it");
    fixture_put(&scene.fixture, "etc/udev/rules.d/70-persistent-net.rules", "SUBSYSTEM==\"net\", ATTR{address}==\"52:54:00:dd:00:01\", NAME=\"lan0\"\n");
    guest_close(&scene.guest, NULL);
    scene_open(&scene);
    scene_prove(&scene);
    scene_expect(&scene, "network cards", LINK_BROKEN, "vmxnet3");
    scene_end(&scene);
}

static void names_that_nothing_binds_are_judged_by_who_gives_them(void **state)
{
    (void)state;
    static const struct { const char *name, *arguments; enum link_state state; } names[] = {
        {"eth0", "net.ifnames=0", LINK_HOLDS}, {"eth1", "net.ifnames=0", LINK_BROKEN}, {"ens3", "ro", LINK_UNKNOWN}, {"eth0", "ro", LINK_UNKNOWN},
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct scene scene;
        scene_begin(&scene, "qemu-virtio");
        cleanup_free char *interfaces = checked_printf("iface %s inet dhcp\n", names[i].name);
        fixture_put(&scene.fixture, "etc/network/interfaces", interfaces);
        scene_open(&scene);
        free(scene.guest.boot.default_arguments);
        scene.guest.boot.default_arguments = checked_copy(names[i].arguments);
        scene_prove(&scene);
        scene_expect(&scene, "network settings", names[i].state, names[i].name);
        scene_end(&scene);
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
        scene_begin(&scene, "qemu-virtio");
        fixture_remove(&scene.fixture, "etc/network");
        fixture_put(&scene.fixture, settings[i].file, settings[i].text);
        scene_open(&scene);
        scene_prove(&scene);
        scene_expect(&scene, "network settings", LINK_BROKEN, settings[i].says);
        scene_end(&scene);
    }
}

static void two_names_for_one_card_are_seen(void **state)
{
    (void)state;
    struct scene scene;
    scene_begin(&scene, "qemu-virtio");
    fixture_put(&scene.fixture, "etc/network/interfaces", "iface lan0 inet dhcp\niface wan0 inet dhcp\n");
    fixture_put(&scene.fixture, "etc/udev/rules.d/70-persistent-net.rules",
                "SUBSYSTEM==\"net\", ATTR{address}==\"52:54:00:bb:00:01\", NAME=\"lan0\"\nSUBSYSTEM==\"net\", ATTR{address}==\"52:54:00:bb:00:01\", NAME=\"wan0\"\n");
    scene_open(&scene);
    scene_prove(&scene);
    scene_expect(&scene, "network settings", LINK_BROKEN, "lan0 and wan0");
    scene_end(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_network_card_without_a_driver_breaks_the_chain),
        cmocka_unit_test(a_card_that_no_setting_uses_may_lack_a_driver),
        cmocka_unit_test(names_that_nothing_binds_are_judged_by_who_gives_them),
        cmocka_unit_test(settings_that_wait_for_another_card_break_the_chain),
        cmocka_unit_test(two_names_for_one_card_are_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
