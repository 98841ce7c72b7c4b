/* Which boot loader there is, what its menu holds, and what it boots by default. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "../../base/cleanup.h"
#include "../../base/root.h"
#include "../inspect.h"
#include "unified_image.h"
#include "grub2_config.h"
#include "lilo_config.h"

/* grub.cfg with a hundred kernels has 300 KiB. */
#define CONFIG_MAX (4u << 20)
#define SNIPPET_MAX 65536
#define SNIPPETS_MAX 256

const char *boot_loader_name(enum boot_loader_kind kind)
{
    static const char *const names[] = {[BOOT_LOADER_GRUB2] = "grub2", [BOOT_LOADER_GRUB_LEGACY] = "grub legacy", [BOOT_LOADER_EXTLINUX] = "extlinux",
                                        [BOOT_LOADER_SYSTEMD_BOOT] = "systemd-boot", [BOOT_LOADER_LILO] = "lilo"};
    return names[kind];
}

/* A path from the top of a btrfs begins with the subvolume: "/@/boot/vmlinuz". Where that was not named, it is one of the top. */
static const char *in_subvolume(const struct guest *guest, const char *path)
{
    const char *subvolume = guest->root_partition ? guest->root_partition->subvolume : NULL;
    size_t length = subvolume ? strlen(subvolume) : strcspn(path + (*path == '/'), "/");
    bool is_below = *path == '/' && (!subvolume || strncmp(path + 1, subvolume, length) == 0);
    return is_below && path[1 + length] == '/' ? path + 1 + length : NULL;
}

/* Paths start at the root of the file system that holds the loader's files: with a /boot of its own "/vmlinuz" is /boot/vmlinuz,
 * on an EFI system partition it is /boot/efi/vmlinuz. extlinux takes a path without a slash from the directory of its configuration. */
static char *path_in_guest(const struct guest *guest, const char *config, const char *path)
{
    if (!path)
        return NULL;
    const char *plain = *path == '(' && strchr(path, ')') ? strchr(path, ')') + 1 : path;
    const char *bare = plain + (*plain == '/');
    cleanup_free char *beside = checked_printf("%.*s/%s", (int)(strrchr(config, '/') - config), config, bare);
    cleanup_free char *below_boot = checked_printf("/boot/%s", bare), *below_esp = checked_printf("/boot/efi/%s", bare), *below_efi = checked_printf("/efi/%s", bare);
    const char *candidates[] = {*plain == '/' ? plain : beside, below_boot, below_esp, below_efi, in_subvolume(guest, plain)};
    for (size_t i = 0; i < sizeof candidates / sizeof *candidates; i++)
        if (candidates[i] && root_is_file(guest->root_fd, candidates[i]))
            return checked_copy(candidates[i]);
    return checked_copy(plain);
}

/* An entry whose kernel is not there still stands in the menu, by the name that it has there. */
static void settle_paths(struct guest *guest)
{
    struct boot_loader *boot = &guest->boot;
    for (size_t i = 0; i < boot->menu.count; i++) {
        struct boot_entry *entry = &boot->menu.items[i];
        boot_entry_set(&entry->kernel, path_in_guest(guest, boot->config, entry->kernel));
        if (entry->initrd)
            boot_entry_set(&entry->initrd, path_in_guest(guest, boot->config, entry->initrd));
    }
}

static void take_default(struct guest *guest)
{
    struct boot_loader *boot = &guest->boot;
    settle_paths(guest);
    if (boot->menu.chosen >= boot->menu.count) {
        cleanup_free char *note = checked_printf("%s holds no menu entry that could be understood", boot->config);
        strings_add(&guest->notes, note);
        return;
    }
    const struct boot_entry *entry = &boot->menu.items[boot->menu.chosen];
    boot->default_kernel = checked_copy(entry->kernel);
    boot->default_initrd = checked_copy(entry->initrd);
    boot->default_root = checked_copy(entry->root);
    boot->default_arguments = checked_copy(entry->arguments);
    boot->default_title = checked_copy(entry->title ? entry->title : "");
}

static int newest_first(const void *a, const void *b)
{
    return strverscmp(*(char *const *)b, *(char *const *)a);
}

/* A name, or a pattern that ends in a star; NULL: none is wanted. */
static bool is_wanted(const char *id, const char *wanted)
{
    size_t length = wanted ? strcspn(wanted, "*") : 0;
    return wanted && *wanted && (wanted[length] ? strncmp(id, wanted, length) == 0 : string_is(id, wanted));
}

