/* Whether it is a system, and which: os-release, host name, init, processor. */
#include <ctype.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "../base/cleanup.h"
#include "../base/root.h"
#include "inspect.h"

#define TEXT_MAX (64u << 10)

static bool any_exists(int fd, const char *const *paths)
{
    for (; *paths; paths++)
        if (root_exists(fd, *paths))
            return true;
    return false;
}

/* An absolute link to a systemd in a /usr of its own file system leads nowhere yet, so the link itself counts. */
bool root_holds_system(int fd)
{
    static const char *const inits[] = {"/lib/systemd/systemd", "/usr/lib/systemd/systemd", "/etc/inittab", "/sbin/init", NULL};
    static const char *const settings[] = {"/etc/os-release", "/etc/fstab", "/usr/lib/os-release", NULL};
    cleanup_free char *link = root_readlink(fd, "/sbin/init");
    return root_is_directory(fd, "/etc") && (link || any_exists(fd, inits)) && any_exists(fd, settings);
}

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

/* ID and ID_LIKE (os-release(5)) → whose ways of keeping its configuration the system has. */
static char *family_of(const char *id, const char *like)
{
    static const struct { const char *word, *family; } families[] = {
        {"debian", "debian"}, {"ubuntu", "debian"}, {"rhel", "redhat"}, {"fedora", "redhat"}, {"centos", "redhat"}, {"suse", "suse"},
        {"sles", "suse"},     {"opensuse", "suse"}, {"alpine", "alpine"}, {"arch", "arch"},
    };
    for (size_t i = 0; i < sizeof families / sizeof *families; i++)
        if (string_is(id, families[i].word) || (like && strstr(like, families[i].word)))
            return checked_copy(families[i].family);
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
    system->family = family_of(system->id, like);
}

/* Systems before 2012 have no os-release; each has a file of its own. Those of others' descendants come after their own. */
static void read_older_mark(int fd, struct guest_system *system)
{
    static const struct { const char *path, *id, *family; } marks[] = {
        {"/etc/debian_version", "debian", "debian"}, {"/etc/redhat-release", "rhel", "redhat"}, {"/etc/system-release", "amzn", "redhat"},
        {"/etc/SuSE-release", "suse", "suse"},       {"/etc/alpine-release", "alpine", "alpine"}, {"/etc/arch-release", "arch", "arch"},
        {"/etc/gentoo-release", "gentoo", NULL},     {"/etc/slackware-version", "slackware", NULL},
    };
    for (size_t i = 0; !system->id && i < sizeof marks / sizeof *marks; i++) {
        cleanup_free char *line = root_exists(fd, marks[i].path) ? root_read_line(fd, marks[i].path) : NULL;
        if (!line) /* Arch's is empty */
            continue;
        char *said = string_trim(line), *number = said + strcspn(said, "0123456789");
        const char *own = strstr(said, "CentOS") ? "centos" : strstr(said, "Fedora") ? "fedora" : marks[i].id;
        bool only_number = number == said && *said;
        free(system->version_id); /* an os-release without an ID may have told these */
        free(system->pretty_name);
        free(system->family);
        system->id = checked_copy(own);
        system->family = checked_copy(marks[i].family);
        system->version_id = *number ? checked_copy_bytes(number, strcspn(number, " ()")) : NULL;
        system->pretty_name = only_number ? checked_printf("%c%s %s", toupper((unsigned char)*own), own + 1, said) : checked_copy(*said ? said : own);
    }
}

/* A name that can be a directory entry or a line in a report. */
static bool is_plain(const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < 0x20)
            return false;
    return true;
}

static char *plain_name(const char *text)
{
    cleanup_free char *copy = checked_copy(text);
    char *name = copy ? string_trim(copy) : NULL;
    return name && *name && is_plain(name) ? checked_copy(name) : NULL;
}

