/* What the files of one kind of volume each share. See volumes.h. */
#include <ctype.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "../../base/cleanup.h"
#include "../../base/program.h"
#include "volumes.h"

#define VOLUMES_MAX 256
#define RUN_SECONDS 120
#define DEVICES_FILE "/proc/devices"

/* Without udev nobody would tell these programs that a node is there; where there is one, it is not waited for either. */
static const char *const environment[] = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C", "DM_DISABLE_UDEV=1", "MDADM_NO_UDEV=1",
                                          "LVM_SUPPRESS_FD_WARNINGS=1", NULL};

struct window {
    int fd;
    char *device;
    const struct partition *of;
};

int volume_run(const char *const *argv, int input_fd, struct text *output, int *exit_status, struct error *err)
{
    struct program program = {.argv = argv, .environment = environment, .input_fd = input_fd, .timeout_seconds = RUN_SECONDS, .exit_status = exit_status};
    return program_run(&program, output, err);
}

void volume_drivers_load(const char *const *modules)
{
    for (; *modules; modules++) {
        const char *const argv[] = {"modprobe", "-q", *modules, NULL};
        (void)program_run(&(struct program){.argv = argv, .input_fd = -1, .timeout_seconds = 30}, NULL, NULL);
    }
}

int volume_mapper_ready(const char *const *modules, struct error *err)
{
    volume_drivers_load(modules);
    char text[16384];
    cleanup_close int fd = open(DEVICES_FILE, O_RDONLY | O_CLOEXEC);
    ssize_t length = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    text[length < 0 ? 0 : length] = '\0';
    return strstr(text, "device-mapper") ? 0 : error_set(err, "the kernel of this machine has no device-mapper");
}

bool volume_name_is_harmless(const char *name)
{
    const char *at = name;
    while (isalnum((unsigned char)*at) || (*at && strchr("+_.-", *at)))
        at++;
    return at > name && !*at;
}

void volume_stays_closed(struct partition *container, const char *why)
{
    if (!container->opened && !container->closed)
        container->closed = checked_copy(why);
}

struct partition *volume_next_container(struct guest *guest, const char *fs_type, size_t *cursor)
{
    struct partition *part;
    size_t index = *cursor;
    for (; (part = guest_part(guest, index)); index++)
        if (string_is(part->fs_type, fs_type) && part->device && !part->opened && !part->closed)
            break;
    *cursor = index + 1;
    return part;
}

bool device_is_read_only(const char *device)
{
    int read_only = 0;
    cleanup_close int fd = open(device, O_RDONLY | O_CLOEXEC);
    return fd >= 0 && ioctl(fd, BLKROGET, &read_only) == 0 && read_only;
}

/* What only has to be read, but is not content with that. */
static bool wants_to_write(const struct partition *container)
{
    return string_is(container->fs_type, "linux_raid_member") || string_is(container->fs_type, "LVM2_member");
}

const char *volume_container(struct guest *guest, struct partition *container, enum guest_access access, struct error *err)
{
    struct attachment *attachment = guest->attachment;
    if (access == GUEST_WRITE)
        return container->device;
    for (size_t i = 0; i < attachment->window_count; i++)
        if (attachment->windows[i].of == container)
            return attachment->windows[i].device;
    struct window window = {.of = container};
    bool overlaid = wants_to_write(container) && overlay_attach(guest, container, &window.fd, &window.device, NULL) == 0;
    if (!overlaid && device_is_read_only(container->device))
        return container->device;
    if (!overlaid && loop_attach_part(container->device, 0, container->size_bytes, &window.fd, &window.device, err) < 0)
        return NULL;
    attachment->windows = checked_grow(attachment->windows, attachment->window_count + 1, sizeof *attachment->windows);
    attachment->windows[attachment->window_count++] = window;
    return window.device;
}

void volume_windows_close(struct attachment *attachment)
{
    for (size_t i = 0; i < attachment->window_count; i++) {
        close(attachment->windows[i].fd);
        free(attachment->windows[i].device);
    }
    free(attachment->windows);
    attachment->windows = NULL;
    attachment->window_count = 0;
}

void volume_needs_as(struct partition *volume, const struct partition *container)
{
    volume->layers |= container->layers;
    volume->disks |= container->disks;
    for (size_t i = 0; i < container->drivers.count; i++)
        strings_add_new(&volume->drivers, container->drivers.items[i]);
}

struct partition *volume_add(struct guest *guest, const char *device, enum layer kind, const struct partition *inside_of)
{
    struct guest_disk *disk = &guest->disk;
    if (disk->volume_count == VOLUMES_MAX)
        return NULL;
    if (!disk->volumes)
        disk->volumes = checked_alloc(VOLUMES_MAX * sizeof *disk->volumes); /* at once: there are pointers to them */
    struct partition *volume = &disk->volumes[disk->volume_count++];
    *volume = (struct partition){.device = checked_copy(device), .kind = kind, .layers = kind};
    volume_needs_as(volume, inside_of);
    return volume;
}

void volume_probe(struct guest *guest, struct partition *volume)
{
    struct error err = {0};
    cleanup_close int fd = open(volume->device, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || ioctl(fd, BLKGETSIZE64, &volume->size_bytes) < 0)
        error_errno(&err, "open %s", volume->device);
    else if (partition_probe(fd, guest, volume, &err) == 0)
        return;
    free(volume->problem);
    volume->problem = checked_copy(err.message);
}
