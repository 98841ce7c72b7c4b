/* Initrds of every kind that rehost can make load drivers: tests/initrds/KIND is what its program writes, with the file that names what is loaded in
 * after/ as it is to be. That the scripts then do load them: tests/fix/drivers-are-appended-to-initrds-of-every-kind.t. */
#include "fixture.h"

#include "apply/segment.h"
#include "base/root.h"
#include "guest/kernel/initrd.h"
#include "guest/kernel/initrd_kind.h"
#include "guest/kernel/modules.h"
#include "plan/initrd/loading.h"
#include "plan/initrd/segment.h"

#define INITRD "boot/initrd.img-" FIXTURE_KERNEL

static const struct kind_case {
    const char *by;
    enum initrd_kind kind;
} cases[] = {
    {"initramfs-tools", INITRD_KIND_INITRAMFS_TOOLS},
    {"dracut", INITRD_KIND_DRACUT},
    {"mkinitrd-of-rhel-5", INITRD_KIND_NASH},
    {"mkinitrd-of-sles-10", INITRD_KIND_SLES_10},
    {"mkinitrd-of-sles-11", INITRD_KIND_SLES_11},
    {"mkinitcpio", INITRD_KIND_MKINITCPIO},
    {"mkinitcpio-with-systemd", INITRD_KIND_MKINITCPIO_SYSTEMD},
    {"mkinitfs", INITRD_KIND_MKINITFS},
    {"booster", INITRD_KIND_BOOSTER},
    {"genkernel", INITRD_KIND_GENKERNEL},
};

struct scene {
    struct fixture fixture;
    struct guest guest;
    struct strings drivers, added;
};

static void open_scene(struct scene *scene)
{
    struct error err = {0};
    *scene = (struct scene){0};
    fixture_canonical(&scene->fixture);
    fixture_put_program(&scene->fixture, "usr/sbin/depmod");
    strings_add(&scene->drivers, "virtio_blk");
    strings_add(&scene->drivers, "virtio_pci");
    if (guest_open(scene->fixture.root, GUEST_WRITE, &scene->guest, &err) < 0)
        fail_msg("%s", err.message);
}

static void close_scene(struct scene *scene)
{
    struct error err = {0};
    strings_free(&scene->drivers);
    strings_free(&scene->added);
    assert_int_equal(guest_close(&scene->guest, &err), 0);
    fixture_end(&scene->fixture);
}

static void put_initrd(const struct scene *scene, const char *by, struct initrd *initrd)
{
    cleanup_strings struct strings modules = {0};
    strings_add(&modules, "ext4");
    strings_add(&modules, "sd_mod");
    fixture_put_initrd_by(&scene->fixture, by, FIXTURE_KERNEL, INITRD, &modules);
    initrd_read(scene->guest.root_fd, INITRD, initrd);
}

/* tests/initrds/KIND/after, as the make there fills in the version. */
static char *expected_of(const char *by)
{
    cleanup_free char *path = checked_printf("tests/initrds/%s/after", by), *text = root_read(AT_FDCWD, path, 1 << 20, NULL);
    assert_non_null(text);
    char *at = strstr(text, "@VERSION@");
    if (!at)
        return checked_copy(text);
    *at = '\0';
    return checked_printf("%s" FIXTURE_KERNEL "%s", text, at + strlen("@VERSION@"));
}

static void update(const char *by, const char *text)
{
    struct fixture here = {.root = "."};
    const char *at = strstr(text, FIXTURE_KERNEL);
    cleanup_free char *path = checked_printf("tests/initrds/%s/after", by);
    cleanup_free char *plain = at ? checked_printf("%.*s@VERSION@%s", (int)(at - text), text, at + strlen(FIXTURE_KERNEL)) : checked_copy(text);
    fixture_put(&here, path, plain);
}