/* /etc/HOSTNAME: SUSE up to 12 and Slackware; a setting: RHEL up to 6, and Gentoo with OpenRC. */
static char *read_hostname(int fd)
{
    static const char *const files[] = {"/etc/hostname", "/etc/HOSTNAME"};
    static const struct { const char *path, *setting; } settings[] = {{"/etc/sysconfig/network", "HOSTNAME"}, {"/etc/conf.d/hostname", "hostname"}};
    char *name = NULL;
    for (size_t i = 0; !name && i < sizeof files / sizeof *files; i++) {
        cleanup_free char *line = root_read_line(fd, files[i]);
        name = plain_name(line);
    }
    for (size_t i = 0; !name && i < sizeof settings / sizeof *settings; i++) {
        cleanup_free char *text = root_read(fd, settings[i].path, TEXT_MAX, NULL);
        cleanup_free char *value = text ? assignment(text, settings[i].setting) : NULL;
        name = plain_name(value);
    }
    return name;
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

static bool is_wanted_in(int root_fd, const char *directory, const char *unit)
{
    cleanup_strings struct strings names = {0};
    root_list(root_fd, directory, &names);
    for (size_t i = 0; i < names.count; i++) {
        cleanup_free char *path = checked_printf("%s/%s/%s", directory, names.items[i], unit);
        cleanup_free char *link = string_ends(names.items[i], ".wants") ? root_readlink(root_fd, path) : NULL;
        if (link)
            return true;
    }
    return false;
}

bool system_unit_is_enabled(int root_fd, const char *unit)
{
    return is_wanted_in(root_fd, "/etc/systemd/system", unit) || is_wanted_in(root_fd, "/lib/systemd/system", unit) ||
           is_wanted_in(root_fd, "/usr/lib/systemd/system", unit);
}

const char *initrd_builder_name(enum initrd_builder builder)
{
    static const char *const names[INITRD_BUILDER_COUNT] = {
        [INITRD_BUILDER_INITRAMFS_TOOLS] = "initramfs-tools", [INITRD_BUILDER_DRACUT] = "dracut",         [INITRD_BUILDER_MKINITRD] = "mkinitrd",
        [INITRD_BUILDER_SUSE_MKINITRD] = "mkinitrd of SUSE",  [INITRD_BUILDER_MKINITCPIO] = "mkinitcpio", [INITRD_BUILDER_MKINITFS] = "mkinitfs",
        [INITRD_BUILDER_BOOSTER] = "booster"};
    return names[builder];
}

bool system_has_program(int root_fd, const char *name)
{
    static const char *const directories[] = {"/usr/sbin", "/usr/bin", "/sbin", "/bin"};
    for (size_t i = 0; i < sizeof directories / sizeof *directories; i++) {
        cleanup_free char *path = checked_printf("%s/%s", directories[i], name);
        if (root_is_file(root_fd, path))
            return true;
    }
    return false;
}

/* Where several are installed the one comes first that the others give way to: dracut brings an `mkinitrd` of its own (RHEL 6,
 * SLES 12), and Debian's dracut an `update-initramfs`, but no mkinitramfs. */
static enum initrd_builder builder_of(int root_fd)
{
    static const struct { enum initrd_builder builder; const char *program, *with; } builders[] = {
        {INITRD_BUILDER_INITRAMFS_TOOLS, "update-initramfs", "mkinitramfs"}, {INITRD_BUILDER_DRACUT, "dracut", NULL},
        {INITRD_BUILDER_MKINITCPIO, "mkinitcpio", NULL}, {INITRD_BUILDER_BOOSTER, "booster", NULL}, {INITRD_BUILDER_MKINITFS, "mkinitfs", NULL}};
    for (size_t i = 0; i < sizeof builders / sizeof *builders; i++)
        if (system_has_program(root_fd, builders[i].program) && (!builders[i].with || system_has_program(root_fd, builders[i].with)))
            return builders[i].builder;
    if (!system_has_program(root_fd, "mkinitrd"))
        return INITRD_BUILDER_NONE;
    return root_is_directory(root_fd, "/lib/mkinitrd") ? INITRD_BUILDER_SUSE_MKINITRD : INITRD_BUILDER_MKINITRD;
}

void system_read(struct guest *guest)
{
    struct guest_system *system = &guest->system;
    int fd = guest->root_fd;
    read_os_release(fd, system);
    read_older_mark(fd, system);
    system->hostname = read_hostname(fd);
    system->init = find_init(fd);
    system->machine = system->init ? machine_of(fd, system->init) : NULL;
    if (!system->machine)
        system->machine = machine_of(fd, "/bin/sh");
    system->systemd = system->init && string_ends(system->init, "/systemd");
    system->networkd = system->systemd && system_unit_is_enabled(fd, "systemd-networkd.service");
    system->ifupdown = root_exists(fd, "/etc/network/interfaces") && (root_exists(fd, "/sbin/ifup") || root_exists(fd, "/usr/sbin/ifup"));
    guest->initrd_builder = builder_of(fd);
}
