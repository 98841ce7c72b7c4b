/* A kernel's tables: which driver a device wants, what is built in, what a module depends on. */
#include "fixture.h"

#include "guest/kernel/modules.h"

static struct module_table *load(struct fixture *fixture)
{
    struct error err = {0};
    cleanup_close int root_fd = open(fixture->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct module_table *table = modules_load(root_fd, "/lib/modules/test", &err);
    fixture_end(fixture);
    return table;
}

static struct module_table *table_of(const char *aliases, const char *dependencies, const char *builtin)
{
    struct fixture fixture;
    fixture_empty(&fixture);
    fixture_put(&fixture, "lib/modules/test/modules.alias", aliases);
    fixture_put(&fixture, "lib/modules/test/modules.dep", dependencies);
    fixture_put(&fixture, "lib/modules/test/modules.builtin", builtin);
    struct module_table *table = load(&fixture);
    assert_non_null(table);
    return table;
}

static void matches_a_device_by_the_patterns_of_the_kernel(void **state)
{
    (void)state;
    struct module_table *table = table_of("# comment\nalias virtio:d00000002v* virtio_blk\nalias pci:v00001AF4d*sv*sd*bc*sc*i* virtio_pci\nalias nonsense\n\n", "", "");
    cleanup_strings struct strings names = {0};
    assert_int_equal(modules_match(table, "virtio:d00000002v00001AF4", &names), 1);
    assert_int_equal(modules_match(table, "pci:v00001AF4d00001001sv00001AF4sd00000002bc01sc00i00", &names), 1);
    assert_int_equal(modules_match(table, "pci:v00008086d00001001sv00001AF4sd00000002bc01sc00i00", &names), 0);
    assert_int_equal(names.count, 2);
    assert_string_equal(names.items[0], "virtio_blk");
    assert_string_equal(names.items[1], "virtio_pci");
    modules_free(table);
}

static void dashes_and_underscores_are_one(void **state)
{
    (void)state;
    struct module_table *table = table_of("alias scsi:t-0x00* sd-mod\n", "kernel/drivers/sd-mod.ko.xz: kernel/t10-pi.ko.zst\nkernel/t10-pi.ko.zst:\n", "");
    cleanup_strings struct strings names = {0};
    assert_int_equal(modules_match(table, "scsi:t-0x00", &names), 1);
    assert_string_equal(names.items[0], "sd_mod");
    assert_true(modules_has(table, "sd-mod"));
    assert_true(modules_has(table, "t10_pi"));
    assert_string_equal(modules_file(table, "sd_mod"), "kernel/drivers/sd-mod.ko.xz");
    modules_free(table);
}

static void dependencies_come_first_and_built_in_ones_are_left_out(void **state)
{
    (void)state;
    struct module_table *table = table_of("", "kernel/a.ko: kernel/b.ko kernel/c.ko\nkernel/b.ko: kernel/c.ko\nkernel/c.ko:\n", "kernel/d.ko\n");
    cleanup_strings struct strings names = {0};
    modules_with_dependencies(table, "a", &names);
    modules_with_dependencies(table, "d", &names);
    cleanup_free char *joined = strings_join(&names, " ");
    assert_string_equal(joined, "c b a");
    assert_true(modules_is_builtin(table, "d"));
    assert_false(modules_is_builtin(table, "a"));
    modules_free(table);
}

static void a_ring_of_dependencies_ends(void **state)
{
    (void)state;
    struct module_table *table = table_of("", "kernel/a.ko: kernel/b.ko\nkernel/b.ko: kernel/a.ko\n", "");
    cleanup_strings struct strings names = {0};
    modules_with_dependencies(table, "a", &names);
    assert_int_equal(names.count, 2);
    modules_free(table);
}

static void built_in_drivers_match_by_modinfo(void **state)
{
    (void)state;
    static const char records[] = "virtio_blk.license=GPL\0virtio_blk.alias=virtio:d00000002v*\0broken\0=\0x.alias";
    struct fixture fixture;
    fixture_empty(&fixture);
    fixture_put(&fixture, "lib/modules/test/modules.alias", "");
    fixture_put(&fixture, "lib/modules/test/modules.builtin", "kernel/drivers/block/virtio_blk.ko\n");
    fixture_put_bytes(&fixture, "lib/modules/test/modules.builtin.modinfo", records, sizeof records - 1, 0644);
    struct module_table *table = load(&fixture);
    cleanup_strings struct strings names = {0};
    assert_true(modules_match(table, "virtio:d00000002v00001AF4", &names) > 0);
    assert_string_equal(names.items[0], "virtio_blk");
    modules_free(table);
}

/* Kernels below 6.18 tell no aliases of what is built in. */
static void a_known_driver_that_is_built_in_matches_without_modinfo(void **state)
{
    (void)state;
    struct module_table *table = table_of("", "", "kernel/drivers/virtio/virtio_pci.ko\n");
    cleanup_strings struct strings names = {0};
    assert_int_equal(modules_match(table, "pci:v00001AF4d00001001sv00001AF4sd00000002bc01sc00i00", &names), 1);
    assert_int_equal(modules_match(table, "virtio:d00000002v00001AF4", &names), 0);
    modules_free(table);
}

static void tables_that_are_missing_are_no_table(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_empty(&fixture);
    assert_null(load(&fixture));
}

static void a_table_of_rubbish_does_no_harm(void **state)
{
    (void)state;
    cleanup_text struct text rubbish = {0};
    for (unsigned i = 0; i < 200000; i++)
        text_append_bytes(&rubbish, (const char[]){(char)(1 + i * 7919u % 255u)}, 1);
    struct module_table *table = table_of(rubbish.data, rubbish.data, rubbish.data);
    cleanup_strings struct strings names = {0};
    modules_match(table, "virtio:d00000002v00001AF4", &names);
    modules_free(table);
}

static void paths_give_names(void **state)
{
    (void)state;
    cleanup_free char *name = modules_name_of_path("kernel/fs/btrfs/zstd-compress.ko.xz");
    assert_string_equal(name, "zstd_compress");
    assert_null(modules_name_of_path("kernel/fs/readme.txt"));
    assert_null(modules_name_of_path("kernel/fs/.ko"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(matches_a_device_by_the_patterns_of_the_kernel),
        cmocka_unit_test(dashes_and_underscores_are_one),
        cmocka_unit_test(dependencies_come_first_and_built_in_ones_are_left_out),
        cmocka_unit_test(a_ring_of_dependencies_ends),
        cmocka_unit_test(built_in_drivers_match_by_modinfo),
        cmocka_unit_test(a_known_driver_that_is_built_in_matches_without_modinfo),
        cmocka_unit_test(tables_that_are_missing_are_no_table),
        cmocka_unit_test(a_table_of_rubbish_does_no_harm),
        cmocka_unit_test(paths_give_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
