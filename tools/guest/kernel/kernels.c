/* The kernels that are installed: their images, initrds and module tables. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../base/cleanup.h"
#include "../../base/root.h"
#include "../inspect.h"
#include "initrd.h"
#include "modules.h"

#define KERNELS_MAX 64
/* Their initrds are unpacked to be listed: a second each. */
#define INITRDS_READ_MAX 4
#define CONFIG_MAX (1u << 20)

static char *first_file(int root_fd, const char *version, const char *const *formats)
{
    for (; *formats; formats++) {
        char *star = strchr(*formats, '*');
        char *path = checked_printf("%.*s%s%s", (int)(star - *formats), *formats, version, star + 1);
        if (root_is_file(root_fd, path))
            return path;
        free(path);
    }
    return NULL;
}

/* Alpine and Arch name their files by the flavour and not by the version: "lts" of 6.6.31-0-lts stands at the end of the version,
 * "linux" of 6.9.1-arch1-1 in the file pkgbase beside its modules. NULL when there is no such word. */
static char *flavour_of(int root_fd, const char *version)
{
    cleanup_free char *pkgbase = checked_printf("/lib/modules/%s/pkgbase", version);
    char *name = root_read_line(root_fd, pkgbase);
    if (name && *name && !strchr(name, '/'))
        return name;
    free(name);
    const char *last = strrchr(version, '-');
    return last && last[1] && strspn(last + 1, "0123456789.") != strlen(last + 1) ? checked_copy(last + 1) : NULL;
}

static char *file_of(int root_fd, const char *version, const char *const *by_version, const char *const *by_flavour)
{
    char *path = first_file(root_fd, version, by_version);
    cleanup_free char *flavour = path ? NULL : flavour_of(root_fd, version);
    return path || !flavour ? path : first_file(root_fd, flavour, by_flavour);
}

/* Debian's and Fedora's names, then SUSE's, then those of a kernel made by hand and of Gentoo's genkernel. */
static char *image_of(int root_fd, const char *version)
{
    return file_of(root_fd, version, (const char *const[]){"/boot/vmlinuz-*", "/boot/vmlinux-*", "/boot/kernel-*", "/boot/kernel-genkernel-x86_64-*", "/boot/kernel-genkernel-x86-*", "/lib/modules/*/vmlinuz", NULL},
                   (const char *const[]){"/boot/vmlinuz-*", NULL});
}

static char *initrd_of(int root_fd, const char *version)
{
    return file_of(root_fd, version,
                   (const char *const[]){"/boot/initrd.img-*", "/boot/initramfs-*.img", "/boot/initrd-*", "/boot/initrd-*.img", "/boot/initramfs-genkernel-x86_64-*",
                                         "/boot/initramfs-genkernel-x86-*", NULL},
                   (const char *const[]){"/boot/initramfs-*.img", "/boot/booster-*.img", "/boot/initramfs-*", NULL});
}

/* Kernels of the time before Linux itself could run on Xen (2.6.18 of RHEL 5, SUSE's up to SLES 11) had a variant for Xen alone;
 * later ones bear the name as well and run everywhere (Debian 6's 2.6.32-5-xen-amd64): those have CONFIG_PARAVIRT. */
static bool is_only_for_xen(int root_fd, const struct kernel *kernel)
{
    cleanup_free char *path = checked_printf("/boot/config-%s", kernel->version);
    cleanup_free char *config = root_read(root_fd, path, CONFIG_MAX, NULL);
    if (config)
        return strstr(config, "CONFIG_XEN=y") && !strstr(config, "\nCONFIG_PARAVIRT=y");
    unsigned char head[2] = {0};
    cleanup_close int fd = kernel->image ? root_open(root_fd, kernel->image, O_RDONLY, 0) : -1;
    bool is_gzip = fd >= 0 && read(fd, head, sizeof head) == sizeof head && head[0] == 0x1f && head[1] == 0x8b;
    return is_gzip && strstr(kernel->version, "xen"); /* the bare kernel, without the head that a boot loader starts */
}

