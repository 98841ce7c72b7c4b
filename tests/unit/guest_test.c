/* One record of what is in a guest's root; and guests that want to lead us out of it, or to keep us for ever. */
#include "fixture.h"

#include <sys/resource.h>
#include <time.h>

#include "guest/inspect.h"
#include "guest/kernel/modules.h"

static void open_guest(const struct fixture *fixture, struct guest *guest)
{
    struct error err = {0};
    if (guest_open(fixture->root, GUEST_READ, guest, &err) < 0)
        fail_msg("%s", err.message);
}

static void end(struct fixture *fixture, struct guest *guest)
{
    assert_int_equal(guest_close(guest, NULL), 0);
    fixture_end(fixture);
}

static void assert_called(const char *path, const char *text, const char *name)
{
    struct fixture fixture;
    struct guest guest;
    fixture_canonical(&fixture);
    fixture_remove(&fixture, "etc/hostname");
    fixture_put(&fixture, path, text);
    open_guest(&fixture, &guest);
    assert_string_equal(guest.system.hostname, name);
    end(&fixture, &guest);
}

static void older_systems_keep_their_name_elsewhere(void **state)
{
    (void)state;
    assert_called("etc/HOSTNAME", "suse.example.net\n", "suse.example.net");
    assert_called("etc/sysconfig/network", "NETWORKING=yes\nHOSTNAME=\"rhel.example.net\"\n", "rhel.example.net");
    assert_called("etc/conf.d/hostname", "# Set the hostname\nhostname=\"gentoo\"\n", "gentoo");
}

static void a_debian_server_is_understood(void **state)
{
    (void)state;
    struct fixture fixture;
    struct guest guest;
    fixture_canonical(&fixture);
    open_guest(&fixture, &guest);
    assert_int_equal(guest.systems.count, 1);
    assert_string_equal(guest.system.family, "debian");
    assert_string_equal(guest.system.version_id, "12");
    assert_string_equal(guest.system.hostname, "canonical");
    assert_string_equal(guest.system.init, "/usr/lib/systemd/systemd");
    assert_string_equal(guest.system.machine, "x86_64");
    assert_true(guest.system.systemd && guest.system.ifupdown && !guest.system.networkd);
    assert_int_equal(guest.initrd_builder, INITRD_BUILDER_INITRAMFS_TOOLS);
    assert_int_equal(guest.fstab_count, 1);
    assert_string_equal(guest.fstab[0].spec, "/dev/sda1");
    assert_int_equal(guest.fstab[0].line, 2);
    end(&fixture, &guest);
}

static void its_kernel_initrd_and_default_entry_are_known(void **state)
{
    (void)state;
    struct fixture fixture;
    struct guest guest;
    fixture_canonical(&fixture);
    open_guest(&fixture, &guest);
    assert_int_equal(guest.kernel_count, 1);
    assert_string_equal(guest.kernels[0].version, FIXTURE_KERNEL);
    assert_true(guest.kernels[0].initrd.was_read);
    assert_null(guest.kernels[0].initrd.problem);
    assert_true(strings_contain(&guest.kernels[0].initrd.modules, "sym53c8xx"));
    assert_true(modules_has(guest.kernels[0].modules, "virtio_blk"));
    assert_int_equal(guest.boot.kind, BOOT_LOADER_GRUB2);
    assert_string_equal(guest.boot.default_kernel, guest.kernels[0].image);
    assert_string_equal(guest.boot.default_root, "/dev/sda1");
    end(&fixture, &guest);
}

static void its_network_card_is_known_by_name_and_old_mac(void **state)
{
    (void)state;
    struct fixture fixture;
    struct guest guest;
    fixture_canonical(&fixture);
    open_guest(&fixture, &guest);
    assert_int_equal(guest.nic_count, 1);
    assert_string_equal(guest.nics[0].name, "lan0");
    assert_string_equal(guest.nics[0].mac, "52:54:00:aa:00:01");
    assert_string_equal(guest.nics[0].addresses.items[0], "10.0.2.77/24");
    assert_int_equal(guest.nics[0].sources.count, 2);
    end(&fixture, &guest);
}

