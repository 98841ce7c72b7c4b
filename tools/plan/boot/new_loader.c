/* A system that no firmware can start is given extlinux: a bare file system of Xen's, whose kernel pygrub took out of it, one of LILO's, and whatever
 * else has a menu and nothing that reads it. The menu becomes extlinux.conf; the program and the boot sectors are `apply`'s to install. */
#include "new_loader.h"

#include <stdlib.h>
#include <string.h>

#include "../../base/cleanup.h"
#include "../../base/root.h"
#include "../../guest/boot/lilo_config.h"
#include "../../guest/devices.h"
#include "command_line.h"
#include "extlinux_hook.h"

#define DIRECTORY "/boot/extlinux"
#define CONFIG DIRECTORY "/extlinux.conf"
#define CONFIG_MAX (4u << 20)
#define PRIMARY_PARTITIONS 4

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

bool lilo_is_started(const struct planning *planning)
{
    const struct partition *partition = boot_partition(planning->guest);
    enum boot_code code = boot_code_of_disk(planning);
    bool starts_active = code == BOOT_CODE_OTHER && partition && partition->bootable;
    return planning->hardware->firmware == FIRMWARE_BIOS && (code == BOOT_CODE_LILO || (starts_active && partition->boot_code == BOOT_CODE_LILO));
}

static bool is_lilo(const struct planning *planning)
{
    return planning->guest->boot.kind == BOOT_LOADER_LILO;
}

bool new_loader_is_needed(const struct planning *planning)
{
    const struct guest_disk *disk = &planning->guest->disk;
    if (is_lilo(planning))
        return true;
    if (planning->hardware->firmware != FIRMWARE_BIOS || !disk->device)
        return false;
    return guest_disk_is_bare(disk) || (string_is(disk->table, "dos") && starts_nothing(planning));
}

static bool has_own_boot(const struct planning *planning)
{
    return boot_partition(planning->guest) != planning->guest->root_partition;
}

/* As extlinux finds it: from the root of the file system that /boot is on, whose links it follows; where that is one of its own, a link would lead
 * out of it, and `real` is where it leads. NULL: it is on another. */
static const char *path_for_loader(const struct planning *planning, const char *path, const char *real)
{
    if (!path || !has_own_boot(planning))
        return path;
    cleanup_free char *link = root_readlink(planning->guest->root_fd, path);
    const char *file = link && real ? real : path;
    return string_starts(file, "/boot/") ? file + strlen("/boot") : NULL;
}