/* Slackware puts the flavour first: /boot/vmlinuz-huge-4.4.14 has its modules in /lib/modules/4.4.14. */
static bool ends_in_version(const char *name, const struct strings *versions)
{
    for (size_t i = 0; i < versions->count; i++) {
        cleanup_free char *end = checked_printf("-%s", versions->items[i]);
        if (string_ends(name, end))
            return true;
    }
    return false;
}

static void collect_versions(int root_fd, struct strings *versions)
{
    static const char *const prefixes[] = {"vmlinuz-", "vmlinux-"};
    cleanup_strings struct strings flavours = {0};
    cleanup_strings struct strings images = {0}, directories = {0};
    root_list(root_fd, "/boot", &images);
    root_list(root_fd, "/lib/modules", &directories);
    for (size_t i = 0; i < directories.count && versions->count < KERNELS_MAX; i++) {
        cleanup_free char *dep = checked_printf("/lib/modules/%s/modules.dep", directories.items[i]);
        cleanup_free char *flavour = flavour_of(root_fd, directories.items[i]);
        if (!root_is_file(root_fd, dep)) /* what a removed kernel leaves behind has none */
            continue;
        strings_add_new(versions, directories.items[i]);
        if (flavour)
            strings_add_new(&flavours, flavour);
    }
    for (size_t i = 0; i < images.count; i++)
        for (size_t j = 0; j < sizeof prefixes / sizeof *prefixes; j++) {
            const char *version = images.items[i] + strlen(prefixes[j]);
            if (string_starts(images.items[i], prefixes[j]) && !string_ends(version, ".old") && versions->count < KERNELS_MAX && !strings_contain(&flavours, version) &&
                !ends_in_version(version, versions))
                strings_add_new(versions, version);
        }
}

static int newest_first(const void *a, const void *b)
{
    return strverscmp(*(char *const *)b, *(char *const *)a);
}

static void take_kernel(struct guest *guest, const char *version, struct kernel *kernel)
{
    cleanup_free char *directory = checked_printf("/lib/modules/%s", version);
    kernel->version = checked_copy(version);
    kernel->image = image_of(guest->root_fd, version);
    kernel->initrd.path = initrd_of(guest->root_fd, version);
    kernel->modules = modules_load(guest->root_fd, directory, NULL);
    kernel->only_on_xen = is_only_for_xen(guest->root_fd, kernel);
}

void kernels_read(struct guest *guest)
{
    cleanup_strings struct strings versions = {0};
    collect_versions(guest->root_fd, &versions);
    if (versions.count)
        qsort(versions.items, versions.count, sizeof *versions.items, newest_first);
    guest->kernels = checked_alloc((versions.count + 1) * sizeof *guest->kernels);
    for (size_t i = 0, read = 0; i < versions.count; i++) {
        struct kernel *kernel = &guest->kernels[guest->kernel_count++];
        take_kernel(guest, versions.items[i], kernel);
        if (kernel->initrd.path && !guest->remote && read++ < INITRDS_READ_MAX)
            initrd_read(guest->root_fd, kernel->initrd.path, &kernel->initrd);
    }
}

/* /vmlinuz is a link to the kernel in /boot on many systems; on an EFI system partition it is MACHINE-ID/VERSION/linux. */
static int kernel_index_of(const struct guest *guest, const struct boot_entry *entry)
{
    for (size_t i = 0; i < guest->kernel_count; i++)
        if (string_is(entry->version, guest->kernels[i].version))
            return (int)i;
    for (size_t i = 0; i < guest->kernel_count; i++)
        if (root_is_same_file(guest->root_fd, entry->kernel, guest->kernels[i].image))
            return (int)i;
    cleanup_free char *target = root_readlink(guest->root_fd, entry->kernel);
    for (size_t i = 0; i < guest->kernel_count; i++) {
        cleanup_free char *middle = checked_printf("/%s/", guest->kernels[i].version), *end = checked_printf("-%s", guest->kernels[i].version);
        if (strstr(entry->kernel, middle) || string_ends(target ? target : entry->kernel, end))
            return (int)i;
    }
    return -1;
}

