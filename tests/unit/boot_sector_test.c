/* Changing the first sector of a disk or of a partition, also while its boot code is held back, and putting it back. */
#include "scratch.h"

#include "apply/apply.h"
#include "apply/undo.h"
#include "guest/boot/boot_code.h"
#include "pull/pull.h"
#include "pull/target/journal.h"

/* A disk with LILO in its first sector, whose second partition is the active one, and the third's first sector. */
static void put_disk(struct scratch *scratch, unsigned char disk[BOOT_SECTOR_BYTES], struct partition *partition)
{
    memset(disk, 'c', BOOT_CODE_BYTES);
    memcpy(disk + 6, "LILO", 4);
    memset(disk + 446, 0, 64);
    disk[446 + 4] = disk[462 + 4] = disk[478 + 4] = 0x83;
    disk[462] = 0x80;
    disk[510] = 0x55, disk[511] = 0xaa;
    scratch->guest.disk = (struct guest_disk){.device = checked_printf("%s/disk", scratch->path), .table = "dos", .partitions = partition, .partition_count = 1};
    *partition = (struct partition){.number = 3, .device = checked_printf("%s/third", scratch->path)};
}

static void put_sector(const char *path, const unsigned char *sector)
{
    cleanup_close int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_int_equal(write(fd, sector, BOOT_SECTOR_BYTES), BOOT_SECTOR_BYTES);
}

static void get_sector(const char *path, unsigned char *sector)
{
    cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_int_equal(read(fd, sector, BOOT_SECTOR_BYTES), BOOT_SECTOR_BYTES);
}

static void assert_active(const unsigned char *sector, unsigned partition)
{
    for (unsigned i = 0; i < 4; i++)
        assert_int_equal(sector[446 + i * 16], i + 1 == partition ? 0x80 : 0);
}

static void needs_code_of_table(void)
{
    unsigned char code[BOOT_CODE_BYTES];
    if (boot_code_of_table(code, NULL) < 0)
        skip(); /* syslinux-common is not installed */
}

static void a_partition_is_made_the_active_one_and_taken_back(void **state)
{
    struct scratch *scratch = *state;
    struct plan plan = {0};
    struct partition partition;
    unsigned char disk[BOOT_SECTOR_BYTES], now[BOOT_SECTOR_BYTES];
    needs_code_of_table();
    put_disk(scratch, disk, &partition);
    put_sector(scratch->guest.disk.device, disk);
    plan_add(&plan, OPERATION_ACTIVATE, NULL, NULL)->partition = 3;
    assert_int_equal(apply_plan(&scratch->guest, &plan, NULL, NULL, NULL), 0);
    get_sector(scratch->guest.disk.device, now);
    assert_int_equal(boot_code_of(now), BOOT_CODE_OTHER);
    assert_active(now, 3);
    assert_memory_equal(now + BOOT_CODE_BYTES, disk + BOOT_CODE_BYTES, 6);
    assert_int_equal(apply_undo(&scratch->guest, NULL), 0);
    get_sector(scratch->guest.disk.device, now);
    assert_memory_equal(now, disk, BOOT_SECTOR_BYTES);
    free(scratch->guest.disk.device);
    free(partition.device);
    plan_free(&plan);
}

