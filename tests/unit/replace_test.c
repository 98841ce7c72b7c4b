/* Changing a file of a guest: all of it or nothing, and nothing outside of its root. */
#include "scratch.h"

#include <sys/mman.h>
#include <sys/xattr.h>

static void a_replaced_file_keeps_mode_and_attributes(void **state)
{
    struct scratch *scratch = *state;
    struct stat st;
    char value[16] = "";
    assert_int_equal(fchmodat(scratch->root_fd, "etc/fstab", 0640, 0), 0);
    cleanup_close int fd = openat(scratch->root_fd, "etc/fstab", O_RDONLY | O_CLOEXEC);
    bool has_attributes = fsetxattr(fd, "user.label", "kept", 4, 0) == 0;
    assert_int_equal(scratch_replace(scratch, "/etc/fstab", "new\n", NULL), 0);
    scratch_assert_text(scratch->root_fd, "/etc/fstab", "new\n");
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
    assert_int_equal(scratch_replace(scratch, "/etc/new", "new\n", NULL), 0);
    assert_label(scratch, "etc/new");
    assert_int_equal(scratch_replace(scratch, "/etc/a/b/new", "new\n", NULL), 0);
    assert_label(scratch, "etc/a/b");
    assert_label(scratch, "etc/a/b/new");
    scratch_put(scratch->root_fd, "etc/made-by-a-program", "x");
    assert_int_equal(label_file(scratch->root_fd, "/etc/made-by-a-program", NULL), 0);
    assert_label(scratch, "etc/made-by-a-program");
    assert_int_equal(label_file(scratch->root_fd, "/etc/not-there", NULL), 0);
}

static void nothing_is_left_beside_a_replaced_file(void **state)
{
    struct scratch *scratch = *state;
    cleanup_strings struct strings names = {0};
    assert_int_equal(scratch_replace(scratch, "/etc/fstab", "new\n", NULL), 0);
    root_list(scratch->root_fd, "/etc", &names);
    assert_int_equal(names.count, 1);
}

static void a_link_inside_the_root_stays_and_its_file_changes(void **state)
{
    struct scratch *scratch = *state;
    assert_int_equal(symlinkat("/etc/fstab", scratch->root_fd, "etc/link"), 0);
    assert_int_equal(symlinkat("../etc/link", scratch->root_fd, "etc/second"), 0);
    assert_int_equal(scratch_replace(scratch, "/etc/second", "new\n", NULL), 0);
    scratch_assert_text(scratch->root_fd, "/etc/fstab", "new\n");
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
        assert_int_equal(scratch_replace(scratch, "/etc/link", "new\n", &err), -1);
        assert_non_null(strstr(err.message, "/etc/link"));
        assert_non_null(strstr(err.message, "symbolic link"));
    }
    scratch_assert_outside(scratch);
}

static void directories_that_link_out_of_the_root_lead_nowhere_else(void **state)
{
    struct scratch *scratch = *state;
    cleanup_free char *outside = checked_printf("%s/outside", scratch->path);
    assert_int_equal(symlinkat("../../..", scratch->root_fd, "boot"), 0);
    assert_int_equal(symlinkat(outside, scratch->root_fd, "etc/initramfs-tools"), 0);
    assert_int_equal(symlinkat("../../outside", scratch->root_fd, "etc/default"), 0);
    assert_int_equal(scratch_replace(scratch, "/boot/grub.cfg", "new\n", NULL), 0); /* the guest's own root */
    scratch_assert_text(scratch->root_fd, "/grub.cfg", "new\n");
    scratch_replace(scratch, "/etc/initramfs-tools/modules", "new\n", NULL);
    scratch_replace(scratch, "/etc/default/secret", "new\n", NULL);
    scratch_assert_outside(scratch);
}

static void what_is_no_regular_file_is_refused(void **state)
{
    struct scratch *scratch = *state;
    struct error err = {0};
    assert_int_equal(mkdirat(scratch->root_fd, "etc/grub", 0755), 0);
    assert_int_equal(mkfifoat(scratch->root_fd, "etc/fifo", 0644), 0);
    assert_int_equal(scratch_replace(scratch, "/etc/grub", "new\n", &err), -1);
    assert_string_equal(err.message, "write /etc/grub: it is no regular file");
    assert_int_equal(scratch_replace(scratch, "/etc/fifo", "new\n", &err), -1);
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
    scratch_assert_text(scratch->root_fd, "/etc/fstab", "old\nmore\n");
    assert_int_equal(fstatat(scratch->root_fd, "etc/fstab", &st, 0), 0);
    assert_int_equal(st.st_mode & 07777, 0640);
    assert_int_equal(append_to_file(scratch->root_fd, "/etc/none", more_fd, &err), -1);
    assert_non_null(strstr(err.message, "No such file"));
    root_list(scratch->root_fd, "/etc", &names);
    assert_int_equal(names.count, 1);
}

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
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
