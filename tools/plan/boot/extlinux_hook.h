/* What keeps an extlinux.conf that rehost wrote true when the system's own tools install or remove a kernel. */
#ifndef REHOST_PLAN_BOOT_EXTLINUX_HOOK_H
#define REHOST_PLAN_BOOT_EXTLINUX_HOOK_H

/* Before the arguments in extlinux.conf that the labels of later kernels get. */
#define EXTLINUX_ARGUMENTS "# arguments: "

/* A script for /etc/kernel/postinst.d and postrm.d. `top` is where extlinux finds /boot: "/boot", or "" when that is a file system of its own. The caller's. */
char *extlinux_hook(const char *top);

#endif
