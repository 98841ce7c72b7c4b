/* Initrds: what is in them is listed, and one that is cut off, damaged or made to hurt is told so in bounded time. */
#include "fixture.h"

#include <sys/mman.h>
#include <time.h>

#include "guest/kernel/initrd.h"

static int list_all(const struct text *bytes, struct initrd *initrd, struct error *err)
{
    cleanup_close int fd = memfd_create("initrd", MFD_CLOEXEC);
    assert_int_equal(write(fd, bytes->data ? bytes->data : "", bytes->length), bytes->length);
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    return initrd_list(fd, initrd, err);
}

static int list(const struct text *bytes, struct strings *modules, struct error *err)
{
    cleanup_initrd struct initrd initrd = {0};
    int result = list_all(bytes, &initrd, err);
    *modules = initrd.modules;
    initrd.modules = (struct strings){0};
    return result;
}

static const char *const two[] = {"virtio-blk", "ext4", NULL};
static const char *const other[] = {"nvme", NULL};

/* `archive` through one of the guest's compressors. */
static void compress(const struct text *archive, const char *const *argv, struct text *out)
{
    struct error err = {0};
    pid_t pid;
    cleanup_close int input = memfd_create("plain", 0);
    assert_int_equal(write(input, archive->data, archive->length), archive->length);
    assert_int_equal(lseek(input, 0, SEEK_SET), 0);
    cleanup_close int fd = program_start_reading(&(struct program){.argv = argv, .input_fd = input}, &pid, &err);
    assert_true(fd >= 0);
    char buffer[4096];
    for (ssize_t got; (got = read(fd, buffer, sizeof buffer)) > 0;)
        text_append_bytes(out, buffer, (size_t)got);
    if (program_wait(pid, argv[0], &err) < 0)
        fail_msg("%s", err.message);
}

static void lists_a_plain_archive(void **state)
{
    (void)state;
    cleanup_text struct text archive = {0};
    cleanup_strings struct strings modules = {0};
    struct error err = {0};
    cpio_add(&archive, "etc/modprobe.d/virtio.ko.conf", "x", 1, 0100644);
    cpio_add(&archive, "kernel/virtio.ko", "not below lib/modules", 21, 0100644);
    cpio_add_modules(&archive, two);
    assert_int_equal(list(&archive, &modules, &err), 0);
    cleanup_free char *joined = strings_join(&modules, " ");
    assert_string_equal(joined, "virtio_blk ext4");
}

static void lists_microcode_and_every_kind_of_compression(void **state)
{
    (void)state;
    static const char *const programs[][5] = {{"gzip", "-c", NULL}, {"zstd", "-qc", NULL}, {"xz", "-c", NULL}, {"xz", "-c", "--format=lzma", NULL},
                                              {"lz4", "-lc", NULL}, {"bzip2", "-c", NULL}};
    for (size_t i = 0; i < sizeof programs / sizeof *programs; i++) {
        const char *const probe[] = {programs[i][0], "--version", NULL};
        if (program_run(&(struct program){.argv = probe, .input_fd = -1}, NULL, NULL) < 0) {
            print_message("# skipped: there is no %s here\n", programs[i][0]);
            continue;
        }
        cleanup_text struct text initrd = {0}, main_part = {0};
        cleanup_strings struct strings modules = {0};
        struct error err = {0};
        cpio_add(&initrd, "kernel/x86/microcode/GenuineIntel.bin", "microcode", 9, 0100644);
        cpio_add(&initrd, "TRAILER!!!", "", 0, 0);
        text_append_bytes(&initrd, (const char[1024]){0}, 1024);
        cpio_add_modules(&main_part, two);
        compress(&main_part, programs[i], &initrd);
        if (list(&initrd, &modules, &err) < 0)
            fail_msg("%s: %s", programs[i][0], err.message);
        assert_int_equal(modules.count, 2);
    }
}

static void lists_an_archive_that_was_appended_to_a_compressed_one(void **state)
{
    (void)state;
    static const char *const programs[][4] = {{"gzip", "-c", NULL}, {"zstd", "-qc", NULL}, {"xz", "-c", NULL}};
    for (size_t i = 0; i < sizeof programs / sizeof *programs; i++) {
        cleanup_text struct text initrd = {0}, first = {0}, second = {0};
        cleanup_strings struct strings modules = {0};
        struct error err = {0};
        cpio_add_modules(&first, two);
        compress(&first, programs[i], &initrd);
        text_append_bytes(&initrd, (const char[4]){0}, (4 - initrd.length % 4) % 4);
        cpio_add_modules(&second, other);
        text_append_bytes(&initrd, second.data, second.length);
        if (list(&initrd, &modules, &err) < 0)
            fail_msg("%s: %s", programs[i][0], err.message);
        assert_true(strings_contain(&modules, "nvme"));
        assert_true(strings_contain(&modules, "ext4"));
    }
}

