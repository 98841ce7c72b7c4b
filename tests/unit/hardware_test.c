/* The hardware document, and what is read from /sys. The trees are made as Linux shows them: links and one-line files. */
#include "fixture.h"

#include "base/json.h"
#include "base/root.h"
#include "hardware/hardware.h"

#define PCI "/sys/devices/pci0000:00/"

static void probe(const struct fixture *fixture, struct hardware *hardware)
{
    struct error err = {0};
    cleanup_close int root_fd = open(fixture->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (hardware_probe(root_fd, hardware, &err) < 0)
        fail_msg("%s", err.message);
}

static void put_virtio_disk(const struct fixture *fixture)
{
    fixture_put(fixture, PCI "0000:00:04.0/modalias", "pci:v00001AF4d00001001\n");
    fixture_link(fixture, PCI "0000:00:04.0/driver", "../../../bus/pci/drivers/virtio-pci");
    fixture_put(fixture, PCI "0000:00:04.0/virtio1/modalias", "virtio:d00000002v00001AF4\n");
    fixture_link(fixture, PCI "0000:00:04.0/virtio1/driver", "../../../../bus/virtio/drivers/virtio_blk");
    fixture_put(fixture, PCI "0000:00:04.0/virtio1/block/vda/size", "8388608\n");
    fixture_put(fixture, PCI "0000:00:04.0/virtio1/block/vda/serial", "DISK0001\n");
    fixture_put(fixture, PCI "0000:00:04.0/virtio1/block/vda/queue/logical_block_size", "512\n");
    fixture_link(fixture, PCI "0000:00:04.0/virtio1/block/vda/device", "../../../virtio1");
    fixture_link(fixture, "/sys/block/vda", "../devices/pci0000:00/0000:00:04.0/virtio1/block/vda");
}

static void a_disk_tells_its_whole_chain(void **state)
{
    (void)state;
    struct fixture fixture;
    cleanup_hardware struct hardware hardware;
    fixture_empty(&fixture);
    put_virtio_disk(&fixture);
    probe(&fixture, &hardware);
    assert_int_equal(hardware.disk_count, 1);
    const struct hardware_disk *disk = &hardware.disks[0];
    cleanup_free char *chain = strings_join(&disk->modaliases, " ");
    assert_string_equal(chain, "virtio:d00000002v00001AF4 pci:v00001AF4d00001001");
    assert_string_equal(disk->driver, "virtio_blk");
    assert_string_equal(disk->serial, "DISK0001");
    assert_int_equal(disk->size_bytes, 4294967296);
    assert_int_equal(hardware.firmware, FIRMWARE_BIOS);
    fixture_end(&fixture);
}

static void the_driver_of_a_scsi_disk_is_its_controller_s(void **state)
{
    (void)state;
    struct fixture fixture;
    cleanup_hardware struct hardware hardware;
    fixture_empty(&fixture);
    fixture_put(&fixture, PCI "0000:00:05.0/modalias", "pci:v00001000d00000012\n");
    fixture_link(&fixture, PCI "0000:00:05.0/driver", "../../../bus/pci/drivers/sym53c8xx");
    fixture_put(&fixture, PCI "0000:00:05.0/host2/target2:0:0/2:0:0:0/modalias", "scsi:t-0x00\n");
    fixture_link(&fixture, PCI "0000:00:05.0/host2/target2:0:0/2:0:0:0/driver", "../../../../../../bus/scsi/drivers/sd");
    fixture_put(&fixture, PCI "0000:00:05.0/host2/target2:0:0/2:0:0:0/model", "QEMU HARDDISK   \n");
    fixture_put_bytes(&fixture, PCI "0000:00:05.0/host2/target2:0:0/2:0:0:0/vpd_pg80", "\0\200\0\004S123", 8, 0644);
    fixture_put(&fixture, PCI "0000:00:05.0/host2/target2:0:0/2:0:0:0/block/sda/size", "2048\n");
    fixture_link(&fixture, PCI "0000:00:05.0/host2/target2:0:0/2:0:0:0/block/sda/device", "../../../2:0:0:0");
    fixture_link(&fixture, "/sys/block/sda", "../devices/pci0000:00/0000:00:05.0/host2/target2:0:0/2:0:0:0/block/sda");
    probe(&fixture, &hardware);
    assert_int_equal(hardware.disk_count, 1);
    cleanup_free char *chain = strings_join(&hardware.disks[0].modaliases, " ");
    assert_string_equal(chain, "scsi:t-0x00 pci:v00001000d00000012");
    assert_string_equal(hardware.disks[0].driver, "sym53c8xx");
    assert_string_equal(hardware.disks[0].model, "QEMU HARDDISK");
    assert_string_equal(hardware.disks[0].serial, "S123");
    fixture_end(&fixture);
}

static void the_disk_of_an_nvme_subsystem_has_its_controller_s_chain(void **state)
{
    (void)state;
    struct fixture fixture;
    cleanup_hardware struct hardware hardware;
    fixture_empty(&fixture);
    fixture_put(&fixture, PCI "0000:01:00.0/modalias", "pci:v00001B36d00000010bc01sc08i02\n");
    fixture_link(&fixture, PCI "0000:01:00.0/driver", "../../../bus/pci/drivers/nvme");
    fixture_put(&fixture, PCI "0000:01:00.0/nvme/nvme0/serial", "x\n");
    fixture_put(&fixture, "/sys/devices/virtual/nvme-subsystem/nvme-subsys0/nvme0n1/size", "2048\n");
    fixture_link(&fixture, "/sys/devices/virtual/nvme-subsystem/nvme-subsys0/nvme0", "../../../pci0000:00/0000:01:00.0/nvme/nvme0");
    fixture_link(&fixture, "/sys/block/nvme0n1", "../devices/virtual/nvme-subsystem/nvme-subsys0/nvme0n1");
    fixture_put(&fixture, PCI "0000:01:00.0/nvme/nvme0/nvme0c0n1/hidden", "1\n");
    fixture_link(&fixture, "/sys/block/nvme0c0n1", "../devices/pci0000:00/0000:01:00.0/nvme/nvme0/nvme0c0n1");
    probe(&fixture, &hardware);
    assert_int_equal(hardware.disk_count, 1);
    assert_string_equal(hardware.disks[0].name, "nvme0n1");
    assert_string_equal(hardware.disks[0].driver, "nvme");
    assert_int_equal(hardware.disks[0].modaliases.count, 1);
    fixture_end(&fixture);
}

static void devices_made_of_others_are_no_disks(void **state)
{
    (void)state;
    static const char *const names[] = {"loop0", "ram1", "zram0", "dm-0", "md127", "nbd3"};
    struct fixture fixture;
    cleanup_hardware struct hardware hardware;
    fixture_empty(&fixture);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        cleanup_free char *size = checked_printf("/sys/block/%s/size", names[i]);
        fixture_put(&fixture, size, "2048\n");
    }
    fixture_put(&fixture, "/sys/block/sr0/device/type", "5\n");
    fixture_put(&fixture, "/sys/block/fd0/size", "2880\n");
    probe(&fixture, &hardware);
    assert_int_equal(hardware.disk_count, 2);
    assert_true(hardware.disks[0].medium && hardware.disks[1].medium);
    fixture_end(&fixture);
}

