/* The initrd must hold the drivers of this machine's disk, now and after the guest's next kernel update: so they are put
 * into the builder's own configuration, and the builder makes the initrd anew. */
#include "initrd.h"

#include <string.h>

#include "../base/cleanup.h"
#include "../base/root.h"
#include "../guest/modules.h"
#include "devices.h"
#include "drivers.h"
#include "planning.h"

#define BLOCK_START "# added by rehost: drivers of the disk that this server was moved to, and of other common machines\n"
#define BLOCK_END "# end of what rehost added\n"
#define UPDATE_SECONDS 1800 /* an initrd takes 3 minutes on an emulated processor (TCG) when nothing else runs */

#define MODULES_FILE "/etc/initramfs-tools/modules"
#define RESUME_FILE "/etc/initramfs-tools/conf.d/resume"

/* The disk drivers of machines that a server may be moved to next: KVM, NVMe, plain SATA and IDE, VMware (and its old LSI
 * controllers, which QEMU has too), Hyper-V, Xen. */
static const char *const common_drivers[] = {
    "virtio_pci", "virtio_blk", "virtio_scsi", "nvme",       "ahci",       "ata_piix",   "sd_mod",       "mptspi",
    "mptsas",     "vmw_pvscsi", "hv_vmbus",    "hv_storvsc", "xen_blkfront", "sym53c8xx", "megaraid_sas", "usb_storage",
};

static bool line_names(const char *line, size_t length, const char *driver)
{
    while (length && (*line == ' ' || *line == '\t'))
        line++, length--;
    size_t i = 0;
    for (; i < length && driver[i]; i++) /* virtio-blk and virtio_blk are one module */
        if (line[i] != driver[i] && !(line[i] == '-' && driver[i] == '_'))
            return false;
    return !driver[i] && (i == length || line[i] == ' ' || line[i] == '\t');
}

static bool text_names(const char *text, const char *driver)
{
    const char *line;
    size_t length;
    while (next_line(&text, &line, &length))
        if (line_names(line, length, driver))
            return true;
    return false;
}

static char *without_block(const char *text)
{
    const char *start = strstr(text, BLOCK_START);
    const char *end = start ? strstr(start, BLOCK_END) : NULL;
    if (!end)
        return checked_copy(text);
    struct text out = {0};
    text_append_bytes(&out, text, (size_t)(start - text));
    text_append(&out, end + strlen(BLOCK_END));
    return text_take(&out);
}

char *initramfs_modules_with(const char *text, const struct strings *drivers)
{
    cleanup_free char *own = without_block(text);
    struct text out = {0};
    text_append(&out, own);
    if (out.length && out.data[out.length - 1] != '\n')
        text_append(&out, "\n");
    bool any = false;
    for (size_t i = 0; i < drivers->count; i++) {
        if (text_names(own, drivers->items[i]))
            continue;
        text_printf(&out, "%s%s\n", any ? "" : BLOCK_START, drivers->items[i]);
        any = true;
    }
    if (any)
        text_append(&out, BLOCK_END);
    return text_take(&out);
}

/* 0 when the line does not set `name`; otherwise where its value starts. */
static size_t value_start(const char *line, size_t length, const char *name)
{
    size_t at = 0, name_length = strlen(name);
    while (at < length && (line[at] == ' ' || line[at] == '\t'))
        at++;
    if (length - at > 7 && strncmp(line + at, "export ", 7) == 0)
        at += 7;
    bool is = length - at > name_length && strncmp(line + at, name, name_length) == 0 && line[at + name_length] == '=';
    return is ? at + name_length + 1 : 0;
}

char *shell_setting(const char *text, const char *name)
{
    const char *line;
    size_t length;
    char *value = NULL;
    while (next_line(&text, &line, &length)) {
        size_t start = value_start(line, length, name);
        if (!start)
            continue;
        char quote = start < length && (line[start] == '"' || line[start] == '\'') ? line[start] : 0;
        const char *from = line + start + (quote != 0), *to = from;
        while (to < line + length && (quote ? *to != quote : !strchr(" \t#;", *to)))
            to++;
        free(value);
        value = checked_copy_bytes(from, (size_t)(to - from));
    }
    return value;
}

char *shell_setting_replace(const char *text, const char *name, const char *value)
{
    struct text out = {0};
    const char *line;
    size_t length;
    while (next_line(&text, &line, &length)) {
        size_t start = value_start(line, length, name);
        text_append_bytes(&out, line, start ? start : length);
        if (start)
            text_append(&out, value);
        text_append(&out, "\n");
    }
    return text_take(&out);
}

