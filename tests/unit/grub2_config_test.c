/* grub.cfg: which entry boots by default. */
#include "fixture.h"

#include "guest/boot/grub2_config.h"

#define ENTRY(title, id, version)                                                                                             \
    "menuentry '" title "' --class os $menuentry_id_option '" id "' {\n\tinsmod gzio\n\tif [ x$feature = xy ]; then\n\t  search x\n\tfi\n" \
    "\tlinux\t/boot/vmlinuz-" version " root=UUID=abc ro quiet \n\tinitrd\t/boot/initrd.img-" version "\n}\n"
#define MENU ENTRY("Debian", "simple", "3") "submenu 'Advanced' $menuentry_id_option 'advanced' {\n" ENTRY("Linux 3", "adv-3", "3") ENTRY("Linux 2", "adv-2", "2") "}\n"
#define HEAD(value) "if [ \"${next_entry}\" ] ; then\n   set default=\"${next_entry}\"\n   set next_entry=\nelse\n   set default=\"" value "\"\nfi\n"

/* The entry that boots when nobody touches a key; -1: no entry has a kernel. */
static int default_entry(const char *config, const char *environment, struct boot_entry *entry)
{
    struct boot_entries entries = {0};
    grub2_entries(config, environment, &entries);
    *entry = (struct boot_entry){0};
    bool found = entries.chosen < entries.count;
    if (found) {
        *entry = entries.items[entries.chosen];
        entries.items[entries.chosen] = (struct boot_entry){0};
    }
    boot_entries_free(&entries);
    return found ? 0 : -1;
}

static void expect_kernel(const char *config, const char *environment, const char *kernel)
{
    struct boot_entry entry;
    assert_int_equal(default_entry(config, environment, &entry), 0);
    assert_string_equal(entry.kernel, kernel);
    boot_entry_free(&entry);
}

static void reads_what_grub_mkconfig_wrote(void **state)
{
    (void)state;
    struct boot_entry entry;
    cleanup_free char *config = NULL;
    size_t size = 0;
    cleanup_fclose FILE *file = fopen("tests/guests/canonical/root/boot/grub/grub.cfg", "r");
    assert_non_null(file);
    assert_true(getdelim(&config, &size, '\0', file) > 0);
    assert_int_equal(default_entry(config, NULL, &entry), 0);
    assert_string_equal(entry.title, "Debian GNU/Linux");
    assert_string_equal(entry.id, "Debian GNU/Linux"); /* as GRUB_DEFAULT may call it */
    assert_string_equal(entry.kernel, "/boot/vmlinuz-6.1.0-50-amd64");
    assert_string_equal(entry.initrd, "/boot/initrd.img-6.1.0-50-amd64");
    assert_string_equal(entry.root, "/dev/sda1");
    assert_string_equal(entry.arguments, "root=/dev/sda1 ro console=tty0 console=ttyS0,115200");
    boot_entry_free(&entry);
}

static void the_default_is_a_number_a_title_an_id_or_a_path(void **state)
{
    (void)state;
    expect_kernel(HEAD("0") MENU, NULL, "/boot/vmlinuz-3");
    expect_kernel(HEAD("1>1") MENU, NULL, "/boot/vmlinuz-2");
    expect_kernel(HEAD("Advanced>Linux 2") MENU, NULL, "/boot/vmlinuz-2");
    expect_kernel(HEAD("advanced>adv-2") MENU, NULL, "/boot/vmlinuz-2");
    expect_kernel(HEAD("1") MENU, NULL, "/boot/vmlinuz-3"); /* a submenu alone: its first entry */
}

static void a_default_that_names_nothing_is_the_first_entry(void **state)
{
    (void)state;
    expect_kernel(HEAD("7") MENU, NULL, "/boot/vmlinuz-3");
    expect_kernel(HEAD("1>nothing") MENU, NULL, "/boot/vmlinuz-3");
    expect_kernel(MENU, NULL, "/boot/vmlinuz-3");
}

static void a_saved_entry_comes_from_the_environment(void **state)
{
    (void)state;
    expect_kernel(HEAD("${saved_entry}") MENU, "# GRUB Environment Block\nsaved_entry=advanced>adv-2\n####", "/boot/vmlinuz-2");
    expect_kernel(HEAD("${saved_entry}") MENU, "# GRUB Environment Block\n####", "/boot/vmlinuz-3");
    expect_kernel(HEAD("${saved_entry}") MENU, NULL, "/boot/vmlinuz-3");
}

static void quotes_and_several_initrds_are_understood(void **state)
{
    (void)state;
    struct boot_entry entry;
    assert_int_equal(default_entry("menuentry \"It's \\\"mine\\\"\" {\n linuxefi (hd0,gpt2)/vmlinuz root=LABEL=a\\ b 'x=y z'\n initrd /ucode.img /initrd.img\n}\n", NULL, &entry), 0);
    assert_string_equal(entry.title, "It's \"mine\"");
    assert_string_equal(entry.initrd, "/initrd.img");
    assert_string_equal(entry.arguments, "root=LABEL=a b x=y z");
    boot_entry_free(&entry);
}

static void a_configuration_without_a_kernel_has_no_entry(void **state)
{
    (void)state;
    struct boot_entry entry;
    assert_int_equal(default_entry("", NULL, &entry), -1);
    assert_int_equal(default_entry("menuentry 'Windows' {\n chainloader +1\n}\n", NULL, &entry), -1);
    assert_int_equal(default_entry("linux /vmlinuz root=/dev/sda1\n}}}}\n", NULL, &entry), -1);
}

static void rubbish_and_depth_do_no_harm(void **state)
{
    (void)state;
    struct boot_entry entry;
    cleanup_text struct text deep = {0}, rubbish = {0}, many = {0};
    for (unsigned i = 0; i < 100000; i++)
        text_append(&deep, "submenu x {\n");
    for (unsigned i = 0; i < 1000000; i++)
        text_append_bytes(&rubbish, (const char[]){"{}'\"\\\n menutrylix>0="[i * 7919u / 13u % 21u]}, 1);
    for (unsigned i = 0; i < 100000; i++)
        text_append(&many, "menuentry a {\nlinux /k root=/dev/sda1\n}\n");
    assert_int_equal(default_entry(deep.data, NULL, &entry), -1);
    default_entry(rubbish.data, NULL, &entry);
    boot_entry_free(&entry);
    assert_int_equal(default_entry(many.data, many.data, &entry), 0);
    boot_entry_free(&entry);
}

static void the_last_value_on_a_command_line_holds(void **state)
{
    (void)state;
    cleanup_free char *root = command_line_value("root=/dev/sda1 ro  rootflags=x root=UUID=1", "root");
    assert_string_equal(root, "UUID=1");
    assert_null(command_line_value("ro quiet", "root"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_grub_mkconfig_wrote),
        cmocka_unit_test(the_default_is_a_number_a_title_an_id_or_a_path),
        cmocka_unit_test(a_default_that_names_nothing_is_the_first_entry),
        cmocka_unit_test(a_saved_entry_comes_from_the_environment),
        cmocka_unit_test(quotes_and_several_initrds_are_understood),
        cmocka_unit_test(a_configuration_without_a_kernel_has_no_entry),
        cmocka_unit_test(rubbish_and_depth_do_no_harm),
        cmocka_unit_test(the_last_value_on_a_command_line_holds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
