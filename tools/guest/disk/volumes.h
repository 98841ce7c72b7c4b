/* What lies inside of partitions, made devices: logical volumes by lvm2, RAIDs by mdadm, LUKS by cryptsetup, what a btrfs lies on; and all of it taken apart again.
 *
 * Each program is given the devices of this one disk, and sees no others. To read, it is given windows of them: through these nothing is written. */
#ifndef REHOST_GUEST_DISK_VOLUMES_H
#define REHOST_GUEST_DISK_VOLUMES_H

#include "attach.h"

/* Fills guest->disk.volumes, and which disks each part lies on. What cannot be opened is no error: it stands in the container's `closed`, and in the notes. */
void volumes_open(struct guest *guest, enum guest_access access);
/* Takes apart what volumes_open has put together, the last first, once nothing of it is mounted. Says what does not let go. */
int volumes_close(struct guest *guest, struct error *err);

/* For the files of one kind of volume each. */

/* md.c: the arrays whose members are there. */
void md_open(struct guest *guest, enum guest_access access);
/* luks.c: what the guest's keys open. */
void luks_open(struct guest *guest, enum guest_access access);
/* The names that the crypttab in this root gives to what was opened; and, once nothing of it is mounted, these names for the devices, too. */
void luks_take_names(struct guest *guest, int root_fd);
void luks_rename(struct guest *guest);
/* lvm.c: all physical volumes together, as a group may lie on several. */
void lvm_open(struct guest *guest, enum guest_access access);
/* btrfs.c: what lies on several devices, once whatever these lie in was opened. */
void btrfs_open(struct guest *guest);

/* volume.c, what they share. The next container of that type, on any of the server's disks, that was not looked into yet; NULL behind the last. `*cursor` begins at 0. */
struct partition *volume_next_container(struct guest *guest, const char *fs_type, size_t *cursor);
/* The container's device for the program that looks into it; NULL: err. */
const char *volume_container(struct guest *guest, struct partition *container, enum guest_access access, struct error *err);
bool device_is_read_only(const char *device);
/* overlay.c: a device over the part's own; what is written to it stays in memory. The descriptor has to stay open until volumes_take_apart. -1 as well where
 * this machine has no device-mapper. */
int overlay_attach(struct guest *guest, const struct partition *part, int *loop_fd, char **device, struct error *err);
/* Closes what volume_container has made. */
void volume_windows_close(struct attachment *attachment);
/* A new volume, by its device; NULL: there are too many. What it needs is what `inside_of` does, and its own kind. */
struct partition *volume_add(struct guest *guest, const char *device, enum layer kind, const struct partition *inside_of);
/* Makes the volume's content known. */
void volume_probe(struct guest *guest, struct partition *volume);
/* Runs lvm, mdadm or cryptsetup so that it waits for no udev. `exit_status` as in struct program. */
int volume_run(const char *const *argv, int input_fd, struct text *output, int *exit_status, struct error *err);
/* Loads what is not built in; NULL ends the list. */
void volume_drivers_load(const char *const *modules);
/* The same for those of the device-mapper, and says whether that is there. */
int volume_mapper_ready(const char *const *modules, struct error *err);
/* One letter at least, and none that would mean something in a path or in a program's settings: those of lvm(8). */
bool volume_name_is_harmless(const char *name);
/* Why it could not be looked into; the first reason stays. */
void volume_stays_closed(struct partition *container, const char *why);
/* Whatever lies in the container needs what that does. */
void volume_needs_as(struct partition *volume, const struct partition *container);

/* undo.c. What takes a volume apart, also when this process ends without it; the strings are copied. `devices` have to be let go before. */
void volume_undo_by(struct guest *guest, const char *const *argv, const struct strings *devices);
/* A device of the device-mapper has another name now. */
void volume_undo_renamed(struct guest *guest, const char *old, const char *new);
/* Runs what takes volumes apart, the last first. */
int volumes_take_apart(struct guest *guest, struct error *err);
/* Forgets it, once that is done. */
void volume_undo_forget(struct attachment *attachment);

#endif
