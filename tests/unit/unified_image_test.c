/* Unified kernel images: what stands in their sections, and heads that promise what is not there. */
#include "fixture.h"

#include "base/root.h"
#include "guest/boot/pe.h"
#include "guest/boot/unified_image.h"
#include "guest/kernel/initrd.h"

#define IMAGE "EFI/Linux/debian.efi"

static int root_of(const struct fixture *fixture)
{
    int fd = open(fixture->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(fd >= 0);
    return fd;
}

static void an_image_is_a_menu_entry(void **state)
{
    (void)state;
    struct fixture fixture;
    struct boot_entry entry;
    fixture_empty(&fixture);
    fixture_put_unified_at(&fixture, IMAGE, "6.12.1-amd64", "root=UUID=1234 ro\n", fixture_old_modules);
    cleanup_close int root_fd = root_of(&fixture), fd = root_open(root_fd, IMAGE, O_RDONLY, 0);
    assert_int_equal(unified_image_entry(fd, "/" IMAGE, &entry), 0);
    assert_string_equal(entry.id, "debian.efi");
    assert_string_equal(entry.title, "debian.efi");
    assert_string_equal(entry.version, "6.12.1-amd64");
    assert_string_equal(entry.arguments, "root=UUID=1234 ro");
    assert_string_equal(entry.root, "UUID=1234");
    assert_string_equal(entry.initrd, "/" IMAGE);
    boot_entry_free(&entry);
    cleanup_initrd struct initrd initrd = {0};
    initrd_read(root_fd, IMAGE, &initrd);
    assert_null(initrd.problem);
    assert_true(strings_contain(&initrd.modules, "sym53c8xx"));
    fixture_end(&fixture);
}

/* Cut off anywhere it is no image, or one whose sections all lie in what is left. */
static void a_section_lies_in_the_file(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_empty(&fixture);
    fixture_put_unified_at(&fixture, IMAGE, "6.12.1-amd64", "ro", fixture_old_modules);
    cleanup_close int root_fd = root_of(&fixture), fd = root_open(root_fd, IMAGE, O_RDWR, 0);
    struct stat st;
    assert_int_equal(fstat(fd, &st), 0);
    bool was_there = false;
    for (off_t length = st.st_size; length >= 0; length -= 16) {
        uint64_t offset, bytes;
        assert_int_equal(ftruncate(fd, length), 0);
        bool is_there = unified_image_section(fd, ".initrd", &offset, &bytes);
        assert_false(is_there && offset + bytes > (uint64_t)length);
        was_there |= is_there;
    }
    assert_true(was_there);
    fixture_end(&fixture);
}

static void a_program_without_a_kernel_is_none(void **state)
{
    (void)state;
    struct fixture fixture;
    struct boot_entry entry;
    fixture_empty(&fixture);
    fixture_put_unified_at(&fixture, IMAGE, "6.12.1-amd64", "ro", fixture_old_modules);
    cleanup_close int root_fd = root_of(&fixture), fd = root_open(root_fd, IMAGE, O_RDWR, 0);
    assert_int_equal(pwrite(fd, ".linUx", 6, 0x40 + 24 + 3 * 40), 6);
    assert_int_equal(unified_image_entry(fd, "/" IMAGE, &entry), -1);
    fixture_end(&fixture);
}

static void a_signature_lies_in_the_file(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_empty(&fixture);
    fixture_put(&fixture, "text", "MZ is how it begins");
    fixture_put_uefi_program(&fixture, "unsigned.efi", false);
    fixture_put_uefi_program(&fixture, "signed.efi", true);
    cleanup_close int root_fd = root_of(&fixture), text = root_open(root_fd, "text", O_RDONLY, 0), without = root_open(root_fd, "unsigned.efi", O_RDONLY, 0),
                      with = root_open(root_fd, "signed.efi", O_RDWR, 0);
    assert_int_equal(pe_signature(text), PE_NO_PROGRAM);
    assert_int_equal(pe_signature(without), PE_UNSIGNED);
    assert_int_equal(pe_signature(with), PE_SIGNED);
    assert_int_equal(ftruncate(with, 0x2ff), 0);
    assert_int_equal(pe_signature(with), PE_UNSIGNED);
    assert_int_equal(ftruncate(with, 0x300), 0);
    assert_int_equal(pwrite(with, "\4", 1, 0x58 + 108), 1); /* it has no fifth directory */
    assert_int_equal(pe_signature(with), PE_UNSIGNED);
    fixture_end(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_image_is_a_menu_entry),
        cmocka_unit_test(a_section_lies_in_the_file),
        cmocka_unit_test(a_program_without_a_kernel_is_none),
        cmocka_unit_test(a_signature_lies_in_the_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