static void kernels_are_listed_newest_first(void **state)
{
    (void)state;
    struct fixture fixture;
    struct guest guest;
    fixture_canonical(&fixture);
    fixture_put(&fixture, "boot/vmlinuz-6.1.0-9-amd64", "");
    fixture_put(&fixture, "lib/modules/6.12.1/modules.dep", "");
    fixture_put(&fixture, "lib/modules/5.10.0-removed/modules.order", "");
    open_guest(&fixture, &guest);
    assert_int_equal(guest.kernel_count, 3);
    assert_string_equal(guest.kernels[0].version, "6.12.1");
    assert_string_equal(guest.kernels[1].version, FIXTURE_KERNEL);
    assert_string_equal(guest.kernels[2].version, "6.1.0-9-amd64");
    end(&fixture, &guest);
}

static void paths_of_a_separate_boot_file_system_are_found(void **state)
{
    (void)state;
    struct fixture fixture;
    struct guest guest;
    fixture_canonical(&fixture);
    fixture_put(&fixture, "boot/grub/grub.cfg", "menuentry x {\n linux /vmlinuz-" FIXTURE_KERNEL " root=UUID=1\n initrd /initrd.img-" FIXTURE_KERNEL "\n}\n");
    open_guest(&fixture, &guest);
    assert_string_equal(guest.boot.default_kernel, "/boot/vmlinuz-" FIXTURE_KERNEL);
    assert_string_equal(guest.boot.default_initrd, "/boot/initrd.img-" FIXTURE_KERNEL);
    end(&fixture, &guest);
}

static void sourced_interface_files_are_read(void **state)
{
    (void)state;
    struct fixture fixture;
    struct guest guest;
    fixture_canonical(&fixture);
    fixture_put(&fixture, "etc/network/interfaces", "source interfaces.d/*\nsource /etc/network/interfaces\niface lo inet loopback\n");
    fixture_put(&fixture, "etc/network/interfaces.d/eth5", "iface eth5 inet dhcp\n");
    open_guest(&fixture, &guest);
    assert_int_equal(guest.nic_count, 1); /* lan0's rule has no settings any more */
    assert_string_equal(guest.nics[0].name, "eth5");
    end(&fixture, &guest);
}

/* The text of what is ours must not come into the record. */
static void a_link_cannot_lead_out_of_the_guest(void **state)
{
    (void)state;
    struct fixture fixture;
    struct guest guest;
    fixture_canonical(&fixture);
    fixture_remove(&fixture, "boot");
    fixture_link(&fixture, "boot", "../../../../../../../../boot");
    fixture_link(&fixture, "etc/hostname", "/etc/passwd");
    fixture_link(&fixture, "etc/os-release", "../../../../../../etc/os-release");
    fixture_link(&fixture, "sbin/init", "/proc/self/exe");
    fixture_remove(&fixture, "usr/lib/systemd/systemd");
    open_guest(&fixture, &guest);
    assert_null(guest.system.hostname);
    assert_null(guest.system.id);
    assert_null(guest.system.init);
    assert_int_equal(guest.boot.kind, BOOT_LOADER_NONE);
    end(&fixture, &guest);
}

static void an_fstab_that_is_our_own_memory_is_not_read(void **state)
{
    (void)state;
    static const char *const targets[] = {"/proc/self/mem", "/proc/self/fd/0", "/dev/zero", "../../../../proc/self/mem", "/etc/fstab"};
    for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
        struct fixture fixture;
        struct guest guest;
        fixture_canonical(&fixture);
        fixture_link(&fixture, "etc/fstab", targets[i]);
        open_guest(&fixture, &guest);
        assert_int_equal(guest.fstab_count, 0);
        end(&fixture, &guest);
    }
}

static void pipes_and_directories_in_place_of_files_do_not_hold_us(void **state)
{
    (void)state;
    static const char *const files[] = {"etc/fstab", "etc/hostname", "boot/grub/grub.cfg", "boot/initrd.img-" FIXTURE_KERNEL, "etc/network/interfaces",
                                        "lib/modules/" FIXTURE_KERNEL "/modules.alias"};
    for (int directory = 0; directory < 2; directory++) {
        struct fixture fixture;
        struct guest guest;
        fixture_canonical(&fixture);
        for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
            cleanup_free char *path = fixture_path(&fixture, files[i]);
            fixture_remove(&fixture, files[i]);
            assert_int_equal(directory ? mkdir(path, 0755) : mkfifo(path, 0644), 0);
        }
        open_guest(&fixture, &guest);
        assert_int_equal(guest.fstab_count, 0);
        assert_true(guest.notes.count > 0);
        end(&fixture, &guest);
    }
}

