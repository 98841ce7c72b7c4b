/* guest_open: from what the user named to one record of what is there. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "../base/cleanup.h"
#include "../base/root.h"
#include "../base/same_place.h"
#include "disk/attach.h"
#include "disk/volumes.h"
#include "inspect.h"
#include "kernel/initrd.h"
#include "kernel/modules.h"
#include "network/network.h"

static int open_directory(const char *what, struct guest *guest, struct error *err)
{
    guest->root_fd = open(what, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (guest->root_fd < 0)
        return error_errno(err, "open %s", what);
    if (!root_is_directory(guest->root_fd, "/etc")) {
        close(take_fd(&guest->root_fd));
        return 0;
    }
    strings_add(&guest->systems, what);
    return roots_mount(guest, NULL, GUEST_READ, err);
}

static void read_all(struct guest *guest)
{
    if (guest->root_fd < 0)
        return;
    system_read(guest);
    kernels_read(guest);
    boot_loader_read(guest);
    kernels_join_menu(guest);
    network_read(guest);
}

static bool is_directory(const char *what)
{
    struct stat st;
    return !source_is_uri(what) && stat(what, &st) == 0 && S_ISDIR(st.st_mode);
}

/* A source over the network is a loop device here, which tells nobody what failed. */
static void name_source(const struct guest *guest, struct error *err)
{
    if (!guest->remote || !err || strstr(err->message, guest->what))
        return;
    error_prefix(err, "read %s", guest->what);
    error_advise(err, "check the source's server and the network, then try again");
}

static int attach(const char *what, const char *nbd_uri, enum guest_access access, struct guest *guest, struct error *err)
{
    *guest = (struct guest){.what = checked_copy(what), .root_fd = -1, .writable = access == GUEST_WRITE};
    if (attach_open(what, nbd_uri, access, guest, err) == 0 && partitions_read(guest, err) == 0 && attach_answers(guest, err) == 0)
        return 0;
    name_source(guest, err);
    guest_close(guest, NULL);
    return -1;
}

int guest_attach(const char *what, enum guest_access access, struct guest *guest, struct error *err)
{
    return attach(what, NULL, access, guest, err);
}

int guest_attach_source(const struct source *source, struct guest *guest, struct error *err)
{
    return attach(source->uri, source->nbd_uri, GUEST_READ, guest, err);
}

void guest_add_disk(struct guest *guest, struct guest *other)
{
    guest->others = checked_grow(guest->others, guest->other_count + 1, sizeof *guest->others);
    guest->others[guest->other_count++] = *other;
    *other = (struct guest){.root_fd = -1};
}

static int mount_system(struct guest *guest, struct error *err)
{
    struct partition *root = NULL;
    enum guest_access access = guest->writable ? GUEST_WRITE : GUEST_READ;
    volumes_open(guest, access);
    if (roots_find(guest, &root, err) < 0)
        return -1;
    luks_rename(guest);
    return guest->systems.count == 1 ? roots_mount(guest, root, access, err) : 0;
}

int guest_look_in(struct guest *guest, struct error *err)
{
    int result = mount_system(guest, err);
    if (result == 0)
        read_all(guest);
    if (result == 0)
        result = attach_answers(guest, err);
    if (result < 0)
        name_source(guest, err);
    for (size_t i = 0; result == 0 && i < guest->other_count; i++)
        result = attach_answers(&guest->others[i], err);
    return result;
}

static int attach_others(const char *const *disks, size_t count, enum guest_access access, struct guest *guest, struct error *err)
{
    for (size_t i = 1; i < count; i++) {
        struct guest other;
        if (guest_attach(disks[i], access, &other, err) < 0)
            return -1;
        guest_add_disk(guest, &other);
    }
    return 0;
}

static int open_tree(const char *what, enum guest_access access, struct guest *guest, struct error *err)
{
    *guest = (struct guest){.what = checked_copy(what), .root_fd = -1, .writable = access == GUEST_WRITE};
    if (open_directory(what, guest, err) < 0) {
        guest_close(guest, NULL);
        return -1;
    }
    read_all(guest);
    return 0;
}

