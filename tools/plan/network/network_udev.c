/* What this guest's udev can do. */
#include <stdio.h>

#include "../../base/cleanup.h"
#include "../../base/root.h"
#include "network.h"

/* By the library that systemd's programs share: libsystemd-shared-252.so. 0 when it is not there (older than 230). */
int network_systemd_version(const struct guest *guest)
{
    static const char *const places[] = {"/usr/lib/systemd", "/lib/systemd", "/usr/lib/x86_64-linux-gnu/systemd", "/usr/lib/i386-linux-gnu/systemd",
                                         "/usr/lib/aarch64-linux-gnu/systemd", "/usr/lib64/systemd"};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        cleanup_strings struct strings names = {0};
        int version;
        root_list(guest->root_fd, places[i], &names);
        for (size_t j = 0; j < names.count; j++)
            if (sscanf(names.items[j], "libsystemd-shared-%d", &version) == 1)
                return version;
    }
    return 0;
}

/* Whether anything in the guest acts on rules and .link files: Alpine and other small systems run mdev, or nothing. */
bool network_has_udev(const struct guest *guest)
{
    static const char *const programs[] = {"/lib/systemd/systemd-udevd", "/usr/lib/systemd/systemd-udevd", "/sbin/udevd", "/usr/sbin/udevd",
                                           "/lib/udev/udevd", "/sbin/udevadm", "/bin/udevadm", "/usr/bin/udevadm"};
    for (size_t i = 0; i < sizeof programs / sizeof *programs; i++)
        if (root_exists(guest->root_fd, programs[i]))
            return true;
    return guest->system.systemd;
}

/* It gives up when a name is in use, since systemd 209 (commit 97595710b77a); Debian and Ubuntu took that back, up to version 241. */
bool network_udev_waits_for_names(const struct guest *guest)
{
    int version = network_systemd_version(guest);
    bool is_debian = string_is(guest->system.family, "debian");
    return version == 0 ? !guest->system.systemd || is_debian : is_debian && version <= 241;
}
