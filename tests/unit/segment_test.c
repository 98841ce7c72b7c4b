/* Drivers appended to an initrd: only where it is known how, and where every module is at hand. */
#include "fixture.h"

#include "guest/kernel/initrd.h"
#include "plan/initrd/segment.h"

struct scene {
    struct fixture fixture;
    struct guest guest;
    struct kernel kernel; /* a copy, to be changed */
    struct initrd initrd; /* one that can be extended, to be changed */
    struct strings drivers;
};

static int set_up(void **state)
{
    struct scene *scene = checked_alloc(sizeof *scene);
    struct error err = {0};
    fixture_canonical(&scene->fixture);
    fixture_put_program(&scene->fixture, "usr/sbin/depmod");
    if (guest_open(scene->fixture.root, GUEST_READ, &scene->guest, &err) < 0)
        fail_msg("%s", err.message);
    scene->kernel = scene->guest.kernels[0];
    scene->initrd = scene->kernel.initrd;
    scene->initrd.kind = INITRD_KIND_INITRAMFS_TOOLS;
    strings_add(&scene->drivers, "virtio_blk");
    *state = scene;
    return 0;
}

static int tear_down(void **state)
{
    struct scene *scene = *state;
    struct error err = {0};
    strings_free(&scene->drivers);
    assert_int_equal(guest_close(&scene->guest, &err), 0);
    fixture_end(&scene->fixture);
    free(scene);
    return 0;
}

static void expect_refusal(const struct scene *scene, const char *part)
{
    cleanup_free char *refusal = segment_refusal(&scene->guest, &scene->kernel, &scene->initrd, &scene->drivers);
    if (!part)
        assert_null(refusal);
    else if (!refusal || !strstr(refusal, part))
        fail_msg("\"%s\" does not say \"%s\"", refusal ? refusal : "(nothing)", part);
}

static void takes_those_of_initramfs_tools_and_dracut(void **state)
{
    struct scene *scene = *state;
    expect_refusal(scene, NULL);
    scene->initrd.kind = INITRD_KIND_DRACUT;
    expect_refusal(scene, NULL);
    scene->initrd.kind = INITRD_KIND_UNKNOWN;
    expect_refusal(scene, "of a kind that rehost does not know");
}

static void wants_one_that_was_read_and_has_this_kernel_s_modules(void **state)
{
    struct scene *scene = *state;
    scene->initrd.modules_directory = (char *)"lib/modules/" FIXTURE_KERNEL;
    expect_refusal(scene, NULL);
    scene->initrd.modules_directory = (char *)"x\n/lib/modules/" FIXTURE_KERNEL;
    expect_refusal(scene, "no modules of the kernel");
    scene->initrd.modules_directory = (char *)"usr/lib/modules/6.1.0-1-amd64";
    expect_refusal(scene, "no modules of the kernel");
    scene->initrd.was_read = false;
    expect_refusal(scene, "could not be looked into");
}

static void an_initrd_of_a_stranger_is_bounded(void **state)
{
    struct scene *scene = *state;
    scene->initrd.module_files.count = 1000000;
    expect_refusal(scene, "which no initrd does");
}

/* Linux 5.9 was the first to see where lz4's part ends. */
static void nothing_is_appended_where_the_kernel_would_not_see_it(void **state)
{
    struct scene *scene = *state;
    scene->initrd.compression = "lz4";
    expect_refusal(scene, NULL);
    scene->kernel.version = (char *)"5.8.0-63-generic";
    scene->initrd.modules_directory = (char *)"usr/lib/modules/5.8.0-63-generic";
    expect_refusal(scene, "packed by lz4");
}

static void every_module_has_to_be_at_hand(void **state)
{
    struct scene *scene = *state;
    fixture_remove(&scene->fixture, "lib/modules/" FIXTURE_KERNEL "/kernel/fs/ext4/ext4.ko"); /* the initrd has it */
    expect_refusal(scene, "ext4 is not among");
    fixture_put(&scene->fixture, "lib/modules/" FIXTURE_KERNEL "/kernel/fs/ext4/ext4.ko", "");
    fixture_remove(&scene->fixture, "lib/modules/" FIXTURE_KERNEL "/kernel/drivers/virtio/virtio_ring.ko"); /* virtio_blk needs it */
    expect_refusal(scene, "virtio_ring is not among");
    fixture_put(&scene->fixture, "lib/modules/" FIXTURE_KERNEL "/kernel/drivers/virtio/virtio_ring.ko", "");
    strings_add(&scene->drivers, "cryptsetup"); /* a program that it lacks, no module */
    expect_refusal(scene, "cryptsetup is not among");
}

static void the_guest_makes_the_indexes_itself(void **state)
{
    struct scene *scene = *state;
    fixture_remove(&scene->fixture, "usr/sbin/depmod");
    expect_refusal(scene, "no depmod");
}

static void what_is_there_is_not_added_again(void **state)
{
    struct scene *scene = *state;
    cleanup_strings struct strings added = {0};
    strings_add(&scene->drivers, "virtio_scsi"); /* depends on scsi_mod, which the initrd has */
    segment_modules(&scene->kernel, &scene->initrd, &scene->drivers, &added);
    cleanup_free char *names = strings_join(&added, " ");
    assert_string_equal(names, "virtio_ring virtio virtio_blk virtio_scsi");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(takes_those_of_initramfs_tools_and_dracut, set_up, tear_down),
        cmocka_unit_test_setup_teardown(wants_one_that_was_read_and_has_this_kernel_s_modules, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_initrd_of_a_stranger_is_bounded, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nothing_is_appended_where_the_kernel_would_not_see_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(every_module_has_to_be_at_hand, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_guest_makes_the_indexes_itself, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_there_is_not_added_again, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