static void each_kind_is_known_and_told_what_to_load(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene);
    const struct kernel *kernel = &scene.guest.kernels[0];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cleanup_initrd struct initrd initrd = {0};
        cleanup_strings struct strings added = {0};
        put_initrd(&scene, cases[i].by, &initrd);
        cleanup_free char *modules = strings_join(&initrd.modules, " "), *refusal = segment_refusal(&scene.guest, kernel, &initrd, &scene.drivers);
        if (initrd.kind != cases[i].kind || refusal)
            fail_msg("%s: kind %d: %s%s", cases[i].by, initrd.kind, initrd.problem ? initrd.problem : "", refusal ? refusal : "");
        assert_string_equal(modules, "ext4 sd_mod");
        segment_modules(kernel, &initrd, &scene.drivers, &added);
        cleanup_free char *text = segment_list(kernel, &initrd, &scene.drivers, &added);
        assert_non_null(text);
        assert_true(strlen(text) > strlen(initrd.lists[initrd.kind] ? initrd.lists[initrd.kind] : ""));
        if (getenv("REHOST_UPDATE_FIXTURES"))
            update(cases[i].by, text);
        cleanup_free char *expected = expected_of(cases[i].by);
        assert_string_equal(text, expected);
    }
    close_scene(&scene);
}

/* What was appended once may be made longer for the next machine. */
static void a_list_that_was_made_longer_takes_more(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cleanup_free char *once = expected_of(cases[i].by);
        struct strings drivers = {0}, added = {0};
        strings_add(&drivers, "nvme");
        strings_add(&added, "nvme_core");
        strings_add(&added, "nvme");
        struct loading_request request = {.kernel = &scene.guest.kernels[0], .drivers = &drivers, .added = &added};
        cleanup_free char *twice = loading_of(cases[i].kind)->with(once, &request);
        if (!twice || !strstr(twice, "virtio_blk") || !strstr(twice, "nvme"))
            fail_msg("%s: %s", cases[i].by, twice ? twice : "refused");
        strings_free(&drivers);
        strings_free(&added);
    }
    close_scene(&scene);
}

static void what_is_not_written_as_the_program_writes_it_is_left_alone(void **state)
{
    (void)state;
    static const struct { enum initrd_kind kind; const char *text; } strange[] = {
        {INITRD_KIND_NASH, "#!/bin/nash\nmkrootdev -t ext3 /dev/hda1\nmount /sysroot\nswitchroot\n"},
        {INITRD_KIND_NASH, "#!/bin/nash\nhotplug\nmkblkdevs\ninsmod /lib/ext3.ko\nmount /sysroot\n"}, /* nothing looks for disks behind it */
        {INITRD_KIND_SLES_10, "udev_discover_root() {\n  /sbin/udevsettle\n}\n"},
        {INITRD_KIND_SLES_11, "source boot/01-devfunctions.sh\n[ \"$modules\" ] && load_modules\n"},
        {INITRD_KIND_SLES_11, "source boot/01-start.sh"},
        {INITRD_KIND_BOOSTER, "kernel: 6.1.0-1-amd64\n"},
        {INITRD_KIND_BOOSTER, "modulesforceload: [ext4]\nkernel: " FIXTURE_KERNEL "\n"},
        {INITRD_KIND_BOOSTER, "modulesforceload:\n- ext4\nkernel: " FIXTURE_KERNEL "\n"},
        {INITRD_KIND_BOOSTER, "moduledependencies:\n    virtio_blk:\n        - x\nkernel: " FIXTURE_KERNEL "\n"},
        {INITRD_KIND_BOOSTER, ""},
    };
    struct scene scene;
    open_scene(&scene);
    strings_add(&scene.added, "virtio_blk");
    for (size_t i = 0; i < sizeof strange / sizeof *strange; i++) {
        struct loading_request request = {.kernel = &scene.guest.kernels[0], .drivers = &scene.drivers, .added = &scene.added};
        cleanup_free char *text = loading_of(strange[i].kind)->with(strange[i].text, &request);
        if (text)
            fail_msg("%s became %s", strange[i].text, text);
    }
    close_scene(&scene);
}