/* The entries of a directory by their names, the newest first, as both loaders show them; `wanted` is a name, or a pattern that
 * ends in a star (systemd-boot's `default`). */
static void read_entries(struct guest *guest, const char *directory, const char *variables, const char *wanted)
{
    struct boot_entries *menu = &guest->boot.menu;
    cleanup_strings struct strings names = {0};
    bool found = false;
    root_list(guest->root_fd, directory, &names);
    if (names.count)
        qsort(names.items, names.count, sizeof *names.items, newest_first);
    for (size_t i = 0, read = 0; i < names.count && read < SNIPPETS_MAX; i++) {
        if (!string_ends(names.items[i], ".conf"))
            continue;
        cleanup_free char *path = checked_printf("%s/%s", directory, names.items[i]);
        cleanup_free char *text = root_read(guest->root_fd, path, SNIPPET_MAX, NULL);
        cleanup_free char *id = checked_copy_bytes(names.items[i], strlen(names.items[i]) - strlen(".conf"));
        struct boot_entry entry;
        read++;
        if (!text)
            continue;
        bls_entry(text, id, variables, &entry);
        if (boot_entries_add(menu, &entry) && is_wanted(id, wanted) && !found)
            menu->chosen = menu->count - 1, found = true;
    }
    if (!found)
        menu->chosen = 0;
}

/* grub.cfg of Fedora 30, RHEL 8 and later has the command `blscfg` where the entries would stand. */
static bool has_blscfg(const char *config)
{
    const char *at = strstr(config, "\nblscfg");
    return at && (at[7] == '\n' || at[7] == '\0' || at[7] == '\r');
}

static void read_grub2(struct guest *guest, const char *config)
{
    static const char entries[] = "/boot/loader/entries";
    struct boot_loader *boot = &guest->boot;
    cleanup_free char *path = checked_printf("%.*s/grubenv", (int)(strrchr(boot->config, '/') - boot->config), boot->config);
    cleanup_free char *environment = root_read(guest->root_fd, path, SNIPPET_MAX, NULL);
    if (environment)
        boot->environment = checked_copy(path);
    boot->default_is_saved = grub2_default_is_saved(config);
    if (!has_blscfg(config) || !root_is_directory(guest->root_fd, entries)) {
        grub2_entries(config, environment, &boot->menu);
        return;
    }
    cleanup_free char *saved = environment ? grub2_environment_value(environment, "saved_entry") : NULL;
    boot->entries_directory = checked_copy(entries);
    boot->default_is_saved = environment != NULL;
    read_entries(guest, entries, environment, saved);
}

static void read_grub_legacy(struct guest *guest, const char *config)
{
    grub_legacy_entries(config, &guest->boot.menu);
}

static char *read_include(void *context, const char *path)
{
    const struct guest *guest = context;
    cleanup_free char *full = path_in_guest(guest, guest->boot.config, path);
    return root_read(guest->root_fd, full, SNIPPET_MAX, NULL);
}

static void read_extlinux(struct guest *guest, const char *config)
{
    extlinux_entries(config, read_include, guest, &guest->boot.menu);
}

static void read_lilo(struct guest *guest, const char *config)
{
    lilo_entries(config, &guest->boot.menu);
}

/* `default NAME` in loader.conf; ".conf" may stand at its end, and a star. */
static char *systemd_boot_default(const char *config)
{
    const char *line;
    for (size_t length; next_line(&config, &line, &length);) {
        cleanup_free char *copy = checked_copy_bytes(line, length);
        char *word = string_trim(copy), *value = word + strcspn(word, " \t");
        if (!*value || strncmp(word, "default", 7) != 0 || value != word + 7)
            continue;
        value = string_trim(value);
        return checked_copy_bytes(value, string_ends(value, ".conf") ? strlen(value) - strlen(".conf") : strlen(value));
    }
    return NULL;
}

/* Unified kernel images are entries by themselves; systemd-boot calls them by the whole name of their file. */
static void read_unified_images(struct guest *guest, const char *config, const char *wanted)
{
    cleanup_free char *directory = checked_printf("%.*s/EFI/Linux", (int)(strstr(config, "/loader/") - config), config);
    cleanup_strings struct strings names = {0};
    struct boot_entries *menu = &guest->boot.menu;
    root_list(guest->root_fd, directory, &names);
    if (names.count)
        qsort(names.items, names.count, sizeof *names.items, newest_first);
    for (size_t i = 0; i < names.count && i < SNIPPETS_MAX; i++) {
        cleanup_free char *path = checked_printf("%s/%s", directory, names.items[i]);
        cleanup_close int fd = string_ends(names.items[i], ".efi") ? root_open(guest->root_fd, path, O_RDONLY, 0) : -1;
        struct boot_entry entry;
        if (fd >= 0 && unified_image_entry(fd, path, &entry) == 0 && boot_entries_add(menu, &entry) && is_wanted(names.items[i], wanted))
            menu->chosen = menu->count - 1;
    }
}