/* The name is one that this machine may have, too: its MAC must come from the tree. */
static void a_network_card_is_what_has_a_device(void **state)
{
    (void)state;
    struct fixture fixture;
    cleanup_hardware struct hardware hardware;
    fixture_empty(&fixture);
    fixture_put(&fixture, "/sys/block/none", "");
    fixture_put(&fixture, PCI "0000:00:03.0/modalias", "pci:v00008086d0000100E\n");
    fixture_link(&fixture, PCI "0000:00:03.0/driver", "../../../bus/pci/drivers/e1000");
    fixture_put(&fixture, PCI "0000:00:03.0/net/eth0/address", "52:54:00:AA:00:01\n");
    fixture_put(&fixture, PCI "0000:00:03.0/net/eth0/carrier", "1\n");
    fixture_put(&fixture, PCI "0000:00:03.0/net/eth0/type", "1\n");
    fixture_link(&fixture, PCI "0000:00:03.0/net/eth0/device", "../../../0000:00:03.0");
    fixture_link(&fixture, "/sys/class/net/eth0", "../../devices/pci0000:00/0000:00:03.0/net/eth0");
    fixture_put(&fixture, "/sys/devices/virtual/net/br0/address", "52:54:00:aa:00:09\n");
    fixture_link(&fixture, "/sys/class/net/br0", "../../devices/virtual/net/br0");
    probe(&fixture, &hardware);
    assert_int_equal(hardware.nic_count, 1);
    assert_string_equal(hardware.nics[0].mac, "52:54:00:aa:00:01");
    assert_string_equal(hardware.nics[0].driver, "e1000");
    assert_int_equal(hardware.nics[0].link, 1);
    assert_int_equal(hardware.nics[0].modaliases.count, 1);
    fixture_end(&fixture);
}

