/* The plan's pure core: configuration files as text, before and after. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "plan/boot/boot_loader.h"
#include "plan/boot/debconf.h"
#include "plan/boot/grub2.h"
#include "plan/console.h"
#include "guest/devices.h"
#include "plan/diff.h"
#include "plan/fstab.h"
#include "plan/initrd/initrd.h"
#include "plan/network/network_text.h"
#include "plan/shell_config.h"
#include "plan/volumes.h"
#include "plan/start_scripts.h"

#define NEW "52:54:00:bb:00:01"

static char *fstab_answer(void *context, const char *spec, const char *file, const char *type)
{
    (void)context, (void)file, (void)type;
    return string_is(spec, "/dev/sda1") ? checked_copy("UUID=one") : string_is(spec, "/dev/sda5") ? checked_copy("UUID=five") : NULL;
}

static char *device_answer(void *context, const char *device)
{
    return fstab_answer(context, device, "", "");
}

static void assert_fstab(const char *before, const char *after)
{
    cleanup_free char *got = fstab_by_uuid(before, fstab_answer, NULL);
    assert_string_equal(got, after);
    cleanup_free char *again = fstab_by_uuid(got, fstab_answer, NULL);
    assert_string_equal(again, after);
}

static void keeps_comments_blanks_and_line_ends_of_fstab(void **state)
{
    (void)state;
    assert_fstab("# /dev/sda1 is the root\n\n  /dev/sda1\t/   ext4  errors=remount-ro 0 1 # old disk\n/dev/sda5 none swap sw 0 0",
                 "# /dev/sda1 is the root\n\n  UUID=one\t/   ext4  errors=remount-ro 0 1 # old disk\nUUID=five none swap sw 0 0");
    assert_fstab("/dev/sda1 / ext4 defaults 0 1\r\n\n\n", "UUID=one / ext4 defaults 0 1\r\n\n\n");
}

static void keeps_uuid_entries_in_fstab(void **state)
{
    (void)state;
    assert_fstab("UUID=x / ext4 defaults 0 1\nLABEL=y /srv xfs defaults 0 2\nproc /proc proc defaults 0 0\n",
                 "UUID=x / ext4 defaults 0 1\nLABEL=y /srv xfs defaults 0 2\nproc /proc proc defaults 0 0\n");
}

static void leaves_half_lines_of_fstab_alone(void **state)
{
    (void)state;
    assert_fstab("/dev/sda1\n/dev/sda1 /\n\t\n", "/dev/sda1\n/dev/sda1 /\n\t\n");
    assert_fstab("", "");
}

static void assert_disk(const char *spec, const char *disk, unsigned number)
{
    unsigned got = 99;
    cleanup_free char *name = device_disk_name(spec, &got);
    assert_non_null(name);
    assert_string_equal(name, disk);
    assert_int_equal(got, number);
}

static void knows_the_disk_of_every_kind_of_device_name(void **state)
{
    (void)state;
    assert_disk("/dev/sda1", "/dev/sda", 1);
    assert_disk("/dev/sdaa12", "/dev/sdaa", 12);
    assert_disk("/dev/hdc3", "/dev/hdc", 3);
    assert_disk("/dev/xvda", "/dev/xvda", 0);
    assert_disk("/dev/vda2", "/dev/vda", 2);
    assert_disk("/dev/nvme0n1p3", "/dev/nvme0n1", 3);
    assert_disk("/dev/nvme0n1", "/dev/nvme0n1", 0);
    assert_disk("/dev/mmcblk0p1", "/dev/mmcblk0", 1);
    assert_disk("/dev/cciss/c0d0p1", "/dev/cciss/c0d0", 1);
    assert_disk("/dev/mapper/mpatha1", "/dev/mapper/mpatha", 1);
    assert_disk("/dev/mapper/mpathbp12", "/dev/mapper/mpathb", 12);
    assert_disk("/dev/mapper/mpatha-part2", "/dev/mapper/mpatha", 2);
    assert_disk("/dev/mapper/mpatha", "/dev/mapper/mpatha", 0);
    assert_disk("/dev/mapper/mpath0", "/dev/mapper/mpath0", 0);
    assert_disk("/dev/mapper/mpath0p3", "/dev/mapper/mpath0", 3);
    assert_disk("/dev/disk/by-path/pci-0000:00:10.0-scsi-0:0:0:0-part2", "/dev/disk/by-path/pci-0000:00:10.0-scsi-0:0:0:0", 2);
    assert_disk("/dev/disk/by-id/ata-QEMU_HARDDISK_QM00001", "/dev/disk/by-id/ata-QEMU_HARDDISK_QM00001", 0);
}

static void names_by_content_are_no_device_names(void **state)
{
    (void)state;
    const char *const stable[] = {"UUID=x", "LABEL=x", "/dev/disk/by-uuid/x", "/dev/mapper/vg-root", "/dev/mapper/mpath", "/dev/mapper/mpathvg-root", "/dev/mapper/mpathvg-lv1", "/dev/mapper/mpath-1x", "/dev/vg/root", "/dev/md0", "/dev/disk/by-id/dm-name-vg-root",
                                  "/dev/cdrom", "/dev/sr0", "/dev/fd0", "tmpfs", "/dev/sdA1", "/dev/sd", "/dev/nvme", ""};
    for (size_t i = 0; i < sizeof stable / sizeof *stable; i++)
        assert_false(device_name_is_unstable(stable[i]));
}

static char *settled(const char *text)
{
    return grub2_defaults_settled(text, &(struct command_line_rules){.resolve = device_answer});
}

static void assert_grub(const char *before, const char *after)
{
    cleanup_free char *got = settled(before);
    assert_string_equal(got, after);
    cleanup_free char *again = settled(got);
    assert_string_equal(again, after);
}

static void grub_arguments_go_to_uuid_and_the_others_stay(void **state)
{
    (void)state;
    assert_grub("GRUB_CMDLINE_LINUX=\"root=/dev/sda1 console=tty0 console=ttyS0,115200 resume=/dev/sda5\"\n",
                "GRUB_CMDLINE_LINUX=\"root=UUID=one console=tty0 console=ttyS0,115200 resume=UUID=five\"\n");
    assert_grub("GRUB_CMDLINE_LINUX_DEFAULT='quiet  splash'\nGRUB_TIMEOUT=2\n", "GRUB_CMDLINE_LINUX_DEFAULT='quiet  splash'\nGRUB_TIMEOUT=2\n");
}

static void grub_arguments_naming_a_lost_device_go(void **state)
{
    (void)state;
    assert_grub("GRUB_CMDLINE_LINUX=\"resume=/dev/sdb7 quiet root=/dev/hdc1\"\n", "GRUB_CMDLINE_LINUX=\"quiet \"\n");
    assert_grub("GRUB_CMDLINE_LINUX=resume=/dev/sdb7\n", "GRUB_CMDLINE_LINUX=\n");
}

static void grub_arguments_by_content_stay(void **state)
{
    (void)state;
    assert_grub("GRUB_CMDLINE_LINUX=\"root=/dev/mapper/vg-root resume=UUID=x noresume=/dev/sda1\"\n",
                "GRUB_CMDLINE_LINUX=\"root=/dev/mapper/vg-root resume=UUID=x noresume=/dev/sda1\"\n");
    assert_grub("# GRUB_CMDLINE_LINUX=\"root=/dev/sda1\"\n", "# GRUB_CMDLINE_LINUX=\"root=/dev/sda1\"\n");
}

static void grub_may_write_uuids_again(void **state)
{
    (void)state;
    cleanup_free char *got = settled("GRUB_DISABLE_LINUX_UUID=true\nGRUB_DISABLE_UUID=\"true\"\nGRUB_DISABLE_LINUX_UUID=false\n");
    assert_true(string_starts(got, "#GRUB_DISABLE_LINUX_UUID=true # "));
    assert_non_null(strstr(got, "\n#GRUB_DISABLE_UUID=\"true\" # "));
    assert_non_null(strstr(got, "\nGRUB_DISABLE_LINUX_UUID=false\n"));
    assert_grub(got, got);
}

static void debconf_answer_is_replaced_for_that_question_only(void **state)
{
    (void)state;
    const char *text = "Name: grub-pc/kopt\nValue: /dev/sda\n\nName: grub-pc/install_devices\nTemplate: grub-pc/install_devices\nValue: /dev/sda\nFlags: seen\n";
    cleanup_free char *got = debconf_replace(text, "grub-pc/install_devices", "/dev/vda");
    assert_string_equal(got, "Name: grub-pc/kopt\nValue: /dev/sda\n\nName: grub-pc/install_devices\nTemplate: grub-pc/install_devices\nValue: /dev/vda\nFlags: seen\n");
    assert_null(debconf_replace(got, "grub-pc/install_devices", "/dev/vda"));
    assert_null(debconf_replace(text, "grub-pc/other", "/dev/vda"));
    cleanup_free char *empty = debconf_value("Name: grub-pc/install_devices\nValue:\n", "grub-pc/install_devices");
    assert_string_equal(empty, "");
}

static void initrd_drivers_stand_in_one_block_once(void **state)
{
    (void)state;
    cleanup_strings struct strings drivers = {0};
    strings_add(&drivers, "virtio_blk");
    strings_add(&drivers, "sym53c8xx");
    cleanup_free char *got = initramfs_modules_with("# List of modules\nsym53c8xx\next4", &drivers);
    assert_true(string_starts(got, "# List of modules\nsym53c8xx\next4\n# added by rehost: "));
    assert_non_null(strstr(got, "\nvirtio_blk\n# end of what rehost added\n"));
    cleanup_free char *again = initramfs_modules_with(got, &drivers);
    assert_string_equal(again, got);
    strings_add(&drivers, "nvme");
    cleanup_free char *more = initramfs_modules_with(got, &drivers);
    assert_non_null(strstr(more, "\nvirtio_blk\nnvme\n# end of what rehost added\n"));
    assert_null(strstr(strstr(more, "# added by") + 1, "# added by"));
}

static void drivers_that_are_listed_already_add_nothing(void **state)
{
    (void)state;
    cleanup_strings struct strings drivers = {0};
    strings_add(&drivers, "virtio_blk");
    cleanup_free char *got = initramfs_modules_with("  virtio-blk some=option\n", &drivers);
    assert_string_equal(got, "  virtio-blk some=option\n");
}

static void shell_settings_are_read_as_a_shell_reads_them(void **state)
{
    (void)state;
    cleanup_free char *last = shell_setting("# MODULES=list\nMODULES=most\nexport MODULES=\"dep\" # why\n", "MODULES");
    assert_string_equal(last, "dep");
    assert_null(shell_setting("XMODULES=most\nMODULESX=most\n", "MODULES"));
    cleanup_free char *changed = shell_setting_replace("# RESUME\nRESUME=/dev/sda5\n", "RESUME", "UUID=five");
    assert_string_equal(changed, "# RESUME\nRESUME=UUID=five\n");
}

static void assert_rule(const char *before, const char *after)
{
    cleanup_free char *got = udev_rules_rebind(before, "lan0", NEW);
    assert_string_equal(got, after);
    cleanup_free char *again = udev_rules_rebind(got, "lan0", NEW);
    assert_string_equal(again, after);
    assert_true(udev_rules_bind(got, "lan0", NEW, true));
}

static void udev_rules_bind_the_name_to_the_new_mac(void **state)
{
    (void)state;
    assert_rule("# PCI device (e1000)\nSUBSYSTEM==\"net\", ACTION==\"add\", DRIVERS==\"?*\", ATTR{address}==\"52:54:00:AA:00:01\", ATTR{dev_id}==\"0x0\", KERNEL==\"eth*\", NAME=\"lan0\"\n",
                "# PCI device (e1000)\nSUBSYSTEM==\"net\", ACTION==\"add\", DRIVERS==\"?*\", ATTR{address}==\"" NEW "\", ATTR{dev_id}==\"0x0\", KERNEL==\"eth*\", NAME=\"lan0\"\n");
}

static void udev_rules_lose_the_old_cards_place_and_driver(void **state)
{
    (void)state;
    assert_rule("SUBSYSTEM==\"net\", KERNELS==\"0000:00:03.0\", DRIVERS==\"e1000\", SUBSYSTEMS==\"pci\", KERNEL==\"eth0\", ENV{ID_PATH}==\"pci-x\", NAME=\"lan0\"",
                "SUBSYSTEM==\"net\", ATTR{address}==\"" NEW "\", NAME=\"lan0\"");
}

static void udev_rules_for_other_names_stay(void **state)
{
    (void)state;
    const char *text = "SUBSYSTEM==\"net\",ATTR{address}==\"52:54:00:aa:00:02\",NAME=\"lan1\"\n# NAME=\"lan0\"\nKERNEL==\"sd*\", SYMLINK+=\"a,b\"\n";
    cleanup_free char *got = udev_rules_rebind(text, "lan0", NEW);
    assert_string_equal(got, text);
    assert_false(udev_rules_bind(text, "lan0", NEW, true));
}

static void link_files_match_the_new_mac_alone(void **state)
{
    (void)state;
    cleanup_free char *got = link_file_rebind("# old\n[Match]\nPath=pci-0000:00:03.0\nDriver=e1000\nArchitecture=x86-64\n\n[Link]\nName=lan0\nMTUBytes=9000\n", NEW);
    assert_string_equal(got, "# old\n[Match]\nMACAddress=" NEW "\nArchitecture=x86-64\n\n[Link]\nName=lan0\nMTUBytes=9000\n");
    cleanup_free char *again = link_file_rebind(got, NEW);
    assert_string_equal(again, got);
    cleanup_free char *permanent = link_file_rebind("[Match]\nPermanentMACAddress=52:54:00:aa:00:01\n[Link]\nName=lan0\n", NEW);
    assert_string_equal(permanent, "[Match]\nPermanentMACAddress=" NEW "\n[Link]\nName=lan0\n");
    cleanup_free char *name = unit_value(got, "Link", "Name");
    assert_string_equal(name, "lan0");
    assert_null(unit_value(got, "Match", "Name"));
}

static void macs_change_places_in_one_pass(void **state)
{
    (void)state;
    const struct mac_pair pairs[] = {{"52:54:00:aa:00:01", "52:54:00:aa:00:02"}, {"52:54:00:aa:00:02", "52:54:00:aa:00:01"}};
    cleanup_free char *got = mac_replace("a 52:54:00:AA:00:01 b 52-54-00-aa-00-02 c 52:54:00:aa:00:01:ff", pairs, 2);
    assert_string_equal(got, "a 52:54:00:aa:00:02 b 52:54:00:aa:00:01 c 52:54:00:aa:00:01:ff");
}

static void hwaddress_changes_in_that_stanza_only(void **state)
{
    (void)state;
    cleanup_free char *got = interfaces_rebind("iface lan0 inet static\n\thwaddress ether 52:54:00:aa:00:01\n    address 10.0.0.1/24\niface lan1 inet dhcp\n  hwaddress 52:54:00:aa:00:02\n",
                                               "lan0", NEW);
    assert_string_equal(got, "iface lan0 inet static\n\thwaddress ether " NEW "\n    address 10.0.0.1/24\niface lan1 inet dhcp\n  hwaddress 52:54:00:aa:00:02\n");
}

static void a_diff_shows_what_differs_and_nothing_else(void **state)
{
    (void)state;
    cleanup_free char *got = text_diff("a\nb\nc\nd\n", "a\nB\nc\nd\ne\n");
    assert_string_equal(got, "@@ -2 +2 @@\n-b\n+B\n@@ -5 +5 @@\n+e\n");
    cleanup_free char *added = text_diff(NULL, "x\n");
    assert_string_equal(added, "@@ -1 +1 @@\n+x\n");
    cleanup_free char *removed = text_diff("x\n", NULL);
    assert_string_equal(removed, "@@ -1 +1 @@\n-x\n");
    cleanup_free char *same = text_diff("x\n", "x\n");
    assert_string_equal(same, "");
}

static void assert_same(char *got, const char *expected)
{
    assert_string_equal(got, expected);
    free(got);
}

static struct strings two_drivers(void)
{
    struct strings drivers = {0};
    strings_add(&drivers, "virtio_blk");
    strings_add(&drivers, "nvme");
    return drivers;
}

#define BLOCK(body) "# added by rehost: drivers of the disk that this server was moved to, and of other common machines\n" body "# end of what rehost added\n"

static void mkinitcpio_gets_modules_in_an_array_or_a_string(void **state)
{
    (void)state;
    cleanup_strings struct strings drivers = two_drivers();
    static const char array[] = "# MODULES=(nvme)\nMODULES=(ext4\n  virtio-blk)\nHOOKS=(base udev)\n";
    assert_same(mkinitcpio_conf_with(array, &drivers), "# MODULES=(nvme)\nMODULES=(ext4\n  virtio-blk)\nHOOKS=(base udev)\n" BLOCK("MODULES+=(nvme)\n"));
    assert_same(mkinitcpio_conf_with("MODULES=\"\"\n", &drivers), "MODULES=\"\"\n" BLOCK("MODULES+=\" virtio_blk nvme\"\n"));
    cleanup_free char *once = mkinitcpio_conf_with(array, &drivers);
    assert_same(mkinitcpio_conf_with(once, &drivers), once);
}

static void modprobe_conf_loses_what_the_kernel_lacks_and_gains_what_it_needs(void **state)
{
    (void)state;
    cleanup_strings struct strings drivers = two_drivers(), missing = {0};
    strings_add(&missing, "xenblk");
    static const char before[] = "alias eth0 xennet\nalias scsi_hostadapter xenblk\nalias scsi_hostadapter1 nvme\n";
    static const char after[] = "alias eth0 xennet\n#alias scsi_hostadapter xenblk # taken out by rehost: this kernel has no such driver\nalias scsi_hostadapter1 nvme\n"
                                BLOCK("alias scsi_hostadapter2 virtio_blk\n");
    assert_same(modprobe_conf_with(before, &drivers, &missing), after);
    assert_same(modprobe_conf_with(after, &drivers, &missing), after);
}

static void booster_and_dracut_get_their_lists(void **state)
{
    (void)state;
    cleanup_strings struct strings drivers = two_drivers();
    assert_same(booster_yaml_with("network:\n  dhcp: on\nmodules: ext4,nvme\n", &drivers), "network:\n  dhcp: on\nmodules: ext4,nvme,virtio_blk\n");
    assert_same(booster_yaml_with("universal: true", &drivers), "universal: true\nmodules: virtio_blk,nvme\n");
    assert_same(dracut_conf_of(&drivers, 0),
                "# Written by rehost: drivers of the disk that this server was moved to, and of other common machines.\nadd_drivers+=\" virtio_blk nvme \"\n");
}

static void the_old_machines_clock_and_console_leave_the_command_line(void **state)
{
    (void)state;
    static const char before[] = "GRUB_CMDLINE_LINUX=\"clocksource=kvm-clock quiet divider=10 notsc nots console=hvc0 lpj=123\"\n";
    assert_grub(before, "GRUB_CMDLINE_LINUX=\"quiet nots console=tty0 \"\n");
    assert_grub("GRUB_CMDLINE_LINUX=\"console=tty0 console=hvc0 console=ttyS0\"\n", "GRUB_CMDLINE_LINUX=\"console=tty0 console=ttyS0\"\n");
    cleanup_free char *kept = grub2_defaults_settled(before, &(struct command_line_rules){.resolve = device_answer, .keep_consoles = true});
    assert_non_null(strstr(kept, "console=hvc0"));
}

static void devices_of_other_initrds_go_to_uuid_too(void **state)
{
    (void)state;
    assert_grub("GRUB_CMDLINE_LINUX=\"root=/dev/ram0 real_root=/dev/sda1 real_resume=/dev/sda5 crypt_root=/dev/sda5\"\n",
                "GRUB_CMDLINE_LINUX=\"root=/dev/ram0 real_root=UUID=one real_resume=UUID=five crypt_root=UUID=five\"\n");
    assert_grub("GRUB_CMDLINE_LINUX=\"cryptdevice=/dev/sda1:root:allow-discards cryptroot=/dev/sda5 cryptdm=root\"\n",
                "GRUB_CMDLINE_LINUX=\"cryptdevice=UUID=one:root:allow-discards cryptroot=UUID=five cryptdm=root\"\n");
    assert_grub("GRUB_CMDLINE_LINUX=\"cryptdevice=/dev/sdc9:root crypt_root=/dev/sdc9 real_resume=/dev/sdc8\"\n",
                "GRUB_CMDLINE_LINUX=\"cryptdevice=/dev/sdc9:root crypt_root=/dev/sdc9 \"\n");
}

static void a_login_of_systemd_does_not_wait_for_its_line(void **state)
{
    (void)state;
    assert_same(getty_unit_where_there_is("[Unit]\nBindsTo=dev-%i.device\nAfter=dev-%i.device\n", "hvc0"), "[Unit]\nConditionPathExists=/dev/hvc0\nAfter=dev-%i.device\n");
    assert_null(getty_unit_where_there_is("[Unit]\nAfter=dev-%i.device\n", "hvc0"));
}

static void a_root_that_is_lost_stays_where_nothing_else_names_one(void **state)
{
    (void)state;
    struct command_line_rules rules = {.resolve = device_answer, .keep_lost_root = true};
    cleanup_text struct text out = {0};
    static const char line[] = "kernel /vmlinuz root=/dev/hdc1 resume=/dev/hdc2 ro";
    command_line_settle(&out, line, strlen(line), &rules);
    assert_string_equal(out.data, "kernel /vmlinuz root=/dev/hdc1 ro");
}

static void every_boot_loader_gets_its_default(void **state)
{
    (void)state;
    assert_same(grub2_defaults_with_default("A=1\nGRUB_DEFAULT=0\n", "Advanced>Linux 2"), "A=1\nGRUB_DEFAULT=\"Advanced>Linux 2\"\n");
    assert_same(grub2_defaults_with_default("A=1\n", "x"), "GRUB_DEFAULT=\"x\"\nA=1\n");
    assert_null(grub2_defaults_with_default("A=1\n", "x$(reboot)"));
    assert_same(grub_legacy_with_default("# default=9\ndefault=0\ntimeout 5\n", "2"), "# default=9\ndefault=2\ntimeout 5\n");
    assert_same(grub_legacy_with_default("timeout 5\n", "2"), "default 2\ntimeout 5\n");
    assert_same(extlinux_with_default("DEFAULT menu.c32\nONTIMEOUT a\nLABEL a\n  MENU DEFAULT\n", "b"), "DEFAULT menu.c32\nONTIMEOUT b\nLABEL a\n  \n");
    assert_same(extlinux_with_default("default l0\n", "l1"), "default l1\n");
    assert_same(extlinux_with_default("label l0\n  menu default\n", NULL), "label l0\n  \n");
    assert_same(systemd_boot_with_default("timeout 3\ndefault a.conf\n", "b*"), "timeout 3\ndefault b*\n");
    assert_same(kernel_img_without_loader("do_symlinks = yes\ndo_bootloader=Yes\ndo_bootloaders\n"), "do_symlinks = yes\ndo_bootloader = no\ndo_bootloaders\n");
    assert_same(kernel_img_without_loader("do_initrd = yes"), "do_initrd = yes\ndo_bootloader = no\n");
    assert_same(grub_legacy_device_map("(fd0)\t/dev/fd0\n(hd0)\t/dev/hda\n(hd1)\t/dev/hdaa\n", "/dev/hda", "/dev/vda"), "(fd0)\t/dev/fd0\n(hd0)\t/dev/vda\n(hd1)\t/dev/hdaa\n");
}

static void grubenv_keeps_its_length(void **state)
{
    (void)state;
    cleanup_free char *once = grub2_environment_with("# GRUB Environment Block\nsaved_entry=a\nboot=1\n####", "saved_entry", "b>c");
    assert_int_equal(strlen(once), 1024);
    assert_true(string_starts(once, "# GRUB Environment Block\nboot=1\nsaved_entry=b>c\n###"));
    assert_same(grub2_environment_with(once, "saved_entry", "b>c"), once);
    char long_value[1200];
    memset(long_value, 'x', sizeof long_value);
    long_value[sizeof long_value - 1] = '\0';
    assert_null(grub2_environment_with(once, "saved_entry", long_value));
    assert_null(grub2_environment_with(once, "saved_entry", "two\nlines=1"));
}

static void scripts_of_init_keep_their_head_and_start_on_their_own_machine(void **state)
{
    (void)state;
    static const char *const words[] = {"VMware", NULL};
    cleanup_free char *got = init_script_only_on("#! /bin/sh\n# chkconfig: 35 1 2\nrun\n", words, 2);
    assert_true(string_starts(got, "#! /bin/sh\n# chkconfig: 35 1 2\n# Added by rehost"));
    assert_true(string_ends(got, "\"\" | *\"VMware\"*) ;;\n*) exit 0 ;;\nesac\nrun\n"));
    cleanup_free char *again = init_script_only_on(got, words, 2);
    assert_string_equal(again, got);
    static const char *const no_shell[] = {"", "run\n", "#!/bin/sh", "#!/usr/bin/perl\nx\n", "#!/bin/csh\nx\n", "#!/usr/bin/env sh\nx\n", "#!/sbin/openrc-run\nx\n"};
    for (size_t i = 0; i < sizeof no_shell / sizeof *no_shell; i++)
        assert_null(init_script_only_on(no_shell[i], words, 2));
}

static void jobs_of_upstart_lose_their_start_when_it_is_one_line(void **state)
{
    (void)state;
    cleanup_free char *got = upstart_job_not_started("start on (a and b)\nexec x\n");
    assert_true(string_starts(got, "# taken out by rehost") && string_ends(got, ": start on (a and b)\nexec x\n"));
    assert_null(upstart_job_not_started("start on (a and\n b)\nexec x\n"));
    assert_null(upstart_job_not_started("start on a \\\n and b\n"));
    assert_null(upstart_job_not_started(got));
}

static void a_second_disk_is_known_by_the_order_of_the_names(void **state)
{
    (void)state;
    struct partition first[] = {{.number = 1, .uuid = (char *)"a1"}}, second[] = {{.number = 1, .uuid = (char *)"b1"}}, third[] = {{.number = 2, .uuid = (char *)"c2"}};
    struct guest others[] = {{.disk = {.table = (char *)"dos", .partitions = second, .partition_count = 1}},
                             {.disk = {.table = (char *)"dos", .partitions = third, .partition_count = 1}}};
    struct fstab_entry fstab[] = {{.spec = (char *)"/dev/sda1", .file = (char *)"/"}, {.spec = (char *)"/dev/sdaa2", .file = (char *)"/srv"},
                                  {.spec = (char *)"/dev/sdb1", .file = (char *)"/home"}, {.spec = (char *)"/dev/disk/by-id/x-part1", .file = (char *)"/mnt"}};
    struct guest guest = {.disk = {.table = (char *)"dos", .partitions = first, .partition_count = 1}, .others = others, .other_count = 2,
                          .fstab = fstab, .fstab_count = 4};
    assert_ptr_equal(device_partition(&guest, "/dev/sda1"), first);
    assert_ptr_equal(device_partition(&guest, "/dev/sdb1"), second);
    assert_ptr_equal(device_partition(&guest, "/dev/sdaa2"), third);
    assert_null(device_partition(&guest, "/dev/sdb2"));
    assert_null(device_partition(&guest, "/dev/sdc1"));
    guest.other_count = 1; /* which of the two came along cannot be told */
    assert_null(device_partition(&guest, "/dev/sdb1"));
}

