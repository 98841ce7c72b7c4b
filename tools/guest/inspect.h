/* The parts of guest_open, one file each. */
#ifndef REHOST_GUEST_INSPECT_H
#define REHOST_GUEST_INSPECT_H

#include "guest.h"

/* fstab.c. Pure: at most FSTAB_ENTRIES_MAX entries are taken. */
#define FSTAB_ENTRIES_MAX 1024
void fstab_parse(const char *text, struct fstab_entry **entries, size_t *count);
bool fstab_has_option(const struct fstab_entry *entry, const char *option);

/* roots.c: which partitions hold a system, into guest->systems; the last one found in *root. */
int roots_find(struct guest *guest, struct partition **root, struct error *err);
/* Mounts the root and, below it, what its fstab says of /boot, /boot/efi, /usr and /var. */
int roots_mount(struct guest *guest, struct partition *root, enum guest_access access, struct error *err);

/* Each reads below guest->root_fd. What is not there stays NULL. */
void system_read(struct guest *guest);
void kernels_read(struct guest *guest);
void boot_loader_read(struct guest *guest);
/* kernels.c: after boot_loader_read. Which entry starts which kernel; a kernel whose files only the menu names gets them. */
void kernels_join_menu(struct guest *guest);

/* report.c: as people read it; the caller's. */
char *guest_to_text(const struct guest *guest);

#endif
