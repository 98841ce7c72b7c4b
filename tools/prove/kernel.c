/* The kernel that boots, its initrd, and the drivers that it has before the root is there. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "../base/cleanup.h"
#include "../base/root.h"
#include "../guest/boot/unified_image.h"
#include "../guest/kernel/initrd.h"
#include "../guest/kernel/modules.h"
#include "proving.h"

/* The x86 boot protocol (Documentation/arch/x86/boot.rst): "HdrS" at 0x202, 55 AA at 0x1fe. */
#define BZIMAGE_MAGIC 0x202

/* An image that the boot loader of a PC starts. */
static bool is_kernel_image(const unsigned char *head, size_t length)
{
    if (length >= BZIMAGE_MAGIC + 4 && memcmp(head + BZIMAGE_MAGIC, "HdrS", 4) == 0)
        return head[0x1fe] == 0x55 && head[0x1ff] == 0xaa;
    return length >= 4 && memcmp(head, "\177ELF", 4) == 0;
}

/* A 32-bit system runs on a 64-bit PC; otherwise they must be the same. */
static bool machine_fits(const char *guest, const char *here)
{
    return !guest || !here || string_is(guest, here) || (string_is(guest, "i686") && string_is(here, "x86_64"));
}

void prove_kernel(const struct proving *proving, struct proof_link *link)
{
    const char *path = proving->guest->boot.default_kernel;
    const char *machine = proving->guest->system.machine, *here = proving->hardware->machine;
    unsigned char head[1024];
    if (!path) {
        link_broken(link, "run `update-grub` in the guest", "it is not known which kernel boots");
        return;
    }
    cleanup_close int fd = root_open(proving->guest->root_fd, path, O_RDONLY, 0);
    uint64_t offset = 0, bytes;
    if (fd >= 0 && !unified_image_section(fd, ".linux", &offset, &bytes))
        offset = 0;
    ssize_t length = fd < 0 || !root_is_file(proving->guest->root_fd, path) ? -1 : pread(fd, head, sizeof head, (off_t)offset);
    if (length < 0)
        link_broken(link, "install the kernel's package again, then `update-grub`", "the kernel %s that boots by default cannot be read: %s", path, strerror(errno));
    else if (!is_kernel_image(head, (size_t)length))
        link_broken(link, "install the kernel's package again", "%s is no kernel: it begins as none does", path);
    else if (proving->kernel && proving->kernel->only_on_xen)
        link_broken(link, "install the usual kernel on the source", "%s runs as a paravirtual guest of Xen only", path);
    else if (!machine_fits(machine, here))
        link_broken(link, "move it onto a machine of its kind", "the guest is made for %s, and this machine is %s", machine, here);
    else
        link_holds(link, "%s%s%s", path, proving->kernel ? ", version " : "", proving->kernel ? proving->kernel->version : "");
}

void prove_initrd(const struct proving *proving, struct proof_link *link)
{
    const char *path = proving->guest->boot.default_initrd;
    const struct initrd *initrd = proving->initrd;
    if (!path && proving->guest->boot.default_kernel)
        link_unknown(link, "the menu entry has no initrd: the kernel must do without");
    else if (!path)
        link_unknown(link, "it is not known which initrd boots");
    else if (!root_is_file(proving->guest->root_fd, path))
        link_broken(link, WAY_OUT_FIX, "the initrd %s is missing", path);
    else if (!initrd->was_read)
        link_unknown(link, "%s is there; it was not read through, as that would take long over the network", path);
    else if (initrd->problem)
        link_broken(link, WAY_OUT_FIX, "the initrd %s is damaged: %s", path, initrd->problem);
    else
        link_holds(link, "%s is whole, with %zu modules", path, initrd->modules.count);
}