static void firmware_and_secure_boot_are_seen(void **state)
{
    (void)state;
    struct fixture fixture;
    cleanup_hardware struct hardware hardware;
    fixture_empty(&fixture);
    put_virtio_disk(&fixture);
    fixture_put_bytes(&fixture, "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c", "\006\0\0\0\001", 5, 0644);
    fixture_put(&fixture, "/proc/meminfo", "MemTotal:         499712 kB\nMemFree: 1 kB\n");
    fixture_put(&fixture, "/sys/class/dmi/id/product_name", "Standard PC\n");
    probe(&fixture, &hardware);
    assert_int_equal(hardware.firmware, FIRMWARE_UEFI);
    assert_true(hardware.secure_boot);
    assert_int_equal(hardware.memory_bytes, 499712 * 1024);
    assert_string_equal(hardware.product, "Standard PC");
    fixture_end(&fixture);
}

static void a_machine_without_sysfs_is_an_error(void **state)
{
    (void)state;
    struct fixture fixture;
    struct hardware hardware;
    struct error err = {0};
    fixture_empty(&fixture);
    cleanup_close int root_fd = open(fixture.root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_int_equal(hardware_probe(root_fd, &hardware, &err), -1);
    assert_non_null(strstr(err.message, "/sys is not mounted"));
    fixture_end(&fixture);
}

static void assert_written_as_read(const char *file)
{
    struct error err = {0};
    cleanup_free char *text = root_read(AT_FDCWD, file, 1 << 20, NULL);
    assert_non_null(text);
    cleanup_hardware struct hardware hardware;
    if (hardware_load(file, &hardware, &err) < 0)
        fail_msg("%s", err.message);
    cleanup_json cJSON *before = cJSON_Parse(text), *after = hardware_to_json(&hardware);
    if (!json_string(before, "origin"))
        fail_msg("%s does not say where it is from", file);
    cJSON_DeleteItemFromObject(before, "origin"); /* for the reader: no program looks at it */
    if (!cJSON_Compare(before, after, true))
        fail_msg("%s is not written as it was read", file);
}

static void a_document_that_is_read_is_written_the_same(void **state)
{
    (void)state;
    cleanup_strings struct strings names = {0};
    cleanup_close int root_fd = open("tests/hardware", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    size_t count = 0;
    assert_int_equal(root_list(root_fd, "/", &names), 0);
    for (size_t i = 0; i < names.count; i++) {
        cleanup_free char *file = checked_printf("tests/hardware/%s", names.items[i]);
        if (!string_ends(file, ".json"))
            continue;
        assert_written_as_read(file);
        count++;
    }
    assert_true(count > 20);
}

static void a_wrong_document_is_refused_by_name(void **state)
{
    (void)state;
    static const struct { const char *text, *says; } wrong[] = {
        {"", "no JSON"},
        {"{\"version\": 1, \"firmware\": \"BIOS\"", "no JSON"},
        {"[]", "version 1"},
        {"{\"version\": 2, \"firmware\": \"BIOS\"}", "version 1"},
        {"{\"version\": 1, \"firmware\": \"OpenFirmware\"}", "firmware"},
        {"{\"version\": 1, \"firmware\": \"BIOS\", \"disks\": [{}]}", "disk 1"},
        {"{\"version\": 1, \"firmware\": \"BIOS\", \"disks\": [7, \"x\", null]}", "disk 1"},
        {"{\"version\": 1, \"firmware\": \"BIOS\", \"nics\": [{\"name\": \"eth0\"}]}", "network card 1"},
    };
    struct fixture fixture;
    fixture_empty(&fixture);
    cleanup_free char *path = fixture_path(&fixture, "machine.json");
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct hardware hardware;
        struct error err = {0};
        fixture_put(&fixture, "machine.json", wrong[i].text);
        assert_int_equal(hardware_load(path, &hardware, &err), -1);
        assert_non_null(strstr(err.message, "machine.json"));
        if (!strstr(err.message, wrong[i].says))
            fail_msg("\"%s\" does not say \"%s\"", err.message, wrong[i].says);
    }
    fixture_end(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_disk_tells_its_whole_chain),
        cmocka_unit_test(the_driver_of_a_scsi_disk_is_its_controller_s),
        cmocka_unit_test(the_disk_of_an_nvme_subsystem_has_its_controller_s_chain),
        cmocka_unit_test(devices_made_of_others_are_no_disks),
        cmocka_unit_test(a_network_card_is_what_has_a_device),
        cmocka_unit_test(firmware_and_secure_boot_are_seen),
        cmocka_unit_test(a_machine_without_sysfs_is_an_error),
        cmocka_unit_test(a_document_that_is_read_is_written_the_same),
        cmocka_unit_test(a_wrong_document_is_refused_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