/* initramfs-tools reads initramfs.conf, then conf.d/ in the order of names: the last MODULES= holds. */
static char *modules_policy(const struct planning *planning)
{
    cleanup_strings struct strings files = {0};
    strings_add(&files, "/etc/initramfs-tools/initramfs.conf");
    planning_list(planning, "/etc/initramfs-tools/conf.d", "", &files);
    char *policy = NULL;
    for (size_t i = 0; i < files.count; i++) {
        cleanup_free char *text = planning_read(planning, files.items[i]);
        char *value = text ? shell_setting(text, "MODULES") : NULL;
        if (value) {
            free(policy);
            policy = value;
        }
    }
    return policy ? policy : checked_copy("most");
}

/* The modules that the initrd of this kernel must hold: the driver chain and the file system of the root. */
static void modules_needed(const struct planning *planning, const struct kernel *kernel, struct strings *needed)
{
    cleanup_strings struct strings drivers = {0}, without = {0};
    if (planning->plan->disk)
        drivers_of_chain(kernel, &planning->plan->disk->modaliases, planning->plan->disk->driver, &drivers, &without);
    if (planning->guest->root_partition && planning->guest->root_partition->fs_type)
        strings_add_new(&drivers, planning->guest->root_partition->fs_type);
    for (size_t i = 0; i < drivers.count; i++)
        if (modules_has(kernel->modules, drivers.items[i]) && !modules_is_builtin(kernel->modules, drivers.items[i]))
            strings_add_new(needed, drivers.items[i]);
}

/* An initrd that could not be read (over a network it costs too much; of many kernels only the newest are read; its
 * compression may be unknown here) is taken to hold what the builder's configuration names, and nothing else. */
static bool initrd_lacks(const struct planning *planning, const struct kernel *kernel, const struct strings *needed, struct strings *lacking)
{
    const struct initrd *initrd = &kernel->initrd;
    bool unknown = !initrd->was_read || initrd->problem;
    cleanup_free char *named = unknown && initrd->path ? planning_read(planning, MODULES_FILE) : NULL;
    for (size_t i = 0; i < needed->count; i++) {
        bool holds = unknown ? named && text_names(named, needed->items[i]) : strings_contain(&initrd->modules, needed->items[i]);
        if (!initrd->path || !holds)
            strings_add_new(lacking, needed->items[i]);
    }
    return lacking->count > 0;
}

static bool is_our_concern(const struct kernel *kernel)
{
    return kernel->image && kernel->modules;
}

static void write_modules(struct planning *planning, const struct strings *needed)
{
    cleanup_strings struct strings wanted = {0};
    for (size_t i = 0; i < needed->count; i++)
        strings_add_new(&wanted, needed->items[i]);
    for (size_t i = 0; i < sizeof common_drivers / sizeof *common_drivers; i++) {
        const struct module_table *modules = planning->kernel->modules;
        if (modules_has(modules, common_drivers[i]) && !modules_is_builtin(modules, common_drivers[i]))
            strings_add_new(&wanted, common_drivers[i]);
    }
    cleanup_free char *text = planning_read(planning, MODULES_FILE);
    cleanup_free char *better = initramfs_modules_with(text ? text : "", &wanted);
    if (planning_write(planning, MODULES_FILE, better, "names the drivers of this machine's disk for this and every later initrd"))
        planning->initrd_is_stale = true;
}

/* A name of the old machine's swap makes the initrd wait for it, 30 seconds or for ever. */
static void settle_resume(struct planning *planning)
{
    cleanup_free char *text = planning_read(planning, RESUME_FILE);
    cleanup_free char *device = text ? shell_setting(text, "RESUME") : NULL;
    if (!device || !device_name_is_unstable(device))
        return;
    cleanup_free char *by_uuid = device_by_uuid(planning->guest, device);
    cleanup_free char *better = shell_setting_replace(text, "RESUME", by_uuid ? by_uuid : "none");
    if (planning_write(planning, RESUME_FILE, better, "names the swap to resume from by UUID, as its device name belongs to the old machine"))
        planning->initrd_is_stale = true;
}

static void run_update(struct planning *planning, const struct kernel *kernel, const char *why)
{
    const char *argv[] = {"update-initramfs", kernel->initrd.path ? "-u" : "-c", "-k", kernel->version, NULL};
    struct operation *run = planning_run(planning, argv, UPDATE_SECONDS, why);
    cleanup_free char *usual = checked_printf("/boot/initrd.img-%s", kernel->version);
    cleanup_free char *sum = checked_printf("/var/lib/initramfs-tools/%s", kernel->version);
    strings_add(&run->changes, kernel->initrd.path ? kernel->initrd.path : usual);
    strings_add_new(&run->changes, usual);
    strings_add(&run->changes, sum); /* its SHA-1, by which an older initramfs-tools knows that the initrd is its own */
}