static void read_systemd_boot(struct guest *guest, const char *config)
{
    cleanup_free char *wanted = systemd_boot_default(config);
    struct boot_loader *boot = &guest->boot;
    boot->entries_directory = checked_printf("%.*s/entries", (int)(strrchr(boot->config, '/') - boot->config), boot->config);
    read_entries(guest, boot->entries_directory, NULL, wanted);
    read_unified_images(guest, boot->config, wanted);
}

/* In this order: GRUB 2 leaves the files of its forerunner where they are, GRUB's own directory is there whatever came after, and what came after LILO
 * left lilo.conf behind. */
static const struct place {
    enum boot_loader_kind kind;
    const char *config;
    void (*read)(struct guest *guest, const char *config);
} places[] = {
    {BOOT_LOADER_GRUB2, "/boot/grub/grub.cfg", read_grub2},
    {BOOT_LOADER_GRUB2, "/boot/grub2/grub.cfg", read_grub2},
    {BOOT_LOADER_GRUB2, "/boot/efi/EFI/redhat/grub.cfg", read_grub2}, /* RHEL 7 and 8 on EFI */
    {BOOT_LOADER_GRUB2, "/boot/efi/EFI/centos/grub.cfg", read_grub2},
    {BOOT_LOADER_GRUB2, "/boot/efi/EFI/rocky/grub.cfg", read_grub2},
    {BOOT_LOADER_GRUB2, "/boot/efi/EFI/almalinux/grub.cfg", read_grub2},
    {BOOT_LOADER_GRUB2, "/boot/efi/EFI/fedora/grub.cfg", read_grub2}, /* up to 33 */
    {BOOT_LOADER_SYSTEMD_BOOT, "/boot/efi/loader/loader.conf", read_systemd_boot},
    {BOOT_LOADER_SYSTEMD_BOOT, "/efi/loader/loader.conf", read_systemd_boot},
    {BOOT_LOADER_SYSTEMD_BOOT, "/boot/loader/loader.conf", read_systemd_boot},
    {BOOT_LOADER_EXTLINUX, "/boot/extlinux/extlinux.conf", read_extlinux},   /* Debian */
    {BOOT_LOADER_EXTLINUX, "/boot/extlinux.conf", read_extlinux},            /* Alpine */
    {BOOT_LOADER_EXTLINUX, "/boot/syslinux/syslinux.cfg", read_extlinux},    /* Arch */
    {BOOT_LOADER_EXTLINUX, "/boot/syslinux/extlinux.conf", read_extlinux},
    {BOOT_LOADER_GRUB_LEGACY, "/boot/grub/menu.lst", read_grub_legacy},      /* Debian, SUSE; a link to grub.conf on RHEL */
    {BOOT_LOADER_GRUB_LEGACY, "/boot/grub/grub.conf", read_grub_legacy},
    {BOOT_LOADER_LILO, LILO_CONFIG, read_lilo},
};

/* What rehost has put in the place of a loader that could not start here. */
static const struct place given = {BOOT_LOADER_EXTLINUX, "/boot/extlinux/extlinux.conf", read_extlinux};

/* False: it is not there, or not to be read, which is noted. */
static bool read_place(struct guest *guest, const struct place *place, const char *mark)
{
    cleanup_free char *config = root_read(guest->root_fd, place->config, CONFIG_MAX, NULL);
    if (!config && errno != ENOENT && errno != ENOTDIR) {
        cleanup_free char *note = checked_printf("%s cannot be read: %s", place->config, strerror(errno));
        strings_add_new(&guest->notes, note);
    }
    if (!config || !string_starts(config, mark))
        return false;
    guest->boot.kind = place->kind;
    guest->boot.config = checked_copy(place->config);
    place->read(guest, config);
    take_default(guest);
    return true;
}

void boot_loader_read(struct guest *guest)
{
    bool found = read_place(guest, &given, EXTLINUX_MARK);
    for (size_t i = 0; !found && i < sizeof places / sizeof *places; i++)
        found = read_place(guest, &places[i], "");
}