static void put_program(const struct fixture *fixture, const char *path, const char *script)
{
    fixture_put_bytes(fixture, path, script, strlen(script), 0755);
}

/* As busybox's gzip: it ends well, and says nothing of what it left. */
static void an_appended_archive_is_seen_though_the_program_passes_over_it(void **state)
{
    (void)state;
    static const char *const gzip[] = {"gzip", "-c", NULL};
    struct fixture fixture;
    cleanup_text struct text initrd = {0}, first = {0}, second = {0};
    cleanup_initrd struct initrd found = {0};
    cleanup_free char *path = checked_copy(getenv("PATH"));
    struct error err = {0};
    cpio_add_modules(&first, two);
    compress(&first, gzip, &initrd);
    text_append_bytes(&initrd, (const char[512]){0}, 512 - initrd.length % 512);
    cpio_add_modules(&second, other);
    text_append_bytes(&initrd, second.data, second.length);
    fixture_empty(&fixture);
    cleanup_free char *quiet = checked_printf("#!/bin/sh\nPATH='%s' gzip \"$@\" 2>/dev/null || true\n", path), *before = checked_printf("%s:%s", fixture.root, path);
    put_program(&fixture, "gzip", quiet);
    setenv("PATH", before, 1);
    int listed = list_all(&initrd, &found, &err);
    setenv("PATH", path, 1);
    fixture_end(&fixture);
    assert_int_equal(listed, 0);
    assert_true(strings_contain(&found.modules, "nvme"));
    assert_true(strings_contain(&found.modules, "ext4"));
}

static void knows_whose_scripts_run_and_where_the_modules_lie(void **state)
{
    (void)state;
    static const char *const gzip[] = {"gzip", "-c", NULL};
    cleanup_text struct text initrd = {0}, first = {0}, second = {0}, dracut = {0};
    cleanup_initrd struct initrd found = {0}, other_kind = {0};
    cpio_add(&first, "./scripts/functions", "", 0, 0100644);
    cpio_add(&first, "./conf/modules", "one\n", 4, 0100644);
    cpio_add_modules(&first, two);
    compress(&first, gzip, &initrd);
    text_append_bytes(&initrd, (const char[512]){0}, 512 - initrd.length % 512);
    cpio_add(&second, "conf/modules", "one\nnvme\n", 9, 0100644);
    cpio_add(&second, "usr/lib/modules/" FIXTURE_KERNEL "/modules.dep.bin", "", 0, 0100644);
    cpio_add(&second, "lib/modules/other/kernel/far.ko", "", 0, 0100644);
    cpio_add_modules(&second, other);
    text_append_bytes(&initrd, second.data, second.length);
    assert_int_equal(list_all(&initrd, &found, NULL), 0);
    assert_int_equal(found.kind, INITRD_KIND_INITRAMFS_TOOLS);
    assert_string_equal(found.compression, "gzip");
    assert_string_equal(found.lists[INITRD_KIND_INITRAMFS_TOOLS], "one\nnvme\n");
    assert_string_equal(found.modules_directory, "usr/lib/modules/" FIXTURE_KERNEL);
    cleanup_free char *files = strings_join(&found.module_files, " ");
    assert_string_equal(files, "kernel/virtio-blk.ko kernel/ext4.ko kernel/nvme.ko");
    cpio_add(&dracut, "usr/lib/modules/" FIXTURE_KERNEL, "", 0, 0040755);
    cpio_add(&dracut, "usr/lib/modules/" FIXTURE_KERNEL "/modules.dep", "", 0, 0100644);
    cpio_add(&dracut, "usr/lib/dracut-lib.sh", "", 0, 0100755);
    cpio_add(&dracut, "TRAILER!!!", "", 0, 0);
    assert_int_equal(list_all(&dracut, &other_kind, NULL), 0);
    assert_int_equal(other_kind.kind, INITRD_KIND_DRACUT);
    assert_string_equal(other_kind.modules_directory, "usr/lib/modules/" FIXTURE_KERNEL);
    assert_null(other_kind.compression);
    assert_true(found.has_binary_indexes);
    assert_false(other_kind.has_binary_indexes);
    assert_null(other_kind.lists[INITRD_KIND_DRACUT]);
}