const struct strings *modules_before_root(const struct proving *proving, struct proof_link *link)
{
    static const struct strings none;
    if (!proving->kernel)
        link_unknown(link, "it is not known which kernel boots");
    else if (!proving->kernel->modules)
        link_broken(link, "install the kernel's package again", "/lib/modules/%s has no module tables", proving->kernel->version);
    else if (!proving->initrd)
        return &none;
    else if (!proving->initrd->was_read)
        link_unknown(link, "the initrd was not read");
    else
        return &proving->initrd->modules;
    return NULL;
}

/* `available` as for drivers_serve. False: the link says what is missing; else the drivers stand in `*found`, the caller's. */
static bool disk_is_driven(const struct proving *proving, const struct hardware_disk *disk, const struct strings *available, char **found, struct proof_link *link)
{
    cleanup_free char *lacking = NULL;
    if (drivers_serve(proving, &disk->modaliases, disk->driver, available, found, &lacking))
        return true;
    if (string_starts(lacking, "nothing "))
        link_broken(link, "install a kernel that has the driver, or give this machine another disk controller", "%s of this machine: %s", disk->device, lacking);
    else if (available)
        link_broken(link, WAY_OUT_FIX, "the initrd %s lacks what %s of this machine needs: %s", proving->guest->boot.default_initrd ? proving->guest->boot.default_initrd : "(none)",
                    disk->device, lacking);
    else
        link_broken(link, "install the kernel's package again", "/lib/modules/%s lacks what %s of this machine needs: %s", proving->kernel->version, disk->device, lacking);
    return false;
}

/* The guest's other disks have to be there before the root only where it lies on them, too. */
static bool others_are_driven(const struct proving *proving, const struct strings *early, struct text *all, struct proof_link *link)
{
    unsigned early_disks = guest_early_disks(proving->guest);
    for (size_t i = 0; i < proving->guest->other_count; i++) {
        const struct hardware_disk *disk = proving->other_disks[i];
        bool is_early = early_disks >> (i + 1) & 1;
        cleanup_free char *found = NULL;
        if (!disk || !disk->modaliases.count)
            continue;
        if (!disk_is_driven(proving, disk, is_early ? early : NULL, &found, link))
            return false;
        text_printf(all, "; %s by %s%s", disk->device, found, is_early ? ", there too" : "");
    }
    return true;
}

void prove_disk_driver(const struct proving *proving, struct proof_link *link)
{
    const struct hardware_disk *disk = proving->disk;
    const struct strings *early = modules_before_root(proving, link);
    cleanup_free char *found = NULL;
    cleanup_text struct text others = {0};
    if (!disk) {
        link_unknown(link, "this machine has no disk to boot from");
        return;
    }
    if (!early)
        return;
    if (!disk->modaliases.count)
        link_unknown(link, "%s of this machine does not say what it is", disk->device);
    else if (disk_is_driven(proving, disk, early, &found, link) && others_are_driven(proving, early, &others, link))
        link_holds(link, "%s and its controller are driven by %s, in the initrd or the kernel itself%s", disk->device, found, others.length ? others.data : "");
}

/* "fs-ext4" is the alias by which the kernel asks for a file system; the module's own name is the file system's. */
void prove_root_driver(const struct proving *proving, struct proof_link *link)
{
    const struct partition *root = proving->guest->root_partition;
    const struct strings *early = modules_before_root(proving, link);
    if (!root || !root->fs_type) {
        link_unknown(link, "only a directory was given; the disk would tell");
        return;
    }
    if (!early)
        return;
    cleanup_free char *alias = checked_printf("fs-%s", root->fs_type), *lacking = NULL;
    cleanup_strings struct strings modules = {0};
    modules_match(proving->kernel->modules, alias, &modules);
    strings_add_new(&modules, root->fs_type);
    for (size_t i = 0; i < modules.count; i++)
        if (driver_is_available(proving, modules.items[i], early, &lacking)) {
            link_holds(link, "%s is driven by %s", root->fs_type, modules.items[i]);
            return;
        }
    link_broken(link, WAY_OUT_FIX, "the initrd lacks what the root's %s needs: %s", root->fs_type, lacking);
}
