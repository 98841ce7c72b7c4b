/* See chroot.h. The guest's programs are not trusted. They get their own mount, process, IPC, host name and network
 * name spaces; a /proc and /sys that cannot be written to; a /dev with the guest's own disk; no capability beyond those
 * of owning files; and limits of time, memory and processes that take all of them.
 *
 *     rehost ── child (outside: waits) ── first process of the new name space (reaps) ── the program
 */
#include "chroot.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "../base/cleanup.h"
#include "../base/program.h"
#include "chroot_dev.h"
#include "chroot_limits.h"
#include "chroot_rights.h"

/* From <sys/mount.h>, which cannot be included together with <linux/mount.h> in every C library. */
extern int mount(const char *source, const char *target, const char *type, unsigned long flags, const void *data);

#define GUEST_PATH "/usr/sbin:/usr/bin:/sbin:/bin"

/* GRUB's os-prober would look for systems on other disks, and there are none to find. GRUB_DISABLE_LINUX_UUID is for a root on a logical volume alone:
 * GRUB names that by the volume, as initrds look for it by that name; but sealed in, grub-probe does not see that it is one, as only CAP_SYS_ADMIN
 * may ask the device-mapper. bootctl, which kernel-install's hooks ask whether systemd-boot is installed, wants udev to tell it what kind of
 * partition the EFI system partition is, and here is no udev. */
#define ENVIRONMENT "PATH=" GUEST_PATH, "LANG=C", "LC_ALL=C", "HOME=/", "TERM=dumb", "DEBIAN_FRONTEND=noninteractive", "GRUB_DISABLE_OS_PROBER=true", \
                    "SYSTEMD_RELAX_ESP_CHECKS=1"
static const char *const environment[] = {ENVIRONMENT, NULL};
static const char *const environment_on_lvm[] = {ENVIRONMENT, "GRUB_DISABLE_LINUX_UUID=true", NULL};

struct cell {
    int tree_fd; /* a copy of the guest's mounts that is attached nowhere yet */
    struct guest_nodes nodes;
    struct limits limits;
};

static int say(const char *doing)
{
    dprintf(STDERR_FILENO, "rehost: sealing the program in: %s: %s\n", doing, strerror(errno));
    return -1;
}

/* A copy of the guest's mounts, taken in our own name space, as a new one has no right to them. Device nodes that lie on
 * the guest's file systems mean nothing in it. */
static int take_tree(const struct guest *guest, struct error *err)
{
    cleanup_close int fd = (int)syscall(SYS_open_tree, guest->root_fd, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH | AT_RECURSIVE);
    if (fd < 0)
        return error_errno(err, "take the guest's mounts");
    struct mount_attr attributes = {.attr_set = MOUNT_ATTR_NODEV | MOUNT_ATTR_NOSUID, .propagation = MS_PRIVATE};
    if (syscall(SYS_mount_setattr, fd, "", AT_EMPTY_PATH | AT_RECURSIVE, &attributes, sizeof attributes) < 0)
        return error_errno(err, "close the guest's device nodes");
    return take_fd(&fd);
}

/* An empty directory that lies over all mounts of this machine, and in it the guest's. pivot_root refuses in an initramfs; and whose root is
 * not that of its mounts can make no user name space, in which it would have every capability again (create_user_ns of the kernel). Nobody
 * inside can climb out, as CAP_SYS_CHROOT is gone. */