/* What is no set of disks: a directory among them, or one of them twice. */
static int check_disks(const char *const *disks, size_t count, struct error *err)
{
    for (size_t i = 0; i < count; i++) {
        if (is_directory(disks[i])) {
            error_set(err, "%s is a directory, and a directory is a whole system: no disks belong to it", disks[i]);
            return error_advise(err, "Name the directory alone, or the disks.");
        }
        for (size_t j = 0; j < i; j++)
            if (is_same_place(disks[i], disks[j]))
                return error_set(err, "%s is named twice: each of a server's disks is named once, the one that it boots from first", disks[i]);
    }
    return 0;
}

int guest_open_disks(const char *const *disks, size_t count, enum guest_access access, struct guest_keys *keys, struct guest *guest, struct error *err)
{
    if (count == 1 && is_directory(disks[0]))
        return open_tree(disks[0], access, guest, err);
    if (check_disks(disks, count, err) < 0 || guest_attach(disks[0], access, guest, err) < 0)
        return -1;
    guest->keys = keys;
    if (attach_others(disks, count, access, guest, err) == 0 && guest_look_in(guest, err) == 0)
        return 0;
    guest_close(guest, NULL);
    return -1;
}

int guest_open(const char *what, enum guest_access access, struct guest *guest, struct error *err)
{
    return guest_open_disks(&what, 1, access, NULL, guest, err);
}

static void free_partition(struct partition *partition)
{
    free(partition->type);
    free(partition->partuuid);
    free(partition->device);
    free(partition->fs_type);
    free(partition->uuid);
    free(partition->label);
    free(partition->mount_point);
    free(partition->problem);
    free(partition->subvolume);
    free(partition->closed);
    free(partition->key_file);
    strings_free(&partition->names);
    strings_free(&partition->drivers);
}

static void free_disk(struct guest_disk *disk)
{
    for (size_t i = 0; i < disk->partition_count; i++)
        free_partition(&disk->partitions[i]);
    for (size_t i = 0; i < disk->volume_count; i++)
        free_partition(&disk->volumes[i]);
    free(disk->partitions);
    free(disk->volumes);
    free(disk->device);
    free(disk->table);
}

static void free_system(struct guest_system *system)
{
    free(system->id);
    free(system->version_id);
    free(system->pretty_name);
    free(system->family);
    free(system->hostname);
    free(system->init);
    free(system->machine);
}

static void free_kernels(struct guest *guest)
{
    for (size_t i = 0; i < guest->kernel_count; i++) {
        struct kernel *kernel = &guest->kernels[i];
        free(kernel->version);
        free(kernel->image);
        initrd_free(&kernel->initrd);
        initrd_free(&kernel->copy);
        modules_free(kernel->modules);
    }
    free(guest->kernels);
}

static void free_boot(struct boot_loader *boot)
{
    free(boot->config);
    free(boot->entries_directory);
    free(boot->environment);
    boot_entries_free(&boot->menu);
    free(boot->default_kernel);
    free(boot->default_initrd);
    free(boot->default_root);
    free(boot->default_arguments);
    free(boot->default_title);
}

static void free_lists(struct guest *guest)
{
    fstab_free(guest->fstab, guest->fstab_count);
    for (size_t i = 0; i < guest->nic_count; i++)
        guest_nic_free(&guest->nics[i]);
    free(guest->nics);
    strings_free(&guest->systems);
    strings_free(&guest->notes);
}

int guest_close(struct guest *guest, struct error *err)
{
    int result = 0;
    if (guest->writable && guest->root_fd >= 0 && syncfs(guest->root_fd) < 0)
        result = error_errno(err, "flush the guest's root");
    if (guest->what && guest->root_fd >= 0)
        close(guest->root_fd);
    guest->root_fd = -1;
    if (attach_close(guest, result < 0 ? NULL : err) < 0)
        result = -1;
    for (size_t i = 0; i < guest->other_count; i++)
        if (guest_close(&guest->others[i], result < 0 ? NULL : err) < 0)
            result = -1;
    free(guest->others);
    free_disk(&guest->disk);
    free_system(&guest->system);
    free_kernels(guest);
    free_boot(&guest->boot);
    free_lists(guest);
    free(guest->what);
    free(guest->root_path);
    *guest = (struct guest){.root_fd = -1};
    return result;
}
