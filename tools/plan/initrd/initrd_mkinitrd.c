/* The two programs named mkinitrd: of Red Hat up to RHEL 5, which takes what /etc/modprobe.conf calls scsi_hostadapter, and of SUSE
 * up to SLES 11, which takes INITRD_MODULES of /etc/sysconfig/kernel. */
#include <string.h>

#include "../../base/cleanup.h"
#include "../../base/root.h"
#include "../../guest/kernel/modules.h"
#include "../shell_config.h"
#include "initrd.h"

#define MODPROBE_CONF "/etc/modprobe.conf"
#define SYSCONFIG "/etc/sysconfig/kernel"
#define COMMENT " # taken out by rehost: this kernel has no such driver"

/* The module of "alias scsi_hostadapterN MODULE", and N+1; NULL for other lines. The caller's. */
static char *hostadapter(const char *line, size_t length, unsigned *next)
{
    cleanup_free char *copy = checked_copy_bytes(line, length);
    char *rest = string_trim(copy), *word = strsep(&rest, " \t");
    if (!string_is(word, "alias") || !rest)
        return NULL;
    rest += strspn(rest, " \t");
    char *name = strsep(&rest, " \t");
    if (!string_starts(name, "scsi_hostadapter") || !rest)
        return NULL;
    unsigned number = (unsigned)strtoul(name + strlen("scsi_hostadapter"), NULL, 10);
    if (number >= *next && number < 1000)
        *next = number + 1;
    return checked_copy(string_trim(rest));
}

struct rewriting {
    const struct strings *missing;
    struct strings named;
    unsigned next;
};

static void rewrite_line(struct text *out, const char *line, size_t length, void *context)
{
    struct rewriting *rewriting = context;
    cleanup_free char *module = hostadapter(line, length, &rewriting->next);
    bool goes = module && strings_contain(rewriting->missing, module);
    if (module && !goes)
        strings_add_new(&rewriting->named, module);
    text_append(out, goes ? "#" : "");
    text_append_bytes(out, line, length);
    text_append(out, goes ? COMMENT : "");
}

char *modprobe_conf_with(const char *text, const struct strings *drivers, const struct strings *missing)
{
    struct rewriting rewriting = {.missing = missing};
    cleanup_free char *plain = text_with_block(text, "");
    cleanup_free char *own = text_rewrite_lines(plain, rewrite_line, &rewriting);
    cleanup_text struct text body = {0};
    text_append(&body, "");
    for (size_t i = 0; i < drivers->count; i++)
        if (!strings_contain(&rewriting.named, drivers->items[i])) {
            cleanup_free char *number = rewriting.next ? checked_printf("%u", rewriting.next) : checked_copy("");
            text_printf(&body, "alias scsi_hostadapter%s %s\n", number, drivers->items[i]);
            rewriting.next++;
        }
    strings_free(&rewriting.named);
    return text_with_block(own, body.data);
}

/* Adds the modules that are named so; their names with blanks between, the caller's. */
static char *hostadapters(const char *text, struct strings *modules)
{
    const char *line;
    unsigned next = 0;
    for (size_t length; next_line(&text, &line, &length);) {
        cleanup_free char *module = hostadapter(line, length, &next);
        if (module)
            strings_add_new(modules, module);
    }
    return strings_join(modules, " ");
}

/* mkinitrd ends with "No module xenblk found for kernel …, aborting." where an alias names what the kernel lacks. */
static bool configure_redhat(struct planning *planning, const struct strings *drivers)
{
    cleanup_free char *text = planning_read(planning, MODPROBE_CONF);
    cleanup_strings struct strings named = {0}, missing = {0}, adapters = {0};
    cleanup_free char *words = hostadapters(text ? text : "", &named);
    for (size_t i = 0; i < named.count; i++)
        if (!modules_has(planning->kernel->modules, named.items[i]))
            strings_add(&missing, named.items[i]);
    const struct partition *root = planning->guest->root_partition;
    for (size_t i = 0; i < drivers->count; i++) /* the file system it takes from fstab */
        if (!root || !string_is(root->fs_type, drivers->items[i]))
            strings_add(&adapters, drivers->items[i]);
    cleanup_free char *better = modprobe_conf_with(text ? text : "", &adapters, &missing);
    return planning_write(planning, MODPROBE_CONF, better, INITRD_WHY);
}

static bool names_redhat(const struct planning *planning, const char *driver)
{
    cleanup_free char *text = planning_read(planning, MODPROBE_CONF);
    cleanup_strings struct strings named = {0};
    cleanup_free char *words = hostadapters(text ? text : "", &named);
    const struct partition *root = planning->guest->root_partition;
    return words_name_module(words, driver) || (root && string_is(root->fs_type, driver));
}

static void run_redhat(struct planning *planning, const struct kernel *kernel, const struct strings *drivers, const char *why)
{
    cleanup_free char *path = initrd_path_of(kernel, "/boot/initrd-%s.img");
    cleanup_strings struct strings options = {0};
    const char *argv[64] = {"mkinitrd", "-f"};
    size_t count = 2;
    for (size_t i = 0; i < drivers->count && count < 60; i++) {
        cleanup_free char *option = checked_printf("--with=%s", drivers->items[i]);
        strings_add(&options, option);
        argv[count++] = options.items[i];
    }
    argv[count++] = path;
    argv[count++] = kernel->version;
    initrd_plan_run(planning, argv, path, why);
}

const struct initrd_builder_ops mkinitrd_builder = {.file = MODPROBE_CONF, .configure = configure_redhat, .names = names_redhat, .looks_at_the_machine = true, .run = run_redhat};

static bool configure_suse(struct planning *planning, const struct strings *drivers)
{
    cleanup_free char *text = planning_read(planning, SYSCONFIG);
    cleanup_free char *words = text ? shell_setting(text, "INITRD_MODULES") : NULL;
    cleanup_free char *all = words_with_modules(words ? words : "", drivers, " ");
    cleanup_free char *quoted = checked_printf("\"%s\"", all);
    cleanup_free char *better = words ? shell_setting_replace(text, "INITRD_MODULES", quoted) : checked_printf("%sINITRD_MODULES=%s\n", text ? text : "", quoted);
    return planning_write(planning, SYSCONFIG, better, INITRD_WHY);
}

static bool names_suse(const struct planning *planning, const char *driver)
{
    cleanup_free char *text = planning_read(planning, SYSCONFIG);
    cleanup_free char *words = text ? shell_setting(text, "INITRD_MODULES") : NULL;
    return words && words_name_module(words, driver);
}

/* It takes names below /boot. */
static void run_suse(struct planning *planning, const struct kernel *kernel, const struct strings *drivers, const char *why)
{
    cleanup_free char *path = initrd_path_of(kernel, "/boot/initrd-%s");
    (void)drivers; /* they stand in the file by now */
    initrd_plan_run(planning, (const char *const[]){"mkinitrd", "-k", strrchr(kernel->image, '/') + 1, "-i", strrchr(path, '/') + 1, NULL}, path, why);
}

const struct initrd_builder_ops suse_mkinitrd_builder = {.file = SYSCONFIG, .configure = configure_suse, .names = names_suse, .looks_at_the_machine = true, .run = run_suse};
