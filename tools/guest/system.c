/* What system this is: os-release, host name, init, processor. */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "../base/cleanup.h"
#include "../base/root.h"
#include "inspect.h"

#define TEXT_MAX (64u << 10)

/* The value of NAME= in a file of shell assignments, without its quotes; the caller's. */
static char *assignment(const char *text, const char *name)
{
    const char *cursor = text, *line;
    size_t name_length = strlen(name);
    for (size_t length; next_line(&cursor, &line, &length);) {
        if (length <= name_length || strncmp(line, name, name_length) != 0 || line[name_length] != '=')
            continue;
        cleanup_free char *copy = checked_copy_bytes(line + name_length + 1, length - name_length - 1);
        char *value = string_trim(copy);
        size_t end = strlen(value);
        if (end >= 2 && (*value == '"' || *value == '\'') && value[end - 1] == *value) {
            value[end - 1] = '\0';
            value++;
        }
        return checked_copy(value);
    }
    return NULL;
}

static void read_os_release(int fd, struct guest_system *system)
{
    cleanup_free char *text = root_read(fd, "/etc/os-release", TEXT_MAX, NULL);
    if (!text)
        text = root_read(fd, "/usr/lib/os-release", TEXT_MAX, NULL);
    if (!text)
        return;
    system->id = assignment(text, "ID");
    system->version_id = assignment(text, "VERSION_ID");
    system->pretty_name = assignment(text, "PRETTY_NAME");
    cleanup_free char *like = assignment(text, "ID_LIKE");
    if (string_is(system->id, "debian") || (like && strstr(like, "debian")))
        system->family = checked_copy("debian");
}

/* Systems before 2012 have no os-release. */
static void read_debian_version(int fd, struct guest_system *system)
{
    cleanup_free char *version = system->id ? NULL : root_read_line(fd, "/etc/debian_version");
    if (!version)
        return;
    system->id = checked_copy("debian");
    system->family = checked_copy("debian");
    system->pretty_name = checked_printf("Debian %s", version);
    system->version_id = take_pointer(version);
}

/* A name that can be a directory entry or a line in a report. */
static bool is_plain(const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < 0x20)
            return false;
    return true;
}

static char *read_hostname(int fd)
{
    cleanup_free char *line = root_read_line(fd, "/etc/hostname");
    char *name = line ? string_trim(line) : NULL;
    return name && *name && is_plain(name) ? checked_copy(name) : NULL;
}

/* ELF header: magic, class (32 or 64 bits) and e_machine at byte 18, in the machine's own byte order. */
static char *machine_of(int root_fd, const char *path)
{
    static const struct { unsigned machine, class; const char *name; } machines[] = {
        {EM_X86_64, ELFCLASS64, "x86_64"}, {EM_X86_64, ELFCLASS32, "x86_64"}, {EM_386, ELFCLASS32, "i686"},
        {EM_AARCH64, ELFCLASS64, "aarch64"}, {EM_ARM, ELFCLASS32, "armv7l"}, {EM_RISCV, ELFCLASS64, "riscv64"},
    };
    unsigned char head[20];
    struct stat st;
    cleanup_close int fd = root_open(root_fd, path, O_RDONLY, 0);
    if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || read(fd, head, sizeof head) != sizeof head || memcmp(head, ELFMAG, SELFMAG) != 0)
        return NULL;
    unsigned machine = head[EI_DATA] == ELFDATA2MSB ? (unsigned)head[18] << 8 | head[19] : (unsigned)head[19] << 8 | head[18];
    for (size_t i = 0; i < sizeof machines / sizeof *machines; i++)
        if (machines[i].machine == machine && machines[i].class == head[EI_CLASS])
            return checked_copy(machines[i].name);
    return checked_copy("unknown");
}

/* /proc/self/fd says where an open file is; below the mount that the root descriptor is. The path inside, or NULL. */
static char *path_inside(int root_fd, int fd)
{
    char root[4097], file[4097];
    cleanup_free char *root_link = checked_printf("/proc/self/fd/%d", root_fd);
    cleanup_free char *file_link = checked_printf("/proc/self/fd/%d", fd);
    ssize_t root_length = readlink(root_link, root, sizeof root - 1), file_length = readlink(file_link, file, sizeof file - 1);
    if (root_length < 1 || file_length < 1)
        return NULL;
    root[root_length] = file[file_length] = '\0';
    if (root_length == 1) /* the root of this machine itself */
        return checked_copy(file);
    return string_starts(file, root) && file[root_length] == '/' ? checked_copy(file + root_length) : NULL;
}

/* The kernel takes /sbin/init first, as a regular file that may be executed. */
static char *find_init(int root_fd)
{
    static const char *const inits[] = {"/sbin/init", "/etc/init", "/bin/init", "/lib/systemd/systemd", "/usr/lib/systemd/systemd"};
    for (size_t i = 0; i < sizeof inits / sizeof *inits; i++) {
        struct stat st;
        cleanup_close int fd = root_open(root_fd, inits[i], O_PATH, 0);
        if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || !(st.st_mode & 0111))
            continue;
        char *path = path_inside(root_fd, fd);
        return path ? path : checked_copy(inits[i]);
    }
    return NULL;
}

/* A unit counts as enabled when some target wants it. */
static bool unit_is_enabled(int root_fd, const char *unit)
{
    cleanup_strings struct strings names = {0};
    root_list(root_fd, "/etc/systemd/system", &names);
    for (size_t i = 0; i < names.count; i++) {
        cleanup_free char *path = checked_printf("/etc/systemd/system/%s/%s", names.items[i], unit);
        cleanup_free char *link = string_ends(names.items[i], ".wants") ? root_readlink(root_fd, path) : NULL;
        if (link)
            return true;
    }
    return false;
}

static enum initrd_builder builder_of(int root_fd)
{
    if (root_is_file(root_fd, "/usr/sbin/update-initramfs") || root_is_file(root_fd, "/sbin/update-initramfs"))
        if (root_is_file(root_fd, "/usr/sbin/mkinitramfs") || root_is_file(root_fd, "/sbin/mkinitramfs"))
            return INITRD_BUILDER_INITRAMFS_TOOLS;
    bool dracut = root_is_file(root_fd, "/usr/bin/dracut") || root_is_file(root_fd, "/usr/sbin/dracut") || root_is_file(root_fd, "/sbin/dracut");
    return dracut ? INITRD_BUILDER_DRACUT : INITRD_BUILDER_NONE;
}

void system_read(struct guest *guest)
{
    struct guest_system *system = &guest->system;
    int fd = guest->root_fd;
    read_os_release(fd, system);
    read_debian_version(fd, system);
    system->hostname = read_hostname(fd);
    system->init = find_init(fd);
    system->machine = system->init ? machine_of(fd, system->init) : NULL;
    if (!system->machine)
        system->machine = machine_of(fd, "/bin/sh");
    system->systemd = system->init && string_ends(system->init, "/systemd");
    system->networkd = system->systemd && unit_is_enabled(fd, "systemd-networkd.service");
    system->ifupdown = root_exists(fd, "/etc/network/interfaces") && (root_exists(fd, "/sbin/ifup") || root_exists(fd, "/usr/sbin/ifup"));
    guest->initrd_builder = builder_of(fd);
}