struct label {
    const char *title, *kernel, *initrd, *arguments;
    const struct kernel *real;
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
    const char *kernel = path_for_loader(planning, label->kernel, label->real->image), *initrd = path_for_loader(planning, label->initrd, label->real->initrd.path);
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

/* A kernel of LILO's time could have its root noted in its own image; the first disk's name is made a lasting one with the others. */
static char *with_root(const struct guest *guest, const struct boot_entry *entry)
{
    const struct partition *root = guest->root_partition;
    return entry->root || !root || !root->number ? checked_copy(entry->arguments) : checked_printf("root=/dev/sda%u %s", root->number, entry->arguments);
}

static void add_entry(struct menu *menu, struct planning *planning, const struct boot_entry *entry)
{
    const struct guest *guest = planning->guest;
    const struct kernel *kernel = guest_kernel_of_entry(guest, entry);
    struct command_line_rules rules = command_line_rules_of(planning);
    cleanup_text struct text arguments = {0};
    if (!kernel || kernel->only_on_xen)
        return;
    rules.keep_lost_root = true;
    cleanup_free char *line = with_root(guest, entry);
    command_line_settle(&arguments, line, strlen(line), &rules);
    const struct boot_entry *wanted = planning->new_default ? planning->new_default : &guest->boot.menu.items[guest->boot.menu.chosen];
    add_label(menu, planning, &(struct label){entry->title ? entry->title : kernel->version, entry->kernel, entry->initrd ? entry->initrd : kernel->initrd.path,
                                              arguments.data ? string_trim(arguments.data) : "", kernel, entry == wanted});
}

/* Where Xen's host had the kernel's command line, and the guest no menu. */
static void add_kernel(struct menu *menu, struct planning *planning, const struct kernel *kernel)
{
    const struct partition *root = planning->guest->root_partition;
    if (!kernel->image || kernel->only_on_xen || !root->uuid)
        return;
    cleanup_free char *arguments = checked_printf("root=UUID=%s ro", root->uuid);
    add_label(menu, planning, &(struct label){kernel->version, kernel->image, kernel->initrd.path, arguments, kernel, kernel == planning->kernel});
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
    cleanup_free char *lilo = is_lilo(planning) ? root_read(planning->guest->root_fd, from, CONFIG_MAX, NULL) : NULL;
    bool is_locked = lilo && lilo_asks_for_password(lilo);
    return checked_printf(EXTLINUX_MARK "%s%s, as nothing else here starts by BIOS.\n" EXTLINUX_ARGUMENTS "%s\nDEFAULT %s\nPROMPT 1\nTIMEOUT 50\n%s%s",
                          from ? " from " : "", from ? from : "", menu->arguments, menu->chosen, is_locked ? "ALLOWOPTIONS 0\nIMPLICIT 0\n" : "", menu->labels.data);
}

/* Debian to 5.0 and Slackware have links to the newest kernel and its initrd, and their menu names those. */
static bool follows_links(const struct planning *planning)
{
    const struct boot_entries *entries = &planning->guest->boot.menu;
    const struct boot_entry *entry = planning->new_default ? planning->new_default : entries->chosen < entries->count ? &entries->items[entries->chosen] : NULL;
    cleanup_free char *link = entry && !has_own_boot(planning) ? root_readlink(planning->guest->root_fd, entry->kernel) : NULL;
    return link;
}

/* RHEL 5 and SUSE have no place for it. */
static void plan_hooks(struct planning *planning)
{
    static const char *const directories[] = {"/etc/kernel/postinst.d", "/etc/kernel/postrm.d"};
    cleanup_free char *script = extlinux_hook(has_own_boot(planning) ? "" : "/boot");
    bool any = false;
    for (size_t i = 0; i < sizeof directories / sizeof *directories; i++) {
        cleanup_free char *path = checked_printf("%s/zz-rehost-extlinux", directories[i]);
        if (!root_is_directory(planning->guest->root_fd, directories[i]))
            continue;
        any = true;
        planning_write_program(planning, path, script, "keeps the menu true when a kernel is installed or removed");
    }
    if (!any && !follows_links(planning))
        planning_warn(planning, "after an update of the kernel add its label to " CONFIG ".", "the system is given extlinux as its boot loader, and its own tools do not know of it");
}

/* The first sector starts that partition, in which extlinux is. A bare file system gets such a sector when it is copied. */
static void plan_first_sector(struct planning *planning)
{
    const struct guest_disk *disk = &planning->guest->disk;
    const struct partition *partition = boot_partition(planning->guest);
    enum boot_code code = boot_code_of_disk(planning);
    bool is_active = partition->bootable, starts_active = code == BOOT_CODE_OTHER || code == BOOT_CODE_HELD; /* by hand, what is held back is not known */
    for (size_t i = 0; i < disk->partition_count; i++)
        is_active &= &disk->partitions[i] == partition || !disk->partitions[i].bootable || disk->partitions[i].number > PRIMARY_PARTITIONS;
    if (string_is(disk->table, "dos") && code != BOOT_CODE_UNKNOWN && !(starts_active && is_active))
        planning_activate(planning, partition->number, "the disk's first sector starts what is in that partition");
}

bool plan_given_loader(struct planning *planning)
{
    cleanup_free char *config = planning_read(planning, planning->guest->boot.config);
    bool is_given = planning->guest->boot.kind == BOOT_LOADER_EXTLINUX && config && string_starts(config, EXTLINUX_MARK);
    if (is_given && planning->hardware->firmware == FIRMWARE_BIOS && boot_partition(planning->guest))
        plan_first_sector(planning);
    return is_given;
}

/* syslinux 6.04 reads these; of XFS not the version that mkfs.xfs makes today, and of Btrfs no compressed file. */
static bool is_readable(const struct partition *partition)
{
    return partition && partition->fs_type && string_starts(partition->fs_type, "ext");
}

static bool is_startable(const struct guest_disk *disk, const struct partition *partition)
{
    bool is_of_disk = partition >= disk->partitions && partition < disk->partitions + disk->partition_count;
    return guest_disk_is_bare(disk) || (is_of_disk && string_is(disk->table, "dos") && partition->number && partition->number <= PRIMARY_PARTITIONS);
}

/* What extlinux, or what starts it, makes of the place where it would have to be. */
static bool can_be_given(struct planning *planning, const struct partition *partition)
{
    static const char way_out[] = "install another boot loader (GRUB) on the source.";
    const char *why = is_lilo(planning) ? "LILO would have to be run on this machine" : "nothing starts this system by BIOS";
    if (!is_readable(partition))
        planning_block(planning, way_out, "%s, and extlinux, which could be put there, starts from ext2, ext3 and ext4 alone; /boot is on %s", why,
                       partition && partition->fs_type ? partition->fs_type : "an unknown file system");
    else if (!is_startable(&planning->guest->disk, partition)) {
        cleanup_free char *words = partition_words(partition);
        planning_block(planning, way_out, "%s, and extlinux, which could be put there, is started from a primary partition of an MBR alone; /boot is on %s", why, words);
    } else
        return true;
    return false;
}

void plan_new_loader(struct planning *planning)
{
    const struct partition *partition = boot_partition(planning->guest);
    struct menu menu = {0};
    planning->step = "extlinux";
    if (!can_be_given(planning, partition))
        return;
    make_menu(planning, &menu);
    if (!menu.count)
        planning_block(planning, "install a kernel package on the source.", "no kernel of the system can be started by a boot loader here");
    else if (planning_is_plain(planning, CONFIG)) {
        cleanup_free char *config = config_of(planning, &menu);
        planning_write(planning, CONFIG, config, "the menu, for a boot loader that this machine can start");
        planning_install_loader(planning, DIRECTORY, partition->number, is_lilo(planning) ? "takes the place of LILO" : "nothing on the disk starts the system by BIOS");
        plan_first_sector(planning);
        plan_hooks(planning);
    }
    free_menu(&menu);
}