static void read_initrd(const struct guest *guest, struct initrd *initrd)
{
    if (initrd->path && !guest->remote)
        initrd_read(guest->root_fd, initrd->path, initrd);
}

static void take_files(struct guest *guest, const struct boot_entry *entry, struct kernel *kernel)
{
    if (!kernel->image)
        kernel->image = checked_copy(entry->kernel);
    initrd_free(&kernel->initrd);
    kernel->initrd.path = checked_copy(entry->initrd);
    read_initrd(guest, &kernel->initrd);
}

static bool is_for_rescue(const struct boot_entry *entry)
{
    return strstr(entry->arguments, "single") || strstr(entry->arguments, "recovery");
}

const struct boot_entry *guest_entry_of_kernel(const struct guest *guest, const struct kernel *kernel)
{
    const struct boot_entries *menu = &guest->boot.menu;
    const struct boot_entry *rescue = NULL;
    if (menu->chosen < menu->count && guest_kernel_of_entry(guest, &menu->items[menu->chosen]) == kernel)
        return &menu->items[menu->chosen];
    for (size_t i = menu->count; i-- > 0;) {
        const struct boot_entry *entry = &menu->items[i];
        if (guest_kernel_of_entry(guest, entry) != kernel)
            continue;
        if (!is_for_rescue(entry))
            return entry;
        rescue = entry;
    }
    return rescue;
}

/* systemd-boot starts what kernel-install has laid onto the EFI system partition. */
static void take_copy(const struct guest *guest, struct kernel *kernel)
{
    const struct boot_entry *entry = guest_entry_of_kernel(guest, kernel);
    if (!entry || entry->is_unified || !entry->initrd || !root_is_file(guest->root_fd, entry->initrd) ||
        root_is_same_file(guest->root_fd, entry->initrd, kernel->initrd.path))
        return;
    kernel->copy.path = checked_copy(entry->initrd);
    if (kernel->initrd.was_read || !kernel->initrd.path) /* else it is one of too many, or far away */
        read_initrd(guest, &kernel->copy);
}

const struct initrd *kernel_started_initrd(const struct kernel *kernel)
{
    return kernel->copy.path ? &kernel->copy : &kernel->initrd;
}

/* Fedora's and openSUSE's kernels lie beside their modules; where systemd-boot starts them, their initrds are made on the EFI system partition and
 * nowhere else. */
static bool only_menu_has_initrd(const struct guest *guest, const struct boot_entry *entry, const struct kernel *kernel)
{
    return !kernel->initrd.path && entry->initrd && root_is_file(guest->root_fd, entry->initrd);
}

void kernels_join_menu(struct guest *guest)
{
    const struct boot_entries *menu = &guest->boot.menu;
    for (size_t n = 0; n < menu->count; n++) { /* what boots comes first, as its files are those that count */
        size_t i = (menu->chosen + n) % menu->count;
        struct boot_entry *entry = &menu->items[i];
        entry->kernel_index = kernel_index_of(guest, entry);
        struct kernel *kernel = entry->kernel_index >= 0 ? &guest->kernels[entry->kernel_index] : NULL;
        bool boots_unified = entry->is_unified && i == menu->chosen; /* an initrd in /boot is but what it was made of */
        if (kernel && (!kernel->image || boots_unified || only_menu_has_initrd(guest, entry, kernel)) && root_is_file(guest->root_fd, entry->kernel))
            take_files(guest, entry, kernel);
    }
    for (size_t i = 0; i < guest->kernel_count; i++)
        take_copy(guest, &guest->kernels[i]);
}

const struct kernel *guest_kernel_of_entry(const struct guest *guest, const struct boot_entry *entry)
{
    return entry->kernel_index >= 0 ? &guest->kernels[entry->kernel_index] : NULL;
}

const struct kernel *guest_default_kernel(const struct guest *guest)
{
    const struct boot_entries *menu = &guest->boot.menu;
    if (menu->chosen < menu->count)
        return guest_kernel_of_entry(guest, &menu->items[menu->chosen]);
    for (size_t i = 0; i < guest->kernel_count; i++)
        if (guest->kernels[i].image)
            return &guest->kernels[i];
    return NULL;
}
