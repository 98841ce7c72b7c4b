/* Carrying a plan out: as a whole or not at all, and all of it can be taken back. */
#include "scratch.h"

#include <time.h>

#include "apply/apply.h"
#include "apply/undo.h"

/* A change, a removal, and a new file in new directories. */
static struct plan plan_of_three(struct scratch *scratch)
{
    struct plan plan = {0};
    scratch_put(scratch->root_fd, "etc/map", "map\n");
    const struct timespec long_ago[2] = {{.tv_sec = 1000}, {.tv_sec = 1000000000}};
    assert_int_equal(utimensat(scratch->root_fd, "etc/fstab", long_ago, 0), 0);
    plan_add(&plan, OPERATION_WRITE, "/etc/fstab", "new\n");
    plan_add(&plan, OPERATION_REMOVE, "/etc/map", NULL);
    plan_add(&plan, OPERATION_WRITE, "/etc/systemd/network/10.link", "link\n");
    return plan;
}

static void assert_as_before(const struct scratch *scratch)
{
    struct stat st;
    scratch_assert_text(scratch->root_fd, "/etc/fstab", "old\n");
    scratch_assert_text(scratch->root_fd, "/etc/map", "map\n");
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
    scratch_assert_text(scratch->root_fd, "/etc/fstab", "new\n");
    assert_false(root_exists(scratch->root_fd, "/etc/map"));
    scratch_assert_text(scratch->root_fd, "/etc/systemd/network/10.link", "link\n");
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
    strings_add(&plan_add(&plan, OPERATION_RUN, NULL, NULL)->argv, "update-initramfs"); /* the scratch guest has no programs */
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
    assert_int_equal(scratch_replace(scratch, "/etc/fstab", "new\n", NULL), 0); /* and then the power went */
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
    plan_add(&first, OPERATION_WRITE, "/etc/fstab", "first\n");
    plan_add(&second, OPERATION_WRITE, "/etc/fstab", "second\n");
    assert_int_equal(apply_plan(&scratch->guest, &first, NULL, NULL, NULL), 0);
    assert_int_equal(apply_plan(&scratch->guest, &second, NULL, NULL, NULL), 0);
    assert_int_equal(apply_undo(&scratch->guest, NULL), 0);
    scratch_assert_text(scratch->root_fd, "/etc/fstab", "first\n");
    assert_int_equal(apply_undo(&scratch->guest, NULL), 0);
    scratch_assert_text(scratch->root_fd, "/etc/fstab", "old\n");
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
        assert_int_equal(scratch_replace(scratch, UNDO_DIRECTORY "/1/manifest.json", text, NULL), 0);
        assert_int_equal(scratch_replace(scratch, UNDO_DIRECTORY "/1/0", "forged", NULL), 0);
        apply_undo(&scratch->guest, NULL);
        scratch_assert_text(scratch->root_fd, "/etc/fstab", "old\n");
        scratch_assert_outside(scratch);
    }
}

static void a_guest_opened_for_reading_is_not_changed(void **state)
{
    struct scratch *scratch = *state;
    struct error err = {0};
    struct plan plan = {0};
    plan_add(&plan, OPERATION_WRITE, "/etc/fstab", "new\n");
    scratch->guest.writable = false;
    assert_int_equal(apply_plan(&scratch->guest, &plan, NULL, NULL, &err), -1);
    scratch_assert_text(scratch->root_fd, "/etc/fstab", "old\n");
    plan_free(&plan);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_scratch(a_fix_is_carried_out_and_taken_back),
        with_scratch(undo_without_a_fix_says_so),
        with_scratch(a_fix_that_fails_in_the_middle_changes_nothing),
        with_scratch(a_fix_that_was_cut_off_is_known_and_taken_back),
        with_scratch(each_fix_is_taken_back_by_itself),
        with_scratch(a_forged_manifest_reaches_nothing_outside),
        with_scratch(a_guest_opened_for_reading_is_not_changed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