static void an_array_may_lie_on_other_disks_now(void **state)
{
    (void)state;
    assert_same(mdadm_conf_settled("DEVICE /dev/sda1 /dev/sdb1\nDEVICE partitions\nARRAY /dev/md0 devices=/dev/sda1,/dev/sdb1 UUID=1:2\n"
                                   "ARRAY /dev/md1 UUID=3:4 devices=/dev/sd[ab]2\nARRAY /dev/md2 UUID=5:6 devices=/dev/mapper/x\n"),
                "#DEVICE /dev/sda1 /dev/sdb1 # taken out by rehost: it names the old machine's disks\nDEVICE partitions\nARRAY /dev/md0 UUID=1:2\n"
                "ARRAY /dev/md1 UUID=3:4\nARRAY /dev/md2 UUID=5:6 devices=/dev/mapper/x\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_array_may_lie_on_other_disks_now),
        cmocka_unit_test(the_old_machines_clock_and_console_leave_the_command_line),
        cmocka_unit_test(devices_of_other_initrds_go_to_uuid_too),
        cmocka_unit_test(a_login_of_systemd_does_not_wait_for_its_line),
        cmocka_unit_test(a_root_that_is_lost_stays_where_nothing_else_names_one),
        cmocka_unit_test(every_boot_loader_gets_its_default),
        cmocka_unit_test(grubenv_keeps_its_length),
        cmocka_unit_test(mkinitcpio_gets_modules_in_an_array_or_a_string),
        cmocka_unit_test(modprobe_conf_loses_what_the_kernel_lacks_and_gains_what_it_needs),
        cmocka_unit_test(booster_and_dracut_get_their_lists),
        cmocka_unit_test(keeps_comments_blanks_and_line_ends_of_fstab),
        cmocka_unit_test(keeps_uuid_entries_in_fstab),
        cmocka_unit_test(leaves_half_lines_of_fstab_alone),
        cmocka_unit_test(a_second_disk_is_known_by_the_order_of_the_names),
        cmocka_unit_test(knows_the_disk_of_every_kind_of_device_name),
        cmocka_unit_test(names_by_content_are_no_device_names),
        cmocka_unit_test(grub_arguments_go_to_uuid_and_the_others_stay),
        cmocka_unit_test(grub_arguments_naming_a_lost_device_go),
        cmocka_unit_test(grub_arguments_by_content_stay),
        cmocka_unit_test(grub_may_write_uuids_again),
        cmocka_unit_test(debconf_answer_is_replaced_for_that_question_only),
        cmocka_unit_test(initrd_drivers_stand_in_one_block_once),
        cmocka_unit_test(drivers_that_are_listed_already_add_nothing),
        cmocka_unit_test(shell_settings_are_read_as_a_shell_reads_them),
        cmocka_unit_test(udev_rules_bind_the_name_to_the_new_mac),
        cmocka_unit_test(udev_rules_lose_the_old_cards_place_and_driver),
        cmocka_unit_test(udev_rules_for_other_names_stay),
        cmocka_unit_test(link_files_match_the_new_mac_alone),
        cmocka_unit_test(macs_change_places_in_one_pass),
        cmocka_unit_test(hwaddress_changes_in_that_stanza_only),
        cmocka_unit_test(scripts_of_init_keep_their_head_and_start_on_their_own_machine),
        cmocka_unit_test(jobs_of_upstart_lose_their_start_when_it_is_one_line),
        cmocka_unit_test(a_diff_shows_what_differs_and_nothing_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