static void put_sparse(const struct fixture *fixture, const char *name, off_t size)
{
    cleanup_free char *path = fixture_path(fixture, name);
    assert_int_equal(truncate(path, size), 0);
}

/* A million lines, and 100 MB: neither takes long, nor is it believed. */
static void files_of_no_sane_size_are_not_read(void **state)
{
    (void)state;
    struct fixture fixture;
    struct guest guest;
    cleanup_text struct text lines = {0};
    struct timespec before, after;
    fixture_canonical(&fixture);
    for (unsigned i = 0; i < 1000000; i++)
        text_append(&lines, "a b c d\n");
    fixture_put(&fixture, "etc/fstab", lines.data);
    put_sparse(&fixture, "boot/grub/grub.cfg", 100 << 20);
    put_sparse(&fixture, "etc/os-release", 100 << 20);
    put_sparse(&fixture, "lib/modules/" FIXTURE_KERNEL "/modules.dep", 1 << 30);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before);
    open_guest(&fixture, &guest);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after);
    assert_int_equal(guest.fstab_count, 0);
    assert_true(guest.notes.count >= 2);
    assert_true(after.tv_sec - before.tv_sec < 20);
    end(&fixture, &guest);
}

static void an_fstab_is_read_up_to_a_bound(void **state)
{
    (void)state;
    struct fstab_entry *entries;
    size_t count;
    cleanup_text struct text lines = {0};
    for (unsigned i = 0; i < 100000; i++)
        text_append(&lines, "a b c d\n");
    fstab_parse(lines.data, &entries, &count);
    assert_int_equal(count, FSTAB_ENTRIES_MAX);
    fstab_free(entries, count);
}

static void fstab_fields_are_cut_and_unescaped(void **state)
{
    (void)state;
    struct fstab_entry *entries;
    size_t count;
    fstab_parse("# comment\n\n  UUID=1\t/my\\040disk   ext4  defaults,nofail  0 2\nonly-one\n/dev/sda2 none swap sw\r\n", &entries, &count);
    assert_int_equal(count, 2);
    assert_string_equal(entries[0].file, "/my disk");
    assert_true(fstab_has_option(&entries[0], "nofail"));
    assert_false(fstab_has_option(&entries[0], "fail"));
    assert_int_equal(entries[0].line, 3);
    assert_string_equal(entries[1].options, "sw");
    fstab_free(entries, count);
}

static void every_name_of_a_partition_means_the_same_one(void **state)
{
    (void)state;
    static const char *const names[] = {"/dev/sda2", "/dev/hda2", "/dev/vda2", "/dev/xvda2", "/dev/nvme0n1p2", "/dev/mmcblk0p2", "/dev/cciss/c0d0p2", "UUID=ABC-def",
                                        "UUID=\"abc-DEF\"", "LABEL=data", "PARTUUID=1234-02", "/dev/disk/by-uuid/abc-def", "/dev/disk/by-label/data",
                                        "/dev/disk/by-id/ata-VBOX_HARDDISK_VB1-part2", "/dev/disk/by-path/pci-0000:00:1f.2-ata-1-part2"};
    static const char *const others[] = {"/dev/sdb2", "/dev/sda22", "/dev/sda", "/dev/sda2x", "/dev/nvme1n1p2", "UUID=abc", "LABEL=DATA", "UUID=", "/dev/mapper/sda2", "proc", "host:/x",
                                         "/dev/sda9999999999999999999", "tmpfs", "", "="};
    struct partition partitions[] = {{.number = 1, .uuid = "111"}, {.number = 2, .uuid = "abc-def", .label = "data", .partuuid = "1234-02"}};
    const struct guest_disk disk = {.device = "/dev/x", .table = "dos", .partitions = partitions, .partition_count = 2};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (guest_partition_of(&disk, names[i]) != &partitions[1])
            fail_msg("%s is not partition 2", names[i]);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (guest_partition_of(&disk, others[i]))
            fail_msg("%s is a partition", others[i]);
}