/* In a move the disk's first sector holds a marker until the proof: the code that waits is changed. */
static void boot_code_that_is_held_back_is_changed_where_it_waits(void **state)
{
    struct scratch *scratch = *state;
    struct plan plan = {0}, failing = {0};
    struct partition partition;
    unsigned char disk[BOOT_SECTOR_BYTES], held[BOOT_SECTOR_BYTES], now[BOOT_SECTOR_BYTES], waiting[BOOT_CODE_BYTES];
    const struct journal journal = {.source_bytes = 1 << 30};
    needs_code_of_table();
    put_disk(scratch, disk, &partition);
    memcpy(waiting, disk, sizeof waiting);
    memcpy(held, disk, sizeof held);
    held_encode(held, &journal);
    put_sector(scratch->guest.disk.device, held);
    plan_add(&failing, OPERATION_ACTIVATE, NULL, NULL)->partition = 3;
    strings_add(&plan_add(&failing, OPERATION_RUN, NULL, NULL)->argv, "update-initramfs"); /* the scratch guest has no programs */
    assert_int_equal(apply_plan(&scratch->guest, &failing, waiting, NULL, NULL), -1);
    assert_memory_equal(waiting, disk, sizeof waiting);
    get_sector(scratch->guest.disk.device, now);
    assert_memory_equal(now, held, sizeof now);
    plan_add(&plan, OPERATION_ACTIVATE, NULL, NULL)->partition = 3;
    assert_int_equal(apply_plan(&scratch->guest, &plan, waiting, NULL, NULL), 0);
    assert_int_equal(boot_code_of_held(waiting), BOOT_CODE_OTHER);
    get_sector(scratch->guest.disk.device, now);
    assert_int_equal(boot_code_of(now), BOOT_CODE_HELD);
    assert_active(now, 3);
    held_release(now, waiting); /* the move is at its end, and taken back later */
    put_sector(scratch->guest.disk.device, now);
    assert_int_equal(apply_undo(&scratch->guest, NULL), 0);
    get_sector(scratch->guest.disk.device, now);
    assert_memory_equal(now, disk, sizeof now);
    free(scratch->guest.disk.device);
    free(partition.device);
    plan_free(&plan);
    plan_free(&failing);
}

static void a_forged_boot_sector_goes_where_extlinux_is_and_nowhere_else(void **state)
{
    struct scratch *scratch = *state;
    struct partition partition;
    unsigned char disk[BOOT_SECTOR_BYTES], data[BOOT_SECTOR_BYTES] = "XFSB", now[BOOT_SECTOR_BYTES];
    static const char *const lists[] = {"[3]", "[4]", "[-2]", "[\"../../etc/fstab\"]", "[1e99]", "{}"};
    put_disk(scratch, disk, &partition);
    put_sector(scratch->guest.disk.device, disk);
    put_sector(partition.device, data);
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        cleanup_free char *text = checked_printf("{\"version\": 1, \"complete\": true, \"entries\": [], \"boot_sectors\": %s}", lists[i]);
        assert_int_equal(scratch_replace(scratch, UNDO_DIRECTORY "/1/manifest.json", text, NULL), 0);
        assert_int_equal(replace_file(scratch->root_fd, UNDO_DIRECTORY "/1/partition-3", (const char *)disk, sizeof disk, 0600, NULL), 0);
        apply_undo(&scratch->guest, NULL);
        get_sector(partition.device, now);
        assert_memory_equal(now, data, sizeof now);
        get_sector(scratch->guest.disk.device, now);
        assert_memory_equal(now, disk, sizeof now);
    }
    memcpy(data + 3, "EXTLINUX", 8);
    data[510] = 0x55, data[511] = 0xaa;
    put_sector(partition.device, data);
    assert_int_equal(scratch_replace(scratch, UNDO_DIRECTORY "/1/manifest.json", "{\"version\": 1, \"complete\": true, \"entries\": [], \"boot_sectors\": [3]}", NULL), 0);
    assert_int_equal(replace_file(scratch->root_fd, UNDO_DIRECTORY "/1/partition-3", (const char *)disk, sizeof disk, 0600, NULL), 0);
    assert_int_equal(apply_undo(&scratch->guest, NULL), 0);
    get_sector(partition.device, now);
    assert_memory_equal(now, disk, sizeof now);
    free(scratch->guest.disk.device);
    free(partition.device);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_scratch(a_partition_is_made_the_active_one_and_taken_back),
        with_scratch(boot_code_that_is_held_back_is_changed_where_it_waits),
        with_scratch(a_forged_boot_sector_goes_where_extlinux_is_and_nowhere_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