static void expect_problem(const struct text *bytes, const char *part)
{
    cleanup_strings struct strings modules = {0};
    struct error err = {0};
    assert_int_equal(list(bytes, &modules, &err), -1);
    if (!strstr(err.message, part))
        fail_msg("\"%s\" does not say \"%s\"", err.message, part);
}

static void an_archive_without_its_trailer_is_cut_off(void **state)
{
    (void)state;
    cleanup_text struct text archive = {0};
    cpio_add_modules(&archive, two);
    for (size_t length = 1; length < archive.length - 20; length += 13) {
        cleanup_text struct text part = {0};
        text_append_bytes(&part, archive.data, length);
        expect_problem(&part, length < 6 ? "neither" : "cut off");
    }
}

static void a_compressed_archive_that_is_cut_off_is_told(void **state)
{
    (void)state;
    static const char *const gzip[] = {"gzip", "-c", NULL};
    cleanup_text struct text archive = {0}, packed = {0}, part = {0};
    for (unsigned i = 0; i < 2000; i++) {
        cleanup_free char *name = checked_printf("lib/modules/x/kernel/m%u.ko", i * 2654435761u);
        cpio_add(&archive, name, "ko", 2, 0100644);
    }
    cpio_add(&archive, "TRAILER!!!", "", 0, 0);
    compress(&archive, gzip, &packed);
    text_append_bytes(&part, packed.data, packed.length / 2);
    expect_problem(&part, "gzip part");
    expect_problem(&part, "cut off");
}

static void what_is_no_archive_is_told(void **state)
{
    (void)state;
    cleanup_text struct text empty = {0}, zeroes = {0}, words = {0};
    text_append_bytes(&zeroes, (const char[512]){0}, 512);
    text_append(&words, "this is no initrd at all");
    expect_problem(&empty, "empty");
    expect_problem(&words, "neither a cpio archive nor compressed");
    expect_problem(&zeroes, "empty");
}

/* A size of 4 GiB in the header of a file of a few bytes; a name of 4 GiB; digits that are none. */
static void sizes_that_lie_are_refused(void **state)
{
    (void)state;
    cleanup_text struct text big = {0}, name = {0}, digits = {0};
    cpio_add(&big, "lib/modules/x/a.ko", "", 0, 0100644);
    memcpy(big.data + 6 + 8 * 6, "ffffffff", 8);
    expect_problem(&big, "cut off");
    cpio_add(&name, "lib/modules/x/a.ko", "", 0, 0100644);
    memcpy(name.data + 6 + 8 * 11, "ffffffff", 8);
    expect_problem(&name, "no valid cpio header");
    cpio_add(&digits, "lib/modules/x/a.ko", "", 0, 0100644);
    memcpy(digits.data + 6 + 8 * 6, "-0000001", 8);
    expect_problem(&digits, "no valid cpio header");
}

/* A few MB that unpack to more than 4 GiB: the sizes in the headers are counted, not what comes. */
static void a_bomb_is_not_read_to_its_end(void **state)
{
    (void)state;
    static const char *const gzip[] = {"gzip", "-1c", NULL};
    cleanup_text struct text archive = {0}, packed = {0};
    for (unsigned i = 0; i < 310000; i++)
        cpio_add(&archive, "x", "", 0, 0100644);
    cpio_add(&archive, "TRAILER!!!", "", 0, 0);
    compress(&archive, gzip, &packed);
    struct timespec before, after;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before);
    expect_problem(&packed, "more than any initrd does");
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after);
    assert_true(after.tv_sec - before.tv_sec < 20);
}

static void zeroes_without_end_are_not_read(void **state)
{
    (void)state;
    cleanup_text struct text archive = {0};
    cleanup_initrd struct initrd initrd = {0};
    struct error err = {0};
    cleanup_close int fd = memfd_create("initrd", MFD_CLOEXEC);
    cpio_add_modules(&archive, two);
    assert_int_equal(write(fd, archive.data, archive.length), archive.length);
    assert_int_equal(ftruncate(fd, 1ll << 40), 0);
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    assert_int_equal(initrd_list(fd, &initrd, &err), -1);
    assert_non_null(strstr(err.message, "more zeroes"));
}