/* What each kernel's initrd lacks before anything is planned: `lacking` has a list for each of the guest's kernels. */
static bool find_lacking(const struct planning *planning, struct strings *lacking, struct strings *needed)
{
    bool any = false;
    for (size_t i = 0; i < planning->guest->kernel_count; i++) {
        const struct kernel *kernel = &planning->guest->kernels[i];
        cleanup_strings struct strings own = {0};
        if (!is_our_concern(kernel))
            continue;
        modules_needed(planning, kernel, &own);
        any = initrd_lacks(planning, kernel, &own, &lacking[i]) || any;
        for (size_t j = 0; j < own.count; j++)
            strings_add_new(needed, own.items[j]);
    }
    return any;
}

static void update_stale_initrds(struct planning *planning, const struct strings *lacking)
{
    for (size_t i = 0; i < planning->guest->kernel_count; i++) {
        const struct kernel *kernel = &planning->guest->kernels[i];
        if (!is_our_concern(kernel) || (!lacking[i].count && !planning->initrd_is_stale))
            continue;
        cleanup_free char *names = strings_join(&lacking[i], ", ");
        cleanup_free char *why = lacking[i].count ? checked_printf("%s %s", kernel->initrd.was_read ? "the initrd lacks" : "so that the initrd surely holds", names)
                                                  : checked_copy("the initrd holds copies of files that change");
        run_update(planning, kernel, why);
    }
}

static bool list_lacks(const struct planning *planning, const struct strings *needed)
{
    cleanup_free char *policy = modules_policy(planning);
    cleanup_free char *text = planning_read(planning, MODULES_FILE);
    if (string_is(policy, "most") || string_is(policy, "dep")) /* the builder finds what it needs on the new machine */
        return false;
    for (size_t i = 0; i < needed->count; i++)
        if (!text || !text_names(text, needed->items[i]))
            return true;
    return false;
}

/* "update_initramfs=no" turns `update-initramfs -u` into nothing, which then ends well. */
static bool updates_are_off(const struct planning *planning)
{
    cleanup_free char *text = planning_read(planning, "/etc/initramfs-tools/update-initramfs.conf");
    cleanup_free char *value = text ? shell_setting(text, "update_initramfs") : NULL;
    return string_is(value, "no");
}

static void plan_with_lacking(struct planning *planning, struct strings *lacking)
{
    cleanup_strings struct strings needed = {0};
    bool lacks = find_lacking(planning, lacking, &needed);
    settle_resume(planning);
    if (lacks || list_lacks(planning, &needed))
        write_modules(planning, &needed);
    if (!lacks && !planning->initrd_is_stale)
        return;
    if (updates_are_off(planning))
        planning_block(planning, "set update_initramfs=yes there on the source.",
                       "/etc/initramfs-tools/update-initramfs.conf says update_initramfs=no, so the initrd cannot be made anew");
    else
        update_stale_initrds(planning, lacking);
}

/* dracut and others: only the kernel that boots counts, as nothing can be made anew. */
static void judge_unknown_builder(struct planning *planning, struct strings *lacking)
{
    const struct kernel *kernel = planning->kernel;
    cleanup_strings struct strings needed = {0};
    find_lacking(planning, lacking, &needed);
    const struct strings *lacks = &lacking[kernel - planning->guest->kernels];
    cleanup_free char *names = strings_join(lacks, ", ");
    if (lacks->count && kernel->initrd.path && (!kernel->initrd.was_read || kernel->initrd.problem))
        planning_warn(planning, "look into it on the source (lsinitrd, lsinitramfs).", "the initrd of %s was not looked into; to boot here it must hold %s", kernel->version,
                      names);
    else if (lacks->count)
        planning_block(planning, "make an initrd with these drivers on the source.",
                       "the initrd of %s lacks drivers of this machine's disk (%s), and rehost cannot drive this guest's initrd builder yet", kernel->version, names);
}

void plan_initrd(struct planning *planning)
{
    if (!planning->kernel || !planning->kernel->modules)
        return; /* said by the step kernel */
    size_t count = planning->guest->kernel_count;
    cleanup_free struct strings *lacking = checked_alloc((count + 1) * sizeof *lacking);
    if (planning->guest->initrd_builder != INITRD_BUILDER_INITRAMFS_TOOLS)
        judge_unknown_builder(planning, lacking);
    else if (planning_is_plain(planning, MODULES_FILE))
        plan_with_lacking(planning, lacking);
    for (size_t i = 0; i < count; i++)
        strings_free(&lacking[i]);
}
