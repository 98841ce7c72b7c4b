/* dracut of RHEL 6 and later, Fedora, SLES 12 and later, and Debian: a file in /etc/dracut.conf.d adds drivers to every initrd.
 * In its host-only mode it would take those of the machine that it runs on, and no others. */
#include <string.h>

#include "../../base/cleanup.h"
#include "../../guest/devices.h"
#include "../boot/command_line.h"
#include "../shell_config.h"
#include "initrd.h"

#define CONF_DIRECTORY "/etc/dracut.conf.d"
#define CONF_FILE CONF_DIRECTORY "/90-rehost.conf"
#define COMMENT " # taken out by rehost: it names the old machine's disk"

static void list_files(const struct planning *planning, struct strings *files)
{
    strings_add(files, "/etc/dracut.conf");
    planning_list(planning, CONF_DIRECTORY, ".conf", files);
}

static bool is_command_line(const char *line, size_t length)
{
    return length > 14 && strncmp(line, "kernel_cmdline", 14) == 0;
}

/* add_device+=" /dev/sda3 ": the initrd would wait for it. */
static bool adds_old_device(const char *line, size_t length)
{
    static const char key[] = "add_device";
    cleanup_free char *copy = checked_copy_bytes(line, length);
    char *rest = strchr(copy, '=');
    if (!rest || strncmp(copy, key, sizeof key - 1) != 0)
        return false;
    for (char *word; (word = strsep(&rest, "= \t\"'"));)
        if (device_name_is_unstable(word))
            return true;
    return false;
}

static void settle_line(struct text *out, const char *line, size_t length, void *context)
{
    (void)context;
    bool goes = adds_old_device(line, length);
    text_append(out, goes ? "#" : "");
    text_append_bytes(out, line, length);
    text_append(out, goes ? COMMENT : "");
}

char *dracut_conf_settled(const char *text)
{
    return text_rewrite_lines(text, settle_line, NULL);
}

static void settle(struct planning *planning)
{
    cleanup_strings struct strings files = {0};
    list_files(planning, &files);
    for (size_t i = 0; i < files.count; i++) {
        cleanup_free char *text = planning_read(planning, files.items[i]);
        cleanup_free char *better = text ? dracut_conf_settled(text) : NULL;
        if (better && planning_write(planning, files.items[i], better, "no initrd waits for a disk of the old machine"))
            planning->initrd_is_stale = true;
        if (command_line_plan_file(planning, files.items[i], is_command_line, true))
            planning->initrd_is_stale = true;
    }
}

char *dracut_conf_of(const struct strings *drivers, unsigned layers)
{
    cleanup_free char *words = strings_join(drivers, " ");
    /* The blanks at both ends are dracut's rule for +=. */
    cleanup_free char *text =
        checked_printf("# Written by rehost: drivers of the disk that this server was moved to, and of other common machines.\nadd_drivers+=\" %s \"\n", words);
    if (!layers)
        return take_pointer(text);
    /* By itself dracut finds out what the root lies in by asking udev and the device-mapper, which sealed in do not answer. */
    return checked_printf("%s# And what its root lies in.\nadd_dracutmodules+=\" %s%s%s%s\"\n", text, layers & LAYER_LVM ? "lvm " : "", layers & LAYER_RAID ? "mdraid " : "",
                          layers & LAYER_CRYPT ? "crypt " : "", layers & LAYER_BTRFS ? "btrfs " : "");
}

static bool configure(struct planning *planning, const struct strings *drivers)
{
    const struct partition *root = planning->guest->root_partition;
    cleanup_free char *text = dracut_conf_of(drivers, root ? root->layers : 0);
    return planning_write(planning, CONF_FILE, text, INITRD_WHY);
}

/* Does a line that sets NAME, in any of dracut's files, name this driver? */
static bool is_named_by(const struct planning *planning, const char *name, const char *driver, char **where)
{
    cleanup_strings struct strings files = {0};
    list_files(planning, &files);
    for (size_t i = 0; i < files.count; i++) {
        cleanup_free char *text = planning_read(planning, files.items[i]);
        const char *cursor = text, *line;
        for (size_t length; text && next_line(&cursor, &line, &length);) {
            cleanup_free char *copy = checked_copy_bytes(line, length);
            char *words = string_trim(copy);
            if (!string_starts(words, name) || !words_name_module(words + strcspn(words, "=") + (strchr(words, '=') != NULL), driver))
                continue;
            if (where)
                *where = checked_copy(files.items[i]);
            return true;
        }
    }
    return false;
}

static bool names(const struct planning *planning, const char *driver)
{
    return is_named_by(planning, "add_drivers", driver, NULL) || is_named_by(planning, "force_drivers", driver, NULL);
}

/* What is left out by name stays out, whatever is added. */
static bool is_usable(struct planning *planning)
{
    for (size_t i = 0; i < planning->drivers.count; i++) {
        cleanup_free char *where = NULL;
        if (!is_named_by(planning, "omit_drivers", planning->drivers.items[i], &where))
            continue;
        planning_block(planning, "take it out there on the source.", "%s leaves %s, a driver of this machine's disk, out of every initrd (omit_drivers)", where,
                       planning->drivers.items[i]);
        return false;
    }
    return true;
}

/* Kernels by the names of their distribution: Debian's, SUSE's, and Red Hat's, which most others took over. */
static void run(struct planning *planning, const struct kernel *kernel, const struct strings *drivers, const char *why)
{
    const char *family = planning->guest->system.family;
    cleanup_free char *path = string_is(family, "debian") ? initrd_path_of(kernel, "/boot/initrd.img-%s")
                              : string_is(family, "suse") ? initrd_path_of(kernel, "/boot/initrd-%s")
                                                          : initrd_path_of(kernel, "/boot/initramfs-%s.img");
    (void)drivers; /* they stand in the file by now */
    initrd_plan_run(planning, (const char *const[]){"dracut", "-f", path, kernel->version, NULL}, path, why);
}

const struct initrd_builder_ops dracut_builder = {
    .file = CONF_FILE,
    .settle = settle,
    .configure = configure,
    .names = names,
    .looks_at_the_machine = true,
    .is_usable = is_usable,
    .run = run,
};
