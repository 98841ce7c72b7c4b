/* Changing a guest: whole files or none, nothing outside of its root, and all of it can be taken back. */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <time.h>

#include <cmocka.h>

#include "apply/apply.h"
#include "apply/replace.h"
#include "apply/undo.h"
#include "base/cleanup.h"
#include "base/root.h"
#include "pull/pull.h"
#include "pull/target/journal.h"

/* scratch/root is the guest; scratch/outside must never change. */
struct scratch {
    char path[64];
    int outer_fd, root_fd;
    struct guest guest;
};

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st, (void)type, (void)ftw;
    return remove(path);
}

static void put(int fd, const char *path, const char *text)
{
    cleanup_close int file = openat(fd, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    assert_true(file >= 0);
    assert_int_equal(write(file, text, strlen(text)), (ssize_t)strlen(text));
}

static void assert_text(int fd, const char *path, const char *text)
{
    cleanup_free char *got = root_read(fd, path, 1 << 20, NULL);
    assert_non_null(got);
    assert_string_equal(got, text);
}

static int set_up(void **state)
{
    struct scratch *scratch = checked_alloc(sizeof *scratch);
    strcpy(scratch->path, "/tmp/rehost-apply-XXXXXX");
    if (!mkdtemp(scratch->path))
        return -1;
    scratch->outer_fd = open(scratch->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    mkdirat(scratch->outer_fd, "root", 0755);
    mkdirat(scratch->outer_fd, "root/etc", 0755);
    mkdirat(scratch->outer_fd, "outside", 0755);
    put(scratch->outer_fd, "outside/secret", "untouched");
    put(scratch->outer_fd, "root/etc/fstab", "old\n");
    scratch->root_fd = openat(scratch->outer_fd, "root", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    scratch->guest = (struct guest){.what = scratch->path, .root_fd = scratch->root_fd, .writable = true};
    *state = scratch;
    return scratch->root_fd < 0;
}

static int tear_down(void **state)
{
    struct scratch *scratch = *state;
    close(scratch->root_fd);
    close(scratch->outer_fd);
    int result = nftw(scratch->path, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    free(scratch);
    return result;
}

static void assert_outside_is_untouched(const struct scratch *scratch)
{
    cleanup_strings struct strings names = {0};
    assert_text(scratch->outer_fd, "outside/secret", "untouched");
    assert_int_equal(root_list(scratch->outer_fd, "outside", &names), 0);
    assert_int_equal(names.count, 1);
    cleanup_strings struct strings above = {0};
    assert_int_equal(root_list(scratch->outer_fd, "/", &above), 0);
    assert_int_equal(above.count, 2);
}

static int replace(const struct scratch *scratch, const char *path, const char *text, struct error *err)
{
    return replace_file(scratch->root_fd, path, text, strlen(text), 0644, err);
}

static void a_replaced_file_keeps_mode_and_attributes(void **state)
{
    struct scratch *scratch = *state;
    struct stat st;
    char value[16] = "";
    assert_int_equal(fchmodat(scratch->root_fd, "etc/fstab", 0640, 0), 0);
    cleanup_close int fd = openat(scratch->root_fd, "etc/fstab", O_RDONLY | O_CLOEXEC);
    bool has_attributes = fsetxattr(fd, "user.label", "kept", 4, 0) == 0;
    assert_int_equal(replace(scratch, "/etc/fstab", "new\n", NULL), 0);
    assert_text(scratch->root_fd, "/etc/fstab", "new\n");
    assert_int_equal(fstatat(scratch->root_fd, "etc/fstab", &st, 0), 0);
    assert_int_equal(st.st_mode & 07777, 0640);
    cleanup_close int new_fd = openat(scratch->root_fd, "etc/fstab", O_RDONLY | O_CLOEXEC);
    if (has_attributes) {
        assert_int_equal(fgetxattr(new_fd, "user.label", value, sizeof value), 4);
        assert_string_equal(value, "kept");
    }
}

#define LABEL "system_u:object_r:etc_t:s0"

static void assert_label(const struct scratch *scratch, const char *path)
{
    char value[64] = "";
    cleanup_close int fd = openat(scratch->root_fd, path, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(fgetxattr(fd, "security.selinux", value, sizeof value), sizeof LABEL);
    assert_string_equal(value, LABEL);
}

/* The appliance has no SELinux that would do it. */
static void a_new_file_takes_the_selinux_label_of_its_directory(void **state)
{
    struct scratch *scratch = *state;
    cleanup_close int etc = openat(scratch->root_fd, "etc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fsetxattr(etc, "security.selinux", LABEL, sizeof LABEL, 0) < 0)
        skip();
    assert_int_equal(replace(scratch, "/etc/new", "new\n", NULL), 0);
    assert_label(scratch, "etc/new");
    assert_int_equal(replace(scratch, "/etc/a/b/new", "new\n", NULL), 0);
    assert_label(scratch, "etc/a/b");
    assert_label(scratch, "etc/a/b/new");
    put(scratch->root_fd, "etc/made-by-a-program", "x");
    assert_int_equal(label_file(scratch->root_fd, "/etc/made-by-a-program", NULL), 0);
    assert_label(scratch, "etc/made-by-a-program");
    assert_int_equal(label_file(scratch->root_fd, "/etc/not-there", NULL), 0);
}

static void nothing_is_left_beside_a_replaced_file(void **state)
{
    struct scratch *scratch = *state;
    cleanup_strings struct strings names = {0};
    assert_int_equal(replace(scratch, "/etc/fstab", "new\n", NULL), 0);
    root_list(scratch->root_fd, "/etc", &names);
    assert_int_equal(names.count, 1);
}

static void a_link_inside_the_root_stays_and_its_file_changes(void **state)
{
    struct scratch *scratch = *state;
    assert_int_equal(symlinkat("/etc/fstab", scratch->root_fd, "etc/link"), 0);
    assert_int_equal(symlinkat("../etc/link", scratch->root_fd, "etc/second"), 0);
    assert_int_equal(replace(scratch, "/etc/second", "new\n", NULL), 0);
    assert_text(scratch->root_fd, "/etc/fstab", "new\n");
    cleanup_free char *target = root_readlink(scratch->root_fd, "/etc/link");
    assert_string_equal(target, "/etc/fstab");
}

static void a_file_that_links_out_of_the_root_is_refused(void **state)
{
    struct scratch *scratch = *state;
    const char *const targets[] = {"/proc/self/environ", "../../outside/secret", "/../../../../etc/passwd-not-there", "link"};
    for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
        struct error err = {0};
        unlinkat(scratch->root_fd, "etc/link", 0);
        assert_int_equal(symlinkat(targets[i], scratch->root_fd, "etc/link"), 0);
        assert_int_equal(replace(scratch, "/etc/link", "new\n", &err), -1);
        assert_non_null(strstr(err.message, "/etc/link"));
        assert_non_null(strstr(err.message, "symbolic link"));
    }
    assert_outside_is_untouched(scratch);
}

static void directories_that_link_out_of_the_root_lead_nowhere_else(void **state)
{
    struct scratch *scratch = *state;
    cleanup_free char *outside = checked_printf("%s/outside", scratch->path);
    assert_int_equal(symlinkat("../../..", scratch->root_fd, "boot"), 0);
    assert_int_equal(symlinkat(outside, scratch->root_fd, "etc/initramfs-tools"), 0);
    assert_int_equal(symlinkat("../../outside", scratch->root_fd, "etc/default"), 0);
    assert_int_equal(replace(scratch, "/boot/grub.cfg", "new\n", NULL), 0); /* the guest's own root */
    assert_text(scratch->root_fd, "/grub.cfg", "new\n");
    replace(scratch, "/etc/initramfs-tools/modules", "new\n", NULL);
    replace(scratch, "/etc/default/secret", "new\n", NULL);
    assert_outside_is_untouched(scratch);
}

static void what_is_no_regular_file_is_refused(void **state)
{
    struct scratch *scratch = *state;
    struct error err = {0};
    assert_int_equal(mkdirat(scratch->root_fd, "etc/grub", 0755), 0);
    assert_int_equal(mkfifoat(scratch->root_fd, "etc/fifo", 0644), 0);
    assert_int_equal(replace(scratch, "/etc/grub", "new\n", &err), -1);
    assert_string_equal(err.message, "write /etc/grub: it is no regular file");
    assert_int_equal(replace(scratch, "/etc/fifo", "new\n", &err), -1);
    assert_int_equal(remove_file(scratch->root_fd, "/etc/fifo", &err), -1);
}

static void a_file_is_made_longer(void **state)
{
    struct scratch *scratch = *state;
    struct stat st;
    struct error err = {0};
    cleanup_strings struct strings names = {0};
    cleanup_close int more_fd = memfd_create("more", MFD_CLOEXEC);
    assert_int_equal(write(more_fd, "more\n", 5), 5);
    assert_int_equal(fchmodat(scratch->root_fd, "etc/fstab", 0640, 0), 0);
    assert_int_equal(append_to_file(scratch->root_fd, "/etc/fstab", more_fd, NULL), 0);
    assert_text(scratch->root_fd, "/etc/fstab", "old\nmore\n");
    assert_int_equal(fstatat(scratch->root_fd, "etc/fstab", &st, 0), 0);
    assert_int_equal(st.st_mode & 07777, 0640);
    assert_int_equal(append_to_file(scratch->root_fd, "/etc/none", more_fd, &err), -1);
    assert_non_null(strstr(err.message, "No such file"));
    root_list(scratch->root_fd, "/etc", &names);
    assert_int_equal(names.count, 1);
}

static struct operation *add(struct plan *plan, enum operation_kind kind, const char *path, const char *content)
{
    plan->operations = checked_grow(plan->operations, plan->operation_count + 1, sizeof *plan->operations);
    struct operation *operation = &plan->operations[plan->operation_count++];
    *operation = (struct operation){.kind = kind, .step = checked_copy("test"), .why = checked_copy("because"), .path = checked_copy(path),
                                    .content = checked_copy(content), .length = content ? strlen(content) : 0, .mode = 0644, .timeout_seconds = 20};
    return operation;
}

/* A change, a removal, and a new file in new directories. */
static struct plan plan_of_three(struct scratch *scratch)
{
    struct plan plan = {0};
    put(scratch->root_fd, "etc/map", "map\n");
    const struct timespec long_ago[2] = {{.tv_sec = 1000}, {.tv_sec = 1000000000}};
    assert_int_equal(utimensat(scratch->root_fd, "etc/fstab", long_ago, 0), 0);
    add(&plan, OPERATION_WRITE, "/etc/fstab", "new\n");
    add(&plan, OPERATION_REMOVE, "/etc/map", NULL);
    add(&plan, OPERATION_WRITE, "/etc/systemd/network/10.link", "link\n");
    return plan;
}

static void assert_as_before(const struct scratch *scratch)
{
    struct stat st;
    assert_text(scratch->root_fd, "/etc/fstab", "old\n");
    assert_text(scratch->root_fd, "/etc/map", "map\n");
    assert_int_equal(fstatat(scratch->root_fd, "etc/fstab", &st, 0), 0);
    assert_int_equal(st.st_mtim.tv_sec, 1000000000);
    assert_false(root_exists(scratch->root_fd, "/etc/systemd"));
    assert_false(root_exists(scratch->root_fd, "/var/lib/rehost"));
}

static void a_fix_is_carried_out_and_taken_back(void **state)
{
    struct scratch *scratch = *state;
    struct plan plan = plan_of_three(scratch);
    assert_int_equal(apply_plan(&scratch->guest, &plan, NULL, NULL, NULL), 0);
    assert_text(scratch->root_fd, "/etc/fstab", "new\n");
    assert_false(root_exists(scratch->root_fd, "/etc/map"));
    assert_text(scratch->root_fd, "/etc/systemd/network/10.link", "link\n");
    assert_int_equal(apply_undo(&scratch->guest, NULL), 0);
    assert_as_before(scratch);
    plan_free(&plan);
}

static void undo_without_a_fix_says_so(void **state)
{
    struct scratch *scratch = *state;
    struct error err = {0};
    assert_int_equal(apply_undo(&scratch->guest, &err), -1);
    assert_non_null(strstr(err.message, "nothing to take back"));
}

static void a_fix_that_fails_in_the_middle_changes_nothing(void **state)
{
    struct scratch *scratch = *state;
    struct error err = {0};
    struct plan plan = plan_of_three(scratch);
    strings_add(&add(&plan, OPERATION_RUN, NULL, NULL)->argv, "update-initramfs"); /* the scratch guest has no programs */
    assert_int_equal(apply_plan(&scratch->guest, &plan, NULL, NULL, &err), -1);
    assert_non_null(strstr(err.message, "update-initramfs"));
    assert_non_null(strstr(err.advice, "put back"));
    assert_as_before(scratch);
    plan_free(&plan);
}

static void a_fix_that_was_cut_off_is_known_and_taken_back(void **state)
{
    struct scratch *scratch = *state;
    struct plan plan = plan_of_three(scratch);
    int number = undo_keep(&scratch->guest, &plan, NULL, NULL);
    assert_int_equal(number, 1);
    assert_int_equal(replace(scratch, "/etc/fstab", "new\n", NULL), 0); /* and then the power went */
    assert_int_equal(undo_latest(scratch->root_fd), 1);
    assert_false(undo_is_complete(scratch->root_fd, 1));
    assert_int_equal(undo_restore(&scratch->guest, 1, NULL), 0);
    assert_as_before(scratch);
    plan_free(&plan);
}

static void each_fix_is_taken_back_by_itself(void **state)
{
    struct scratch *scratch = *state;
    struct plan first = {0}, second = {0};
    add(&first, OPERATION_WRITE, "/etc/fstab", "first\n");
    add(&second, OPERATION_WRITE, "/etc/fstab", "second\n");
    assert_int_equal(apply_plan(&scratch->guest, &first, NULL, NULL, NULL), 0);
    assert_int_equal(apply_plan(&scratch->guest, &second, NULL, NULL, NULL), 0);
    assert_int_equal(apply_undo(&scratch->guest, NULL), 0);
    assert_text(scratch->root_fd, "/etc/fstab", "first\n");
    assert_int_equal(apply_undo(&scratch->guest, NULL), 0);
    assert_text(scratch->root_fd, "/etc/fstab", "old\n");
    plan_free(&first);
    plan_free(&second);
}

static void a_forged_manifest_reaches_nothing_outside(void **state)
{
    struct scratch *scratch = *state;
    const char *const entries[] = {"{\"path\": \"/etc/fstab\", \"kept\": \"../../../../../../outside/secret\"}", "{\"path\": \"outside/secret\", \"kept\": \"0\"}",
                                   "{\"kept\": \"0\"}", "{\"path\": \"/../outside/secret\", \"new_directories\": [\"/../outside\"]}"};
    for (size_t i = 0; i < sizeof entries / sizeof *entries; i++) {
        cleanup_free char *text = checked_printf("{\"version\": 1, \"complete\": true, \"entries\": [%s]}", entries[i]);
        assert_int_equal(replace(scratch, UNDO_DIRECTORY "/1/manifest.json", text, NULL), 0);
        assert_int_equal(replace(scratch, UNDO_DIRECTORY "/1/0", "forged", NULL), 0);
        apply_undo(&scratch->guest, NULL);
        assert_text(scratch->root_fd, "/etc/fstab", "old\n");
        assert_outside_is_untouched(scratch);
    }
}

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
    add(&plan, OPERATION_ACTIVATE, NULL, NULL)->partition = 3;
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
    add(&failing, OPERATION_ACTIVATE, NULL, NULL)->partition = 3;
    strings_add(&add(&failing, OPERATION_RUN, NULL, NULL)->argv, "update-initramfs"); /* the scratch guest has no programs */
    assert_int_equal(apply_plan(&scratch->guest, &failing, waiting, NULL, NULL), -1);
    assert_memory_equal(waiting, disk, sizeof waiting);
    get_sector(scratch->guest.disk.device, now);
    assert_memory_equal(now, held, sizeof now);
    add(&plan, OPERATION_ACTIVATE, NULL, NULL)->partition = 3;
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
        assert_int_equal(replace(scratch, UNDO_DIRECTORY "/1/manifest.json", text, NULL), 0);
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
    assert_int_equal(replace(scratch, UNDO_DIRECTORY "/1/manifest.json", "{\"version\": 1, \"complete\": true, \"entries\": [], \"boot_sectors\": [3]}", NULL), 0);
    assert_int_equal(replace_file(scratch->root_fd, UNDO_DIRECTORY "/1/partition-3", (const char *)disk, sizeof disk, 0600, NULL), 0);
    assert_int_equal(apply_undo(&scratch->guest, NULL), 0);
    get_sector(partition.device, now);
    assert_memory_equal(now, disk, sizeof now);
    free(scratch->guest.disk.device);
    free(partition.device);
}

static void a_guest_opened_for_reading_is_not_changed(void **state)
{
    struct scratch *scratch = *state;
    struct error err = {0};
    struct plan plan = {0};
    add(&plan, OPERATION_WRITE, "/etc/fstab", "new\n");
    scratch->guest.writable = false;
    assert_int_equal(apply_plan(&scratch->guest, &plan, NULL, NULL, &err), -1);
    assert_text(scratch->root_fd, "/etc/fstab", "old\n");
    plan_free(&plan);
}

#define with_scratch(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_scratch(a_replaced_file_keeps_mode_and_attributes),
        with_scratch(a_new_file_takes_the_selinux_label_of_its_directory),
        with_scratch(nothing_is_left_beside_a_replaced_file),
        with_scratch(a_link_inside_the_root_stays_and_its_file_changes),
        with_scratch(a_file_that_links_out_of_the_root_is_refused),
        with_scratch(directories_that_link_out_of_the_root_lead_nowhere_else),
        with_scratch(what_is_no_regular_file_is_refused),
        with_scratch(a_file_is_made_longer),
        with_scratch(a_fix_is_carried_out_and_taken_back),
        with_scratch(undo_without_a_fix_says_so),
        with_scratch(a_fix_that_fails_in_the_middle_changes_nothing),
        with_scratch(a_fix_that_was_cut_off_is_known_and_taken_back),
        with_scratch(each_fix_is_taken_back_by_itself),
        with_scratch(a_forged_manifest_reaches_nothing_outside),
        with_scratch(a_partition_is_made_the_active_one_and_taken_back),
        with_scratch(boot_code_that_is_held_back_is_changed_where_it_waits),
        with_scratch(a_forged_boot_sector_goes_where_extlinux_is_and_nowhere_else),
        with_scratch(a_guest_opened_for_reading_is_not_changed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
