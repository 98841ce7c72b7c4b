/* What a boot loader's menu says: its entries, and the one that boots when nobody touches a key. Every reader is pure: text in, entries out. */
#ifndef REHOST_GUEST_BOOT_BOOT_ENTRY_H
#define REHOST_GUEST_BOOT_BOOT_ENTRY_H

#include <stdbool.h>

#include "../../base/text.h"

/* A menu with more is no menu that people choose from. */
#define BOOT_ENTRIES_MAX 512

struct boot_entry {
    char *title;
    char *id;        /* what the loader's own setting of the default calls it: GRUB's --id, a label, a file's name; NULL */
    char *kernel;    /* as it stands there */
    char *initrd;    /* the last of several: the one before may be microcode; NULL */
    char *arguments; /* the kernel's command line */
    char *root;      /* of root= there, or NULL */
    bool is_unified; /* `kernel` is a unified kernel image, which has the initrd and the arguments in itself */
    char *version;   /* of the kernel in that; NULL when it is not known */
    int kernel_index; /* of the guest's kernels, the one that it starts; -1: none of them. Set once all is read */
};

struct boot_entries {
    struct boot_entry *items; /* those that start a kernel, in the order of the menu */
    size_t count;
    size_t chosen; /* what boots by default; `count` when there is none */
};

void boot_entry_free(struct boot_entry *entry);
void boot_entries_free(struct boot_entries *entries);
/* Takes over what `entry` holds. False, and `entry` is freed, when it starts no kernel or there are too many. */
bool boot_entries_add(struct boot_entries *entries, struct boot_entry *entry);
/* Sets a field that is replaced when it stands there twice. Takes over `value`. */
void boot_entry_set(char **field, char *value);
/* Appends words of a command line, and takes root= out of it. */
void boot_entry_add_arguments(struct boot_entry *entry, const char *words);
/* The last NAME=value word of a kernel command line; the caller's. */
char *command_line_value(const char *command_line, const char *name);
/* What root= says there; the initrd of genkernel (Gentoo) takes it from real_root=, beside which root= is /dev/ram0. The caller's, or NULL. */
char *command_line_root(const char *command_line);

/* GRUB legacy's menu.lst or grub.conf. */
void grub_legacy_entries(const char *config, struct boot_entries *entries);
/* How an extlinux.conf begins that rehost wrote: what the guest had before is still there, and nothing starts it. */
#define EXTLINUX_MARK "# Made by rehost"
/* extlinux.conf, syslinux.cfg; `include` gives the text of a file that it includes (the caller's), or NULL. */
typedef char *extlinux_include(void *context, const char *path);
void extlinux_entries(const char *config, extlinux_include *include, void *context, struct boot_entries *entries);
/* One file of loader/entries (the Boot Loader Specification, type 1). `variables` is a grubenv text in which GRUB finds
 * "$kernelopts" (RHEL 8), or NULL. */
void bls_entry(const char *text, const char *id, const char *variables, struct boot_entry *entry);

#endif
