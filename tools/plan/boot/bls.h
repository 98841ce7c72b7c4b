/* The files of loader/entries, which systemd-boot and GRUB 2 of RHEL 8 and later take for their menu. */
#ifndef REHOST_PLAN_BOOT_BLS_H
#define REHOST_PLAN_BOOT_BLS_H

struct planning;

/* Settles the command line of every entry, and of those that kernel-install will make (/etc/kernel/cmdline). */
void bls_plan_entries(struct planning *planning, const char *directory);

#endif
