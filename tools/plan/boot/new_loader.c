/* A system that no firmware can start is given extlinux: a bare file system of Xen's, whose kernel pygrub took out of it, and whatever else has a
 * menu and nothing that reads it. The menu becomes extlinux.conf; the program and its boot sector are `apply`'s to install. */
#include "new_loader.h"

#include <stdlib.h>
#include <string.h>

#include "../../base/cleanup.h"
#include "../../base/root.h"
#include "../../guest/boot/boot_entry.h"
#include "../../guest/devices.h"
#include "command_line.h"
#include "extlinux_hook.h"

#define DIRECTORY "/boot/extlinux"
#define CONFIG DIRECTORY "/extlinux.conf"

/* The partition that holds /boot. */
static const struct partition *boot_partition(const struct guest *guest)
{
    for (size_t i = 0; i < guest->disk.partition_count; i++)
        if (string_is(guest->disk.partitions[i].mount_point, "/boot"))
            return &guest->disk.partitions[i];
    return guest->root_partition;
}

static enum boot_code boot_code_of_disk(const struct planning *planning)
{
    const unsigned char *held = planning->input->held_boot_code;
    enum boot_code code = planning->guest->disk.boot_code;
    return code == BOOT_CODE_HELD && held ? boot_code_of_held(held) : code;
}

/* A boot code of no loader's own starts the active partition. */
static bool starts_nothing(const struct planning *planning)
{
    const struct partition *partition = boot_partition(planning->guest);
    enum boot_code code = boot_code_of_disk(planning);
    if (!partition || !partition->bootable || (code != BOOT_CODE_OTHER && code != BOOT_CODE_NONE))
        return false;
    bool leftover = partition->boot_code == BOOT_CODE_EXTLINUX && planning->guest->boot.kind != BOOT_LOADER_EXTLINUX;
    return partition->boot_code == BOOT_CODE_NONE || leftover;
}

bool new_loader_is_needed(const struct planning *planning)
{
    const struct guest_disk *disk = &planning->guest->disk;
    if (planning->hardware->firmware != FIRMWARE_BIOS || !disk->device)
        return false;
    return guest_disk_is_bare(disk) || (string_is(disk->table, "dos") && starts_nothing(planning));
}

/* As extlinux finds it: from the root of the file system that /boot is on. NULL: it is on another. */
static const char *path_for_loader(const struct planning *planning, const char *path)
{
    bool own_boot = boot_partition(planning->guest) != planning->guest->root_partition;
    return !own_boot ? path : string_starts(path, "/boot/") ? path + strlen("/boot") : NULL;
}

struct label {
    const char *title, *kernel, *initrd, *arguments;
    bool is_default;
};

struct menu {
    struct text labels;
    char *chosen;    /* the name of the label that boots by default */
    char *arguments; /* and its command line */
    size_t count;
};

static void free_menu(struct menu *menu)
{
    text_free(&menu->labels);
    free(menu->chosen);
    free(menu->arguments);
}

static void add_label(struct menu *menu, const struct planning *planning, const struct label *label)
{
    const char *kernel = path_for_loader(planning, label->kernel), *initrd = label->initrd ? path_for_loader(planning, label->initrd) : NULL;
    if (!kernel)
        return;
    if (label->is_default || !menu->chosen) {
        free(menu->chosen);
        free(menu->arguments);
        menu->chosen = checked_printf("l%zu", menu->count);
        menu->arguments = checked_copy(label->arguments);
    }
    text_printf(&menu->labels, "\nLABEL l%zu\n    MENU LABEL %s\n    LINUX %s\n", menu->count++, label->title, kernel);
    if (initrd)
        text_printf(&menu->labels, "    INITRD %s\n", initrd);
    text_printf(&menu->labels, "    APPEND %s\n", label->arguments);
}

