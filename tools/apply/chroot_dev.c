/* See chroot_dev.h. */
#include "chroot_dev.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "../base/cleanup.h"
#include "../base/root.h"

static const struct plain_node {
    const char *path;
    unsigned major, minor;
    mode_t mode;
} plain_nodes[] = {
    /* Documentation/admin-guide/devices.txt of the kernel */
    {"/dev/null", 1, 3, 0666}, {"/dev/zero", 1, 5, 0666}, {"/dev/full", 1, 7, 0666}, {"/dev/random", 1, 8, 0666}, {"/dev/urandom", 1, 9, 0666}, {"/dev/tty", 5, 0, 0666},
};

static const char *const plain_links[][2] = {
    {"/proc/self/fd", "/dev/fd"}, {"/proc/self/fd/0", "/dev/stdin"}, {"/proc/self/fd/1", "/dev/stdout"}, {"/proc/self/fd/2", "/dev/stderr"}, {"pts/ptmx", "/dev/ptmx"},
};

/* `device` is what it is called here, `path` what the programs are to find it by. */
static void add_node(struct guest_nodes *nodes, const char *device, const char *path, const struct partition *partition)
{
    struct stat st;
    if (!device || stat(device, &st) < 0 || !S_ISBLK(st.st_mode))
        return;
    nodes->items = checked_grow(nodes->items, nodes->count + 1, sizeof *nodes->items);
    nodes->items[nodes->count++] = (struct guest_node){.path = checked_copy(path),
                                                       .uuid = checked_copy(partition ? partition->uuid : NULL),
                                                       .partuuid = checked_copy(partition ? partition->partuuid : NULL),
                                                       .device = st.st_rdev};
}

void guest_nodes_find(const struct guest *guest, struct guest_nodes *nodes)
{
    *nodes = (struct guest_nodes){0};
    add_node(nodes, guest->disk.device, guest->disk.device, NULL);
    for (size_t i = 0; i < guest->other_count; i++)
        add_node(nodes, guest->others[i].disk.device, guest->others[i].disk.device, NULL);
    const struct partition *part;
    for (size_t i = 0; (part = guest_part(guest, i)); i++) {
        add_node(nodes, part->device, part->device, part);
        for (size_t j = 0; j < part->names.count; j++)
            add_node(nodes, part->device, part->names.items[j], part);
    }
}

void guest_nodes_free(struct guest_nodes *nodes)
{
    for (size_t i = 0; i < nodes->count; i++) {
        free(nodes->items[i].path);
        free(nodes->items[i].uuid);
        free(nodes->items[i].partuuid);
    }
    free(nodes->items);
    *nodes = (struct guest_nodes){0};
}

/* Directories above a path in /dev. */
static int make_parents(const char *path)
{
    for (const char *at = path + strlen("/dev/"); (at = strchr(at, '/')); at++) {
        cleanup_free char *directory = checked_copy_bytes(path, (size_t)(at - path));
        if (mkdir(directory, 0755) < 0 && errno != EEXIST)
            return -1;
    }
    return 0;
}

static int make_node(const char *path, mode_t type_and_mode, dev_t device)
{
    if (!string_starts(path, "/dev/") || strstr(path, "/../"))
        return 0;
    if (make_parents(path) < 0 || (mknod(path, type_and_mode, device) < 0 && errno != EEXIST))
        return -1;
    return 0;
}

static int make_link(const char *target, const char *path)
{
    return make_parents(path) < 0 || (symlink(target, path) < 0 && errno != EEXIST) ? -1 : 0;
}

/* The kernel's own name of a device, as programs look it up in /sys: /dev/loop0p1. Slashes stand there as "!". */
static int make_kernel_node(dev_t device)
{
    char target[512];
    cleanup_free char *link = checked_printf("/sys/dev/block/%u:%u", major(device), minor(device));
    ssize_t length = readlink(link, target, sizeof target - 1);
    if (length < 0)
        return 0;
    target[length] = '\0';
    char *name = strrchr(target, '/') ? strrchr(target, '/') + 1 : target;
    for (char *at = name; *at; at++)
        if (*at == '!')
            *at = '/';
    cleanup_free char *path = checked_printf("/dev/%s", name);
    return make_node(path, S_IFBLK | 0660, device);
}

/* grub-mkconfig writes root=UUID=… only where /dev/disk/by-uuid/… is there (10_linux of every GRUB 2). */
static int make_guest_node(const struct guest_node *node)
{
    if (make_node(node->path, S_IFBLK | 0660, node->device) < 0 || make_kernel_node(node->device) < 0)
        return -1;
    cleanup_free char *by_uuid = checked_printf("/dev/disk/by-uuid/%s", node->uuid ? node->uuid : "");
    cleanup_free char *by_partuuid = checked_printf("/dev/disk/by-partuuid/%s", node->partuuid ? node->partuuid : "");
    if (node->uuid && !strchr(node->uuid, '/') && make_link(node->path, by_uuid) < 0)
        return -1;
    return node->partuuid && !strchr(node->partuuid, '/') && make_link(node->path, by_partuuid) < 0 ? -1 : 0;
}

/* mountinfo: "36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw" (proc(5)). grub-probe and findmnt take the
 * name that stands there for the device. */
static int make_mounted_node(const char *line)
{
    unsigned device_major, device_minor;
    char source[256];
    const char *tail = strstr(line, " - ");
    if (!tail || sscanf(line, "%*s %*s %u:%u", &device_major, &device_minor) != 2 || sscanf(tail, " - %*s %255s", source) != 1 || !device_major)
        return 0;
    dev_t device = makedev(device_major, device_minor);
    return make_node(source, S_IFBLK | 0660, device) < 0 ? -1 : make_kernel_node(device);
}

static int make_mounted_nodes(void)
{
    cleanup_fclose FILE *file = fopen("/proc/self/mountinfo", "re");
    if (!file)
        return -1;
    char line[4096];
    while (fgets(line, sizeof line, file))
        if (make_mounted_node(line) < 0)
            return -1;
    return 0;
}

static int make_plain(void)
{
    for (size_t i = 0; i < sizeof plain_nodes / sizeof *plain_nodes; i++)
        if (make_node(plain_nodes[i].path, S_IFCHR | plain_nodes[i].mode, makedev(plain_nodes[i].major, plain_nodes[i].minor)) < 0 ||
            chmod(plain_nodes[i].path, plain_nodes[i].mode) < 0)
            return -1;
    for (size_t i = 0; i < sizeof plain_links / sizeof *plain_links; i++)
        if (make_link(plain_links[i][0], plain_links[i][1]) < 0)
            return -1;
    return mkdir("/dev/pts", 0755) < 0 || mkdir("/dev/shm", 01777) < 0 ? -1 : 0;
}

int dev_fill(const struct guest_nodes *nodes, const char **doing)
{
    *doing = "make the nodes in /dev";
    if (make_plain() < 0)
        return -1;
    *doing = "mount /dev/pts and /dev/shm";
    if (mount("devpts", "/dev/pts", "devpts", MS_NOSUID | MS_NOEXEC, "newinstance,ptmxmode=0666,mode=0620") < 0 ||
        mount("tmpfs", "/dev/shm", "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777,size=16m") < 0)
        return -1;
    *doing = "make the guest's disk in /dev";
    for (size_t i = 0; i < nodes->count; i++)
        if (make_guest_node(&nodes->items[i]) < 0)
            return -1;
    if (make_mounted_nodes() < 0)
        return -1;
    /* Nodes can still be opened for writing; what can no longer be done is to make new ones. */
    *doing = "make /dev read-only";
    return mount(NULL, "/dev", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NOEXEC, NULL);
}
