/* The parts of guest_open, one file each. */
#ifndef REHOST_GUEST_INSPECT_H
#define REHOST_GUEST_INSPECT_H

#include "guest.h"

/* fstab.c. Pure: at most FSTAB_ENTRIES_MAX entries are taken. */
#define FSTAB_ENTRIES_MAX 1024
#define FSTAB_BYTES_MAX (1u << 20)
void fstab_parse(const char *text, struct fstab_entry **entries, size_t *count);
void fstab_free(struct fstab_entry *entries, size_t count);
bool fstab_has_option(const struct fstab_entry *entry, const char *option);
/* Of "subvol" in "rw,subvol=/@": the caller's, NULL when it is not there. */
char *option_value(const char *options, const char *name);

/* roots.c: which partitions hold a system, into guest->systems; the last one found in *root. */
int roots_find(struct guest *guest, struct partition **root, struct error *err);
/* Mounts the root and, below it, what its fstab says of /boot, the EFI system partition, /usr, /var and further subvolumes of the root. */
int roots_mount(struct guest *guest, struct partition *root, enum guest_access access, struct error *err);

/* subvolumes.c: the path below the top of a btrfs of the subvolume that looks like the root of a system and lies where its own fstab
 * says; the caller's, or NULL. `systems` gets all that look like one. */
char *subvolume_of_system(int top_fd, struct strings *systems);
/* The number of the subvolume that the open directory belongs to; 0 when it cannot be told. */
uint64_t subvolume_id(int fd);

/* system.c: whether the directory looks like the root of a system. */
bool root_holds_system(int fd);

/* Each reads below guest->root_fd. What is not there stays NULL. */
void system_read(struct guest *guest);
void kernels_read(struct guest *guest);
void boot_loader_read(struct guest *guest);
/* kernels.c: after boot_loader_read. Which entry starts which kernel; a kernel whose files only the menu names gets them. */
void kernels_join_menu(struct guest *guest);

/* report.c: as people read it; the caller's. */
char *guest_to_text(const struct guest *guest);

#endif