static void add_entry(struct menu *menu, struct planning *planning, const struct boot_entry *entry)
{
    const struct guest *guest = planning->guest;
    const struct kernel *kernel = guest_kernel_of_entry(guest, entry);
    struct command_line_rules rules = command_line_rules_of(planning);
    cleanup_text struct text arguments = {0};
    rules.keep_lost_root = true;
    if (!kernel || kernel->only_on_xen)
        return;
    command_line_settle(&arguments, entry->arguments, strlen(entry->arguments), &rules);
    const struct boot_entry *wanted = planning->new_default ? planning->new_default : &guest->boot.menu.items[guest->boot.menu.chosen];
    add_label(menu, planning, &(struct label){entry->title ? entry->title : kernel->version, entry->kernel, entry->initrd ? entry->initrd : kernel->initrd.path,
                                              arguments.data ? string_trim(arguments.data) : "", entry == wanted});
}

/* Where Xen's host had the kernel's command line, and the guest no menu. */
static void add_kernel(struct menu *menu, struct planning *planning, const struct kernel *kernel)
{
    const struct partition *root = planning->guest->root_partition;
    if (!kernel->image || kernel->only_on_xen || !root->uuid)
        return;
    cleanup_free char *arguments = checked_printf("root=UUID=%s ro", root->uuid);
    add_label(menu, planning, &(struct label){kernel->version, kernel->image, kernel->initrd.path, arguments, kernel == planning->kernel});
}

static void make_menu(struct planning *planning, struct menu *menu)
{
    const struct guest *guest = planning->guest;
    for (size_t i = 0; i < guest->boot.menu.count; i++)
        add_entry(menu, planning, &guest->boot.menu.items[i]);
    for (size_t i = 0; !menu->count && i < guest->kernel_count; i++)
        add_kernel(menu, planning, &guest->kernels[i]);
}

static char *config_of(const struct planning *planning, const struct menu *menu)
{
    const char *from = planning->guest->boot.config;
    return checked_printf(EXTLINUX_MARK "%s%s, as nothing else here starts by BIOS.\n" EXTLINUX_ARGUMENTS "%s\nDEFAULT %s\nPROMPT 1\nTIMEOUT 50\n%s",
                          from ? " from " : "", from ? from : "", menu->arguments, menu->chosen, menu->labels.data);
}

/* RHEL 5 and SUSE have no place for it. */
static void plan_hooks(struct planning *planning)
{
    static const char *const directories[] = {"/etc/kernel/postinst.d", "/etc/kernel/postrm.d"};
    cleanup_free char *script = extlinux_hook(boot_partition(planning->guest) == planning->guest->root_partition ? "/boot" : "");
    bool any = false;
    for (size_t i = 0; i < sizeof directories / sizeof *directories; i++) {
        cleanup_free char *path = checked_printf("%s/zz-rehost-extlinux", directories[i]);
        if (!root_is_directory(planning->guest->root_fd, directories[i]))
            continue;
        any = true;
        planning_write_program(planning, path, script, "keeps the menu true when a kernel is installed or removed");
    }
    if (!any)
        planning_warn(planning, "after an update of the kernel add its label to " CONFIG ".", "the system is given extlinux as its boot loader, and its own tools do not know of it");
}

/* syslinux 6.04 reads these; of XFS not the version that mkfs.xfs makes today, and of Btrfs no compressed file. */
static bool is_readable(const struct partition *partition)
{
    return partition && partition->fs_type && string_starts(partition->fs_type, "ext");
}

void plan_new_loader(struct planning *planning)
{
    const struct partition *partition = boot_partition(planning->guest);
    struct menu menu = {0};
    planning->step = "extlinux";
    if (!is_readable(partition)) {
        planning_block(planning, "install a boot loader on the source.", "nothing starts this system by BIOS, and extlinux, which could be put there, starts from ext2, ext3 and ext4 alone; /boot is on %s",
                       partition && partition->fs_type ? partition->fs_type : "an unknown file system");
        return;
    }
    make_menu(planning, &menu);
    if (!menu.count)
        planning_block(planning, "install a kernel package on the source.", "no kernel of the system can be started by a boot loader here");
    else if (planning_is_plain(planning, CONFIG)) {
        cleanup_free char *config = config_of(planning, &menu);
        planning_write(planning, CONFIG, config, "the menu, for a boot loader that this machine can start");
        planning_install_loader(planning, DIRECTORY, "nothing on the disk starts the system by BIOS");
        plan_hooks(planning);
    }
    free_menu(&menu);
}