static void volumes_are_found_by_their_names_and_what_is_in_them(void **state)
{
    (void)state;
    char *root_names[] = {"/dev/mapper/old--vg-root", "/dev/old-vg/root", "/dev/disk/by-id/dm-uuid-LVM-abc"}, *array_names[] = {"/dev/md/0", "/dev/md0"};
    struct partition partitions[] = {{.number = 1, .uuid = "111"}};
    struct partition volumes[] = {{.kind = LAYER_RAID, .names = {array_names, 2, 2}, .uuid = "222"}, {.kind = LAYER_LVM, .names = {root_names, 3, 3}, .uuid = "333"}};
    struct guest_disk disk = {.device = "/dev/x", .partitions = partitions, .partition_count = 1, .volumes = volumes, .volume_count = 2};
    assert_ptr_equal(guest_partition_of(&disk, "/dev/mapper/old--vg-root"), &volumes[1]);
    assert_ptr_equal(guest_partition_of(&disk, "/dev/old-vg/root"), &volumes[1]);
    assert_ptr_equal(guest_partition_of(&disk, "/dev/disk/by-id/dm-uuid-LVM-abc"), &volumes[1]);
    assert_ptr_equal(guest_partition_of(&disk, "UUID=333"), &volumes[1]);
    assert_null(guest_partition_of(&disk, "/dev/mapper/old--vg-home"));
    assert_ptr_equal(guest_partition_of(&disk, "/dev/md0"), &volumes[0]);
    assert_ptr_equal(guest_partition_of(&disk, "/dev/md127"), &volumes[0]); /* as a rescue system called the only array */
    volumes[1].kind = LAYER_RAID;
    assert_null(guest_partition_of(&disk, "/dev/md127"));
    assert_ptr_equal(guest_disk_part(&disk, 2), &volumes[1]);
    assert_null(guest_disk_part(&disk, 3));
}

static void each_device_of_a_btrfs_means_the_whole(void **state)
{
    (void)state;
    struct partition volumes[] = {{.kind = LAYER_BTRFS, .uuid = "222"}};
    struct partition partitions[] = {{.number = 1, .uuid = "111"}, {.number = 2, .uuid = "222", .whole = volumes}};
    struct guest_disk disk = {.device = "/dev/x", .partitions = partitions, .partition_count = 2, .volumes = volumes, .volume_count = 1};
    assert_ptr_equal(guest_partition_of(&disk, "UUID=222"), volumes);
    assert_ptr_equal(guest_partition_of(&disk, "/dev/sda2"), volumes);
    assert_ptr_equal(guest_partition_of(&disk, "/dev/sda1"), partitions);
}

static void what_is_not_there_is_named(void **state)
{
    (void)state;
    struct guest guest;
    struct error err = {0};
    assert_int_equal(guest_open("/nowhere/at/all", GUEST_READ, &guest, &err), -1);
    assert_non_null(strstr(err.message, "/nowhere/at/all"));
    assert_int_equal(guest_open("/dev/null", GUEST_READ, &guest, &err), -1);
    assert_non_null(strstr(err.message, "/dev/null is neither"));
}

static void a_report_moves_no_cursor(void **state)
{
    (void)state;
    struct fixture fixture;
    struct guest guest;
    fixture_canonical(&fixture);
    fixture_put(&fixture, "etc/os-release", "ID=debian\nPRETTY_NAME=\"\033[2Jowned\"\n");
    open_guest(&fixture, &guest);
    cleanup_free char *text = guest_to_text(&guest);
    assert_null(strchr(text, '\033'));
    assert_non_null(strstr(text, "[2Jowned"));
    end(&fixture, &guest);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_debian_server_is_understood),
        cmocka_unit_test(older_systems_keep_their_name_elsewhere),
        cmocka_unit_test(its_kernel_initrd_and_default_entry_are_known),
        cmocka_unit_test(its_network_card_is_known_by_name_and_old_mac),
        cmocka_unit_test(kernels_are_listed_newest_first),
        cmocka_unit_test(paths_of_a_separate_boot_file_system_are_found),
        cmocka_unit_test(sourced_interface_files_are_read),
        cmocka_unit_test(a_link_cannot_lead_out_of_the_guest),
        cmocka_unit_test(an_fstab_that_is_our_own_memory_is_not_read),
        cmocka_unit_test(pipes_and_directories_in_place_of_files_do_not_hold_us),
        cmocka_unit_test(files_of_no_sane_size_are_not_read),
        cmocka_unit_test(an_fstab_is_read_up_to_a_bound),
        cmocka_unit_test(fstab_fields_are_cut_and_unescaped),
        cmocka_unit_test(every_name_of_a_partition_means_the_same_one),
        cmocka_unit_test(volumes_are_found_by_their_names_and_what_is_in_them),
        cmocka_unit_test(each_device_of_a_btrfs_means_the_whole),
        cmocka_unit_test(what_is_not_there_is_named),
        cmocka_unit_test(a_report_moves_no_cursor),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
