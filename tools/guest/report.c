/* What `rehost inspect` tells people. */
#include <string.h>

#include "../base/cleanup.h"
#include "inspect.h"

static const char *or_dash(const char *string)
{
    return string ? string : "-";
}

static void add_part(struct text *text, const struct partition *p)
{
    cleanup_free char *size = size_for_people(p->size_bytes), *number = p->kind == LAYER_NONE ? checked_printf("%u", p->number) : checked_copy("");
    text_printf(text, "  %3s %10s  %-6s %-12s %s%s%s%s", number, size, p->bootable ? "active" : "", or_dash(p->fs_type), p->uuid ? "UUID " : "", p->uuid ? p->uuid : "",
                p->label ? ", label " : "", p->label ? p->label : "");
    text_printf(text, "%s%s%s", p->names.count ? ", volume " : "", p->names.count ? p->names.items[0] : "", p->kind == LAYER_BTRFS ? ", over several devices" : "");
    text_printf(text, "%s%s\n", p->mount_point ? ", is " : "", p->mount_point ? p->mount_point : "");
    if (p->missing)
        text_printf(text, "      degraded: %u of its disks %s not here\n", p->missing, p->missing == 1 ? "is" : "are");
    if (p->problem)
        text_printf(text, "      problem: %s\n", p->problem);
    if (p->closed)
        text_printf(text, "      not looked into: %s\n", p->closed);
}

static void add_disk(struct text *text, const struct guest *guest)
{
    const struct guest_disk *disk = &guest->disk;
    const struct partition *part;
    if (!disk->device)
        return;
    cleanup_free char *size = size_for_people(disk->size_bytes);
    text_printf(text, "Disk      %s, %s, %s\n", guest->what, size, disk->table ? disk->table : "no partition table");
    for (size_t i = 0; (part = guest_disk_part(disk, i)); i++)
        add_part(text, part);
}

static void add_system(struct text *text, const struct guest *guest)
{
    const struct guest_system *system = &guest->system;
    text_printf(text, "System    %s (%s), host name %s\n", or_dash(system->pretty_name), or_dash(system->machine), or_dash(system->hostname));
    text_printf(text, "Init      %s\n", system->init ? system->init : "none that could be run");
    for (size_t i = 0; i < guest->fstab_count; i++)
        text_printf(text, "fstab     %s on %s, %s (%s)\n", guest->fstab[i].spec, guest->fstab[i].file, guest->fstab[i].type, guest->fstab[i].options);
}

static void add_initrd(struct text *text, const char *name, const struct initrd *initrd)
{
    if (initrd->problem)
        text_printf(text, "          %s %s is damaged: %s\n", name, initrd->path, initrd->problem);
    else if (initrd->path && initrd->was_read)
        text_printf(text, "          %s %s with %zu modules\n", name, initrd->path, initrd->modules.count);
    else
        text_printf(text, "          %s %s\n", name, initrd->path ? initrd->path : "none");
}

static void add_kernel(struct text *text, const struct kernel *kernel)
{
    text_printf(text, "Kernel    %s: %s%s\n", kernel->version, kernel->image ? kernel->image : "no image in /boot", kernel->modules ? "" : ", no modules");
    if (kernel->only_on_xen)
        text_append(text, "          it runs as a paravirtual guest of Xen only\n");
    add_initrd(text, "initrd", &kernel->initrd);
    if (kernel->copy.path)
        add_initrd(text, "copy that is started", &kernel->copy);
}

static void add_boot(struct text *text, const struct boot_loader *boot)
{
    if (boot->kind == BOOT_LOADER_NONE) {
        text_append(text, "Boot      no boot loader that is known here\n");
        return;
    }
    text_printf(text, "Boot      %s, %s, boots \"%s\"\n", boot_loader_name(boot->kind), boot->config, or_dash(boot->default_title));
    text_printf(text, "          %s %s\n", or_dash(boot->default_kernel), or_dash(boot->default_arguments));
    text_printf(text, "          initrd %s\n", or_dash(boot->default_initrd));
}

static void add_nic(struct text *text, const struct guest_nic *nic)
{
    cleanup_free char *addresses = strings_join(&nic->addresses, ", ");
    cleanup_free char *sources = strings_join(&nic->sources, ", ");
    text_printf(text, "NIC       %s, %s%s%s%s (%s)\n", nic->name ? nic->name : "(any name)", nic->mac ? "MAC " : "no MAC bound", nic->mac ? nic->mac : "",
                nic->addresses.count ? ", " : "", addresses, sources);
    if (nic->gateway)
        text_printf(text, "          gateway %s\n", nic->gateway);
    cleanup_free char *leases = strings_join(&nic->leases, ", "), *carries = strings_join(&nic->carries, ", ");
    if (*leases)
        text_printf(text, "          last leased %s\n", leases);
    if (*carries)
        text_printf(text, "          carries %s\n", carries);
}

static void add_rest(struct text *text, const struct guest *guest)
{
    add_system(text, guest);
    for (size_t i = 0; i < guest->kernel_count; i++)
        add_kernel(text, &guest->kernels[i]);
    add_boot(text, &guest->boot);
    for (size_t i = 0; i < guest->nic_count; i++)
        add_nic(text, &guest->nics[i]);
}

char *guest_to_text(const struct guest *guest)
{
    struct text text = {0};
    add_disk(&text, guest);
    for (size_t i = 0; i < guest->other_count; i++)
        add_disk(&text, &guest->others[i]);
    if (guest->systems.count == 0)
        text_append(&text, "System    none was found\n");
    else if (guest->root_fd >= 0)
        add_rest(&text, guest);
    else {
        cleanup_free char *systems = strings_join(&guest->systems, " and ");
        text_printf(&text, "System    %zu of them, and it is not known which is meant: %s\n", guest->systems.count, systems);
    }
    for (size_t i = 0; i < guest->notes.count; i++)
        text_printf(&text, "Note      %s\n", guest->notes.items[i]);
    return string_plain(text_take(&text));
}
