/* The kernels that are installed: their images, initrds and module tables. */
#include <stdlib.h>
#include <string.h>

#include "../base/cleanup.h"
#include "../base/root.h"
#include "initrd.h"
#include "inspect.h"
#include "modules.h"

#define KERNELS_MAX 64
/* Their initrds are unpacked to be listed: a second each. */
#define INITRDS_READ_MAX 4

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

/* Debian's names, then Fedora's, then SUSE's. */
static char *image_of(int root_fd, const char *version)
{
    return first_file(root_fd, version, (const char *const[]){"/boot/vmlinuz-*", "/boot/vmlinux-*", "/lib/modules/*/vmlinuz", NULL});
}

static char *initrd_of(int root_fd, const char *version)
{
    return first_file(root_fd, version, (const char *const[]){"/boot/initrd.img-*", "/boot/initramfs-*.img", "/boot/initrd-*", NULL});
}

static void collect_versions(int root_fd, struct strings *versions)
{
    static const char *const prefixes[] = {"vmlinuz-", "vmlinux-"};
    cleanup_strings struct strings images = {0}, directories = {0};
    root_list(root_fd, "/boot", &images);
    root_list(root_fd, "/lib/modules", &directories);
    for (size_t i = 0; i < images.count; i++)
        for (size_t j = 0; j < sizeof prefixes / sizeof *prefixes; j++)
            if (string_starts(images.items[i], prefixes[j]) && !string_ends(images.items[i], ".old") && versions->count < KERNELS_MAX)
                strings_add_new(versions, images.items[i] + strlen(prefixes[j]));
    for (size_t i = 0; i < directories.count && versions->count < KERNELS_MAX; i++) {
        cleanup_free char *dep = checked_printf("/lib/modules/%s/modules.dep", directories.items[i]);
        if (root_is_file(root_fd, dep)) /* what a removed kernel leaves behind has none */
            strings_add_new(versions, directories.items[i]);
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
