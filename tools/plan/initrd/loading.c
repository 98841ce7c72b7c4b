/* See loading.h. What is said of each program is by its source: the initrd's own scripts, which it writes or brings. */
#include "loading.h"

#include <string.h>

#include "../../base/cleanup.h"
#include "../../guest/kernel/modules.h"

bool loading_is_plain_name(const char *module)
{
    return *module && !module[strspn(module, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")];
}

/* `own`, which ends as a line does, with `more` behind it. */
static char *with_more(const char *own, const char *more)
{
    return checked_printf("%s%s%s", own, *own && !string_ends(own, "\n") ? "\n" : "", more);
}

/* One name a line. initramfs-tools: load_modules of scripts/functions reads conf/modules. mkinitfs: initramfs-init reads /etc/modules, and nlplug-findfs
 * loads the rest by modalias. mkinitcpio's hook systemd: systemd-modules-load.service, and udev the rest. genkernel: its groups of modules stand in
 * /etc/modules, and virtio is one that is always loaded; udev finds the rest. */
static char *with_lines(const char *own, const struct loading_request *request)
{
    cleanup_free char *names = strings_join(request->drivers, "\n"), *lines = checked_printf("%s\n", names);
    return with_more(own, lines);
}

/* rd.driver.pre= of the command line, which may stand in files, too; what it does not name udev loads. */
static char *with_command_line(const char *own, const struct loading_request *request)
{
    cleanup_free char *names = strings_join(request->drivers, ","), *line = checked_printf("rd.driver.pre=%s\n", names);
    return with_more(own, line);
}

/* /init sources it, and gives all of MODULES to modprobe before any hook runs. */
static char *with_shell_words(const char *own, const struct loading_request *request)
{
    cleanup_free char *names = strings_join(request->drivers, " "), *line = checked_printf("MODULES=\"$MODULES %s\"\n", names);
    return with_more(own, line);
}

/* Where the line ends that begins with this, from `text` on; NULL: there is none. */
static const char *behind_line(const char *text, const char *beginning)
{
    const char *line;
    for (size_t length; next_line(&text, &line, &length);)
        if (strncmp(line, beginning, strlen(beginning)) == 0)
            return text ? text : line + length;
    return NULL;
}

static char *inserted(const char *own, const char *at, const char *lines)
{
    cleanup_free char *before = checked_copy_bytes(own, (size_t)(at - own)), *head = with_more(before, lines);
    return checked_printf("%s%s", head, at);
}

static const char *behind_last_line(const char *text, const char *beginning)
{
    const char *last = NULL;
    for (const char *next = text; (next = behind_line(next, beginning)) != NULL;)
        last = next;
    return last;
}

/* nash has neither conditions nor modprobe: every module is a line `insmod /lib/NAME.ko`, in their order, and then
 *     echo Waiting for driver initialization.
 *     stabilized --hash --interval 250 /proc/scsi/scsi
 *     mkblkdevs                                            (RHEL 4: /sbin/udevstart)
 * The middle one only where it loads SCSI drivers; `sleep` is what older releases wait with. Disks are looked for behind our lines, or it will not do. */
static char *with_insmod(const char *own, const struct loading_request *request)
{
    const char *at = behind_last_line(own, "insmod /lib/");
    const char *hotplug = at ? NULL : behind_line(own, "hotplug");
    at = at ? at : hotplug ? behind_line(hotplug, "mkblkdevs") : NULL;
    if (!at || (!behind_line(at, "mkblkdevs") && !behind_line(at, "/sbin/udevstart")))
        return NULL;
    cleanup_text struct text lines = {0};
    text_append(&lines, "");
    for (size_t i = 0; i < request->added->count; i++)
        text_printf(&lines, "echo \"Loading %s.ko module\"\ninsmod /lib/%s.ko\n", request->added->items[i], request->added->items[i]);
    if (!behind_line(at, "stabilized ") && !behind_line(at, "sleep "))
        text_append(&lines, "echo Waiting for driver initialization.\nsleep 5\n");
    return inserted(own, at, lines.data);
}

/* One bash script: udevd is started, and the modules are loaded by a line each; their disks come by udev's events. */
static char *with_modprobe(const char *own, const struct loading_request *request)
{
    const char *at = behind_line(own, "/sbin/udevsettle");
    cleanup_text struct text lines = {0};
    text_append(&lines, "");
    for (size_t i = 0; i < request->drivers->count; i++)
        text_printf(&lines, "echo \"Loading %s\"\nmodprobe %s\n", request->drivers->items[i], request->drivers->items[i]);
    return at ? inserted(own, at, lines.data) : NULL;
}

static bool is_start_script(const char *line, size_t length)
{
    static const char beginning[] = "source boot/", end[] = "-start.sh";
    return length > strlen(beginning) + strlen(end) && strncmp(line, beginning, strlen(beginning)) == 0 &&
           strncmp(line + length - strlen(end), end, strlen(end)) == 0;
}

/* run_all.sh sources one script after the other, with the line `[ "$modules" ] && load_modules` behind each. The first that does something is start,
 * which mounts /proc and /dev. */
static char *with_load_modules(const char *own, const struct loading_request *request)
{
    const char *cursor = own, *line, *at = NULL;
    for (size_t length; !at && next_line(&cursor, &line, &length);)
        if (is_start_script(line, length) && cursor)
            at = behind_line(cursor, "[ \"$modules\" ] && load_modules");
    if (!at)
        return NULL;
    cleanup_free char *names = strings_join(request->drivers, " "), *lines = checked_printf("modules=\"%s\"\nload_modules\n", names);
    return inserted(own, at, lines);
}

/* The lines, which belong to `key`, behind its own, or behind all with it. NULL: it is there in another form than gopkg.in/yaml.v3 writes, which
 * indents by four. */
static char *yaml_with(const char *own, const char *key, const char *lines)
{
    cleanup_free char *any = checked_printf("%s:", key), *head = checked_printf("%s:\n", key), *block = checked_printf("%s%s", head, lines);
    const char *at = behind_line(own, head);
    if (!at)
        return behind_line(own, any) ? NULL : with_more(own, block);
    return !*lines ? checked_copy(own) : string_starts(at, "    ") ? inserted(own, at, lines) : NULL;
}

/* "    virtio_blk:\n        - virtio_ring\n"; nothing when it depends on nothing. False: it is there already. */
static bool add_dependencies(struct text *lines, const char *own, const struct kernel *kernel, const char *module)
{
    cleanup_strings struct strings all = {0};
    cleanup_free char *key = checked_printf("    %s:\n", module);
    modules_with_dependencies(kernel->modules, module, &all);
    if (behind_line(own, key))
        return false;
    text_append(lines, all.count > 1 ? key : "");
    for (size_t i = 0; i + 1 < all.count; i++)
        text_printf(lines, "        - %s\n", all.items[i]);
    return true;
}

/* The init of booster is one program; this is what its generator tells it. modulesforceload is loaded at the start, each module when those are that
 * moduledependencies names. booster.alias, by which it loads the rest, may stay as it is: what is needed is named. */
static char *with_yaml(const char *own, const struct loading_request *request)
{
    cleanup_text struct text dependencies = {0}, forced = {0};
    cleanup_free char *kernel = checked_printf("kernel: %s\n", request->kernel->version);
    if (!behind_line(own, kernel)) /* it would not boot */
        return NULL;
    text_append(&dependencies, "");
    text_append(&forced, "");
    for (size_t i = 0; i < request->added->count; i++)
        if (!add_dependencies(&dependencies, own, request->kernel, request->added->items[i]))
            return NULL;
    for (size_t i = 0; i < request->drivers->count; i++)
        text_printf(&forced, "    - %s\n", request->drivers->items[i]);
    cleanup_free char *first = yaml_with(own, "moduledependencies", dependencies.data);
    return first ? yaml_with(first, "modulesforceload", forced.data) : NULL;
}

static const struct loading loadings[INITRD_KIND_COUNT] = {
    [INITRD_KIND_INITRAMFS_TOOLS] = {NULL, 0644, with_lines},
    [INITRD_KIND_DRACUT] = {NULL, 0644, with_command_line},
    [INITRD_KIND_NASH] = {"lib", 0755, with_insmod},
    [INITRD_KIND_SLES_10] = {NULL, 0755, with_modprobe},
    [INITRD_KIND_SLES_11] = {NULL, 0644, with_load_modules},
    [INITRD_KIND_MKINITCPIO] = {NULL, 0644, with_shell_words},
    [INITRD_KIND_MKINITCPIO_SYSTEMD] = {NULL, 0644, with_lines},
    [INITRD_KIND_MKINITFS] = {NULL, 0644, with_lines},
    [INITRD_KIND_BOOSTER] = {"usr/lib/modules", 0644, with_yaml},
    [INITRD_KIND_GENKERNEL] = {NULL, 0644, with_lines},
};

const struct loading *loading_of(enum initrd_kind kind)
{
    return loadings[kind].with ? &loadings[kind] : NULL;
}