static void no_name_of_a_module_becomes_a_command(void **state)
{
    (void)state;
    assert_true(loading_is_plain_name("virtio_blk"));
    assert_true(loading_is_plain_name("8139too"));
    assert_false(loading_is_plain_name(""));
    assert_false(loading_is_plain_name("a b"));
    assert_false(loading_is_plain_name("a;reboot"));
    assert_false(loading_is_plain_name("a\nb"));
}

/* Packed, as those of Arch are. */
static void pack_module(const struct scene *scene, const char *name)
{
    cleanup_free char *path = fixture_path(&scene->fixture, name);
    const char *const argv[] = {"sh", "-c", "echo \"this is $1\" | gzip -c >\"$1\"", "sh", path, NULL};
    fixture_run(argv);
}

/* Of the last archive, which stands where apply/segment.c says: at the next multiple of 512 that leaves four zeroes before it. */
static char *in_initrd(const struct scene *scene, long long before_bytes, const char *file)
{
    struct error err = {0};
    struct text out = {0};
    cleanup_free char *initrd = fixture_path(&scene->fixture, INITRD);
    cleanup_free char *skip_bytes = checked_printf("+%lld", (before_bytes + 4 + 511) / 512 * 512 + 1);
    const char *const argv[] = {"sh", "-c", "tail -c \"$1\" \"$2\" | cpio -i --to-stdout --quiet \"$3\"", "sh", skip_bytes, initrd, file, NULL};
    if (program_run(&(struct program){.argv = argv, .input_fd = -1}, &out, &err) < 0)
        fail_msg("%s", err.message);
    return text_take(&out);
}

/* Side by side, unpacked, without indexes: what nash and booster want. The guest has no depmod that could be run here. */
static void flat_modules_are_unpacked(void **state)
{
    (void)state;
    static const struct { const char *by, *module, *list; } flat[] = {
        {"mkinitrd-of-rhel-5", "lib/virtio_blk.ko", "init"}, {"booster", "usr/lib/modules/virtio_blk.ko", "etc/booster.init.yaml"}};
    if (geteuid() != 0)
        skip();
    for (size_t i = 0; i < sizeof flat / sizeof *flat; i++) {
        struct scene scene;
        struct error err = {0};
        cleanup_initrd struct initrd before = {0}, now = {0};
        open_scene(&scene);
        pack_module(&scene, "lib/modules/" FIXTURE_KERNEL "/kernel/drivers/block/virtio_blk.ko");
        put_initrd(&scene, flat[i].by, &before);
        struct stat st;
        assert_int_equal(root_stat(scene.guest.root_fd, INITRD, &st), 0);
        long long before_bytes = st.st_size;
        struct operation operation = {.kind = OPERATION_EXTEND, .path = (char *)"/" INITRD, .kernel = (char *)FIXTURE_KERNEL, .drivers = scene.drivers};
        assert_false(segment_is_needless(&scene.guest, &operation));
        if (segment_append(&scene.guest, &operation, &err) < 0)
            fail_msg("%s: %s", flat[i].by, err.message);
        assert_true(segment_is_needless(&scene.guest, &operation));
        initrd_read(scene.guest.root_fd, INITRD, &now);
        cleanup_free char *expected = expected_of(flat[i].by), *module = in_initrd(&scene, before_bytes, flat[i].module), *list = in_initrd(&scene, before_bytes, flat[i].list);
        assert_string_equal(list, expected);
        assert_true(string_starts(module, "this is /"));
        assert_true(strings_contain(&now.modules, "virtio_ring"));
        assert_int_equal(now.kind, before.kind);
        close_scene(&scene);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_is_known_and_told_what_to_load),
        cmocka_unit_test(a_list_that_was_made_longer_takes_more),
        cmocka_unit_test(what_is_not_written_as_the_program_writes_it_is_left_alone),
        cmocka_unit_test(no_name_of_a_module_becomes_a_command),
        cmocka_unit_test(flat_modules_are_unpacked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