static void a_file_that_no_memory_holds_is_not_read(void **state)
{
    (void)state;
    struct fixture fixture;
    struct initrd huge = {0};
    fixture_empty(&fixture);
    fixture_put(&fixture, "boot/initrd", "0");
    cleanup_close int root_fd = open(fixture.root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    cleanup_close int fd = openat(root_fd, "boot/initrd", O_WRONLY | O_CLOEXEC);
    assert_int_equal(ftruncate(fd, 1ll << 40), 0);
    initrd_read(root_fd, "/boot/initrd", &huge);
    assert_non_null(strstr(huge.problem, "which no initrd has"));
    free(huge.problem);
    fixture_end(&fixture);
}

/* Thousands of places that begin like an appended archive: the search gives up. */
static void false_archives_behind_a_compressed_one_are_given_up(void **state)
{
    (void)state;
    static const char *const gzip[] = {"gzip", "-c", NULL};
    cleanup_text struct text first = {0}, initrd = {0};
    cpio_add_modules(&first, two);
    compress(&first, gzip, &initrd);
    for (unsigned i = 0; i < 50000; i++)
        text_append_bytes(&initrd, "07070100", 8);
    text_append_bytes(&initrd, (const char[200]){0}, 200);
    expect_problem(&initrd, "no archive");
}

static void the_guest_s_path_may_lead_nowhere(void **state)
{
    (void)state;
    struct fixture fixture;
    struct initrd missing = {0}, directory = {0};
    fixture_empty(&fixture);
    fixture_put(&fixture, "boot/dir/file", "");
    cleanup_close int root_fd = open(fixture.root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    initrd_read(root_fd, "/boot/initrd", &missing);
    initrd_read(root_fd, "/boot/dir", &directory);
    assert_non_null(missing.problem);
    assert_non_null(directory.problem);
    free(missing.problem);
    free(directory.problem);
    fixture_end(&fixture);
}

static void programs_and_what_may_be_a_key_are_told_by_their_places(void **state)
{
    (void)state;
    struct error err = {0};
    struct initrd initrd = {0};
    cleanup_text struct text archive = {0};
    cleanup_strings struct strings lacking = {0};
    cpio_add(&archive, "usr/sbin/pdata_tools", "x", 1, 0100755);
    cpio_add(&archive, "usr/sbin/thin_check", "pdata_tools", 11, 0120777);
    cpio_add(&archive, "usr/sbin/lvm", "busybox", 7, 0120777); /* what it leads to is not lvm2 */
    cpio_add(&archive, "sbin/cryptsetup", "x", 1, 0100755);
    cpio_add(&archive, "lib/udev/rules.d/64-btrfs.rules", "x", 1, 0100644);
    cpio_add(&archive, "./cryptroot/keyfiles/root.key", "x", 1, 0100600);
    cpio_add(&archive, ".key", "x", 1, 0100600);
    cpio_add(&archive, "etc/keys", "", 0, 040755);
    cpio_add(&archive, "TRAILER!!!", "", 0, 0);
    cleanup_close int fd = memfd_create("initrd", MFD_CLOEXEC);
    assert_int_equal(write(fd, archive.data, archive.length), archive.length);
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    assert_int_equal(initrd_list(fd, &initrd, &err), 0);
    cleanup_free char *programs = strings_join(&initrd.programs, " "), *files = strings_join(&initrd.files, " ");
    assert_string_equal(programs, "thin_check cryptsetup 64-btrfs.rules");
    initrd_programs_lacking(&initrd, LAYER_CRYPT | LAYER_BTRFS, &lacking);
    assert_int_equal(lacking.count, 0); /* udev's rule does what the program does */
    assert_string_equal(files, "cryptroot/keyfiles/root.key .key");
    initrd_free(&initrd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_a_plain_archive),
        cmocka_unit_test(programs_and_what_may_be_a_key_are_told_by_their_places),
        cmocka_unit_test(lists_microcode_and_every_kind_of_compression),
        cmocka_unit_test(lists_an_archive_that_was_appended_to_a_compressed_one),
        cmocka_unit_test(an_appended_archive_is_seen_though_the_program_passes_over_it),
        cmocka_unit_test(knows_whose_scripts_run_and_where_the_modules_lie),
        cmocka_unit_test(an_archive_without_its_trailer_is_cut_off),
        cmocka_unit_test(a_compressed_archive_that_is_cut_off_is_told),
        cmocka_unit_test(what_is_no_archive_is_told),
        cmocka_unit_test(sizes_that_lie_are_refused),
        cmocka_unit_test(a_bomb_is_not_read_to_its_end),
        cmocka_unit_test(zeroes_without_end_are_not_read),
        cmocka_unit_test(a_file_that_no_memory_holds_is_not_read),
        cmocka_unit_test(false_archives_behind_a_compressed_one_are_given_up),
        cmocka_unit_test(the_guest_s_path_may_lead_nowhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
