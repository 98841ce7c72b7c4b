/* What the boot loader boots by default. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../base/cleanup.h"
#include "../base/root.h"
#include "grub2_config.h"
#include "inspect.h"

/* grub.cfg with a hundred kernels has 300 KiB. */
#define CONFIG_MAX (4u << 20)

/* Paths in grub.cfg start at the root of the file system that holds /boot: with a /boot of its own "/vmlinuz" is
 * /boot/vmlinuz, and with btrfs the subvolume stands in front ("/@/boot/vmlinuz"). */
static char *path_in_guest(int root_fd, const char *path)
{
    if (!path)
        return NULL;
    const char *plain = *path == '(' && strchr(path, ')') ? strchr(path, ')') + 1 : path;
    const char *second = *plain == '/' ? strchr(plain + 1, '/') : NULL;
    cleanup_free char *below_boot = checked_printf("/boot/%s", plain + (*plain == '/'));
    const char *candidates[] = {plain, below_boot, second};
    for (size_t i = 0; i < 3; i++)
        if (candidates[i] && root_is_file(root_fd, candidates[i]))
            return checked_copy(candidates[i]);
    return checked_copy(plain);
}

static void read_config(struct guest *guest, const char *config)
{
    struct boot_loader *boot = &guest->boot;
    struct grub2_entry entry;
    cleanup_free char *environment = root_read(guest->root_fd, "/boot/grub/grubenv", 65536, NULL);
    if (grub2_default_entry(config, environment, &entry) < 0) {
        cleanup_free char *note = checked_printf("%s holds no menu entry that could be understood", boot->config);
        strings_add(&guest->notes, note);
        return;
    }
    boot->default_kernel = path_in_guest(guest->root_fd, entry.kernel);
    boot->default_initrd = path_in_guest(guest->root_fd, entry.initrd);
    boot->default_root = take_pointer(entry.root);
    boot->default_arguments = take_pointer(entry.arguments);
    boot->default_title = take_pointer(entry.title);
    grub2_entry_free(&entry);
}

void boot_loader_read(struct guest *guest)
{
    static const char *const configs[] = {"/boot/grub/grub.cfg", "/boot/grub2/grub.cfg"};
    for (size_t i = 0; i < sizeof configs / sizeof *configs; i++) {
        cleanup_free char *config = root_read(guest->root_fd, configs[i], CONFIG_MAX, NULL);
        if (!config && errno == ENOENT)
            continue;
        if (!config) {
            cleanup_free char *note = checked_printf("%s cannot be read: %s", configs[i], strerror(errno));
            strings_add(&guest->notes, note);
            continue;
        }
        guest->boot.kind = BOOT_LOADER_GRUB2;
        guest->boot.config = checked_copy(configs[i]);
        read_config(guest, config);
        return;
    }
}