static int enter_tree(int tree_fd)
{
    int context_fd = (int)syscall(SYS_fsopen, "tmpfs", 0);
    if (context_fd < 0 || syscall(SYS_fsconfig, context_fd, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
        return say("make a root above the guest's");
    int above_fd = (int)syscall(SYS_fsmount, context_fd, 0, MOUNT_ATTR_NODEV | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC);
    if (above_fd < 0 || mkdirat(above_fd, "guest", 0755) < 0 || syscall(SYS_move_mount, above_fd, "", AT_FDCWD, "/", MOVE_MOUNT_F_EMPTY_PATH) < 0)
        return say("make a root above the guest's");
    if (syscall(SYS_move_mount, tree_fd, "", above_fd, "guest", MOVE_MOUNT_F_EMPTY_PATH) < 0)
        return say("attach the guest's mounts");
    if (fchdir(tree_fd) < 0 || chroot(".") < 0 || chdir("/") < 0)
        return say("enter the guest's root");
    return 0;
}

/* The root is the guest's already, so a link in it leads nowhere else; still no link is followed, as a mount on what it
 * points to would cover something of the guest. */
static int mount_at(const char *type, const char *path, unsigned long flags, const char *data)
{
    struct stat st;
    if (lstat(path, &st) < 0)
        return say(path);
    errno = ENOTDIR;
    if (!S_ISDIR(st.st_mode))
        return say(path);
    return mount(type, path, type, flags, data) < 0 ? say(path) : 0;
}

static bool is_plain_directory(const char *path)
{
    struct stat st;
    return lstat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* /proc/sys and /sys belong to the kernel that all share: both are read-only. /sys/firmware/efi of this machine must not
 * be taken for the guest's (virt-v2v, pull request 160). */
static int mount_kernel_views(void)
{
    if (mount_at("proc", "/proc", MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_RDONLY, NULL) < 0 ||
        mount_at("sysfs", "/sys", MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_RDONLY, NULL) < 0)
        return -1;
    if (!is_plain_directory("/sys/firmware"))
        return 0;
    return mount_at("tmpfs", "/sys/firmware", MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_RDONLY, "size=4k,mode=755");
}

static int mount_scratch(void)
{
    if (mount_at("tmpfs", "/tmp", MS_NOSUID | MS_NODEV, "mode=1777") < 0)
        return -1;
    if (!is_plain_directory("/run")) /* Debian before 7 has none */
        return 0;
    if (mount_at("tmpfs", "/run", MS_NOSUID | MS_NODEV, "mode=755,size=32m") < 0)
        return -1;
    return mkdir("/run/lock", 01777) < 0 ? say("/run/lock") : 0;
}

/* The kernel's command line is this machine's, with its job in it, and not what kernel-install should give the guest where that has none. */
static int hide_command_line(void)
{
    cleanup_close int fd = open("/dev/command-line", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0444);
    if (fd < 0 || write(fd, "\n", 1) != 1 || mount("/dev/command-line", "/proc/cmdline", NULL, MS_BIND, NULL) < 0)
        return say("hide /proc/cmdline");
    return unlink("/dev/command-line") < 0 ? say("hide /proc/cmdline") : 0;
}

static int mount_views(const struct guest_nodes *nodes)
{
    const char *doing;
    if (mount_kernel_views() < 0 || mount_scratch() < 0 || mount_at("tmpfs", "/dev", MS_NOSUID | MS_NOEXEC, "mode=755,size=1m") < 0)
        return -1;
    if (hide_command_line() < 0)
        return -1;
    return dev_fill(nodes, &doing) < 0 ? say(doing) : 0;
}

/* What is open is open for changes of its mode and times as well: the null device that is read from is the cell's own. Without a terminal of ours
 * there is nothing that could be typed into it (TIOCSTI), and what cannot be dumped shows the guest's programs none of our memory, files and
 * environment in /proc, nor stops for them. An exec ends that for the program itself. */
static int close_ways_out(void)
{
    int null_fd = open("/dev/null", O_RDWR);
    if (null_fd < 0 || dup2(null_fd, STDIN_FILENO) < 0)
        return say("open /dev/null");
    if (syscall(SYS_close_range, 3u, ~0u, 0u) < 0)
        return say("close descriptors");
    return setsid() < 0 || prctl(PR_SET_DUMPABLE, 0) < 0 ? say("leave the terminal") : 0;
}

static int status_of(int status)
{
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* The first process of a name space takes every orphan; when it ends, the kernel ends all others. */
static void reap_until(pid_t program) __attribute__((noreturn));
static void reap_until(pid_t program)
{
    int status;
    for (;;) {
        pid_t ended = wait(&status);
        if (ended == program)
            _exit(status_of(status));
        if (ended < 0 && errno != EINTR)
            _exit(126);
    }
}

/* In the first process of the new name spaces. Returns only in the process that becomes the program. */
static int seal(struct cell *cell)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    umask(022);
    if (enter_tree(cell->tree_fd) < 0 || mount_views(&cell->nodes) < 0)
        return -1;
    if (close_ways_out() < 0)
        return -1;
    const char *doing;
    if (rights_give_up(&doing) < 0)
        return say(doing);
    setenv("PATH", GUEST_PATH, 1); /* execvp looks the program up by ours */
    pid_t program = fork();
    if (program < 0)
        return say("fork");
    if (program > 0)
        reap_until(program);
    return 0;
}

static int enter(void *argument)
{
    struct cell *cell = argument;
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* nothing changes the guest any more once we are gone */
    if (limits_enter(&cell->limits) < 0)
        return say("limit its memory");
    if (unshare(CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNET) < 0)
        return say("make name spaces");
    if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 && errno != EINVAL) /* EINVAL: no mount point of its own, so nothing is shared */
        return say("keep mounts private");
    pid_t first = fork();
    if (first < 0)
        return say("fork");
    if (first == 0)
        return seal(cell);
    int status;
    while (waitpid(first, &status, 0) < 0)
        if (errno != EINTR)
            _exit(126);
    _exit(status_of(status));
}

int chroot_run(const struct guest *guest, const struct strings *argv, unsigned timeout_seconds, struct text *output, int *exit_status, struct error *err)
{
    struct cell cell = {.tree_fd = take_tree(guest, err)};
    if (cell.tree_fd < 0)
        return -1;
    guest_nodes_find(guest, &cell.nodes);
    cleanup_free const char **words = checked_alloc((argv->count + 1) * sizeof *words);
    for (size_t i = 0; i < argv->count; i++)
        words[i] = argv->items[i];
    bool on_lvm = guest->root_partition && guest->root_partition->kind == LAYER_LVM;
    struct program program = {.argv = words, .environment = on_lvm ? environment_on_lvm : environment, .input_fd = -1, .timeout_seconds = timeout_seconds,
                              .exit_status = exit_status, .in_child = enter, .in_child_argument = &cell};
    limits_make(&cell.limits);
    int result = limits_end(&cell.limits, words[0], program_run(&program, output, err), err);
    guest_nodes_free(&cell.nodes);
    close(cell.tree_fd);
    return result;
}
