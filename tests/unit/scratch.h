/* A guest that may be changed: a directory of its own, with another one beside it that must stay as it is. */
#ifndef REHOST_TEST_SCRATCH_H
#define REHOST_TEST_SCRATCH_H

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "apply/replace.h"
#include "base/cleanup.h"
#include "base/root.h"
#include "plan/plan.h"

/* scratch/root is the guest; scratch/outside must never change. */
struct scratch {
    char path[64];
    int outer_fd, root_fd;
    struct guest guest;
};

static inline int scratch_remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st, (void)type, (void)ftw;
    return remove(path);
}

static inline void scratch_put(int fd, const char *path, const char *text)
{
    cleanup_close int file = openat(fd, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    assert_true(file >= 0);
    assert_int_equal(write(file, text, strlen(text)), (ssize_t)strlen(text));
}

static inline void scratch_assert_text(int fd, const char *path, const char *text)
{
    cleanup_free char *got = root_read(fd, path, 1 << 20, NULL);
    assert_non_null(got);
    assert_string_equal(got, text);
}

static inline int scratch_begin(void **state)
{
    struct scratch *scratch = checked_alloc(sizeof *scratch);
    strcpy(scratch->path, "/tmp/rehost-apply-XXXXXX");
    if (!mkdtemp(scratch->path))
        return -1;
    scratch->outer_fd = open(scratch->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    mkdirat(scratch->outer_fd, "root", 0755);
    mkdirat(scratch->outer_fd, "root/etc", 0755);
    mkdirat(scratch->outer_fd, "outside", 0755);
    scratch_put(scratch->outer_fd, "outside/secret", "untouched");
    scratch_put(scratch->outer_fd, "root/etc/fstab", "old\n");
    scratch->root_fd = openat(scratch->outer_fd, "root", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    scratch->guest = (struct guest){.what = scratch->path, .root_fd = scratch->root_fd, .writable = true};
    *state = scratch;
    return scratch->root_fd < 0;
}

static inline int scratch_end(void **state)
{
    struct scratch *scratch = *state;
    close(scratch->root_fd);
    close(scratch->outer_fd);
    int result = nftw(scratch->path, scratch_remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    free(scratch);
    return result;
}

static inline void scratch_assert_outside(const struct scratch *scratch)
{
    cleanup_strings struct strings names = {0};
    scratch_assert_text(scratch->outer_fd, "outside/secret", "untouched");
    assert_int_equal(root_list(scratch->outer_fd, "outside", &names), 0);
    assert_int_equal(names.count, 1);
    cleanup_strings struct strings above = {0};
    assert_int_equal(root_list(scratch->outer_fd, "/", &above), 0);
    assert_int_equal(above.count, 2);
}

static inline int scratch_replace(const struct scratch *scratch, const char *path, const char *text, struct error *err)
{
    return replace_file(scratch->root_fd, path, text, strlen(text), 0644, err);
}

/* For the caller to say more of. */
static inline struct operation *plan_add(struct plan *plan, enum operation_kind kind, const char *path, const char *content)
{
    plan->operations = checked_grow(plan->operations, plan->operation_count + 1, sizeof *plan->operations);
    struct operation *operation = &plan->operations[plan->operation_count++];
    *operation = (struct operation){.kind = kind, .step = checked_copy("test"), .why = checked_copy("because"), .path = checked_copy(path),
                                    .content = checked_copy(content), .length = content ? strlen(content) : 0, .mode = 0644, .timeout_seconds = 20};
    return operation;
}

#define with_scratch(test) cmocka_unit_test_setup_teardown(test, scratch_begin, scratch_end)

#endif
