/* The one record of what is on the disk: found out once by guest_open, const from then on. */
#ifndef REHOST_GUEST_H
#define REHOST_GUEST_H

#include <stdbool.h>
#include <stdint.h>

#include "../base/error.h"
#include "../base/json.h"
#include "../base/text.h"
#include "boot/boot_code.h"
#include "boot/boot_entry.h"

struct module_table; /* modules.h */

/* What has to be put together before a volume is there. */
enum layer { LAYER_NONE = 0, LAYER_LVM = 1, LAYER_RAID = 2, LAYER_CRYPT = 4, LAYER_BTRFS = 8 };

/* A partition; or a volume, which lies inside of one or several of them: a logical volume, a RAID, what is encrypted by LUKS, a btrfs over several devices. */
struct partition {
    unsigned number; /* 0: a volume, or the whole of a disk without a table */
    uint64_t offset_bytes, size_bytes;
    char *type;      /* "0x83", or a GUID */
    char *partuuid;
    bool bootable;   /* MBR: the active flag */
    enum boot_code boot_code; /* in its first sector */
    char *device;    /* its node here, e.g. /dev/vda1; for a whole-disk file system the disk's own */
    char *fs_type, *uuid, *label; /* NULL when none is recognised */
    char *mount_point; /* in the guest: "/", "/boot"; NULL when it is not mounted */
    char *subvolume; /* of a btrfs that holds the system: where in it the root is, "@rootfs"; NULL: in the one that is mounted when none is named */
    bool subvolume_is_default; /* it is that one, though it is named */
    char *problem;   /* what the file system check said, NULL when clean or not checked */
    bool opened;     /* a container (a physical volume, a RAID's member, LUKS, one device of several of a btrfs): what is inside of it is among the volumes, */
    char *closed;    /* or else why it is not; NULL: no container, or of a kind that is never looked into */
    enum layer kind;       /* LAYER_NONE: a partition */
    struct strings names;  /* of a volume, as the guest knows it: "/dev/mapper/vg-root", "/dev/vg/root" */
    const struct partition *whole;     /* of one device of several of a btrfs, when it was opened: the volume that stands for all of them; else NULL */
    const struct partition *container; /* of what is encrypted: where it lies; else NULL */
    char *key_file;        /* of what is encrypted: its key's path by the guest's crypttab; NULL: it has none, or none that is a file there */
    unsigned layers;       /* of a volume, and of all that it lies in: enum layer, one bit each */
    unsigned missing;      /* of a RAID: how many of its disks are not here, or have fallen behind */
    unsigned disks;        /* of the guest's, those that it lies on: one bit each, 1 being the first. Known once volumes were opened */
    struct strings drivers; /* and the kernel's modules for these: "dm_mod", "raid1" */
};

struct guest_disk {
    char *device;    /* NULL when the guest is a directory */
    uint64_t size_bytes;
    uint32_t sector_bytes;
    char *table;     /* "dos", "gpt", or NULL: none */
    enum boot_code boot_code; /* in its first sector */
    struct partition *partitions;
    size_t partition_count;
    struct partition *volumes;
    size_t volume_count;
};

struct fstab_entry {
    char *spec, *file, *type, *options;
    unsigned line; /* from 1 */
};

/* Whose scripts run in an initrd; how each is told: kernel/initrd_kind.c. */
enum initrd_kind {
    INITRD_KIND_UNKNOWN,
    INITRD_KIND_INITRAMFS_TOOLS,
    INITRD_KIND_DRACUT,
    INITRD_KIND_NASH,               /* mkinitrd of RHEL 4 and 5 */
    INITRD_KIND_SLES_10,            /* mkinitrd of SUSE: one script, */
    INITRD_KIND_SLES_11,            /* and later many */
    INITRD_KIND_MKINITCPIO,         /* with busybox as init, */
    INITRD_KIND_MKINITCPIO_SYSTEMD, /* or with systemd */
    INITRD_KIND_MKINITFS,
    INITRD_KIND_BOOSTER,
    INITRD_KIND_GENKERNEL,
    INITRD_KIND_COUNT,
};


/* An initrd is streamed, never unpacked: names are kept, and a few small files. */
struct initrd {
    char *path;            /* "/boot/initrd.img-6.1.0-40-amd64", NULL when the kernel has none */
    bool was_read;         /* false over a network, where the listing would cost too much */
    char *problem;         /* why it could not be listed */
    struct strings modules; /* "virtio_blk": dashes are underscores, no suffix */
    struct strings programs; /* of those that put volumes together: "lvm", "mdadm", "cryptsetup", "thin_check", "btrfs" (or udev's rule "64-btrfs.rules") */
    struct strings files;  /* what is neither below usr, lib, bin or sbin: "cryptroot/keyfiles/root.key" */
    enum initrd_kind kind;
    const char *compression; /* of its main part: "zstd"; NULL: none */
    char *modules_directory; /* "usr/lib/modules/6.1.0-40-amd64"; NULL: it has none */
    struct strings module_files; /* those in it: "kernel/drivers/block/virtio_blk.ko" */
    bool has_binary_indexes; /* of its modules: what reads modules.dep.bin passes over modules.dep */
    char *lists[INITRD_KIND_COUNT]; /* by kind: the file in which its scripts are told what to load (initrd_kind.h); NULL: there is none */
};

struct kernel {
    char *version;   /* "6.1.0-40-amd64" */
    char *image;     /* "/boot/vmlinuz-…", NULL when only modules are there */
    struct initrd initrd; /* under its usual name, which the builders write */
    struct initrd copy;   /* the one that its entry of the menu starts, where that is another file; else its path is NULL */
    struct module_table *modules; /* NULL when /lib/modules/VERSION is missing */
    bool only_on_xen; /* made for Xen's paravirtual machines: no PC starts it */
};

enum boot_loader_kind { BOOT_LOADER_NONE, BOOT_LOADER_GRUB2, BOOT_LOADER_GRUB_LEGACY, BOOT_LOADER_EXTLINUX, BOOT_LOADER_SYSTEMD_BOOT, BOOT_LOADER_LILO };

struct boot_loader {
    enum boot_loader_kind kind;
    char *config;          /* "/boot/grub/grub.cfg" */
    char *entries_directory; /* "/boot/loader/entries" when the menu is made of files there, else NULL */
    char *environment;     /* "/boot/grub/grubenv", where GRUB 2 keeps its variables; NULL when there is none */
    bool default_is_saved; /* the default stands in grubenv */
    struct boot_entries menu; /* kernels and initrds as paths in the guest */
    char *default_kernel;  /* path of the image that boots by default, if known */
    char *default_initrd;
    char *default_root;    /* the value of root= on that entry */
    char *default_arguments; /* the whole command line */
    char *default_title;
};

enum initrd_builder {
    INITRD_BUILDER_NONE,
    INITRD_BUILDER_INITRAMFS_TOOLS,
    INITRD_BUILDER_DRACUT,
    INITRD_BUILDER_MKINITRD,      /* RHEL 5 and its relatives */
    INITRD_BUILDER_SUSE_MKINITRD, /* SLES 9 to 11 */
    INITRD_BUILDER_MKINITCPIO,    /* Arch */
    INITRD_BUILDER_MKINITFS,      /* Alpine */
    INITRD_BUILDER_BOOSTER,       /* Arch and others */
    INITRD_BUILDER_COUNT,
};

/* A network that a card is in, itself or by a VLAN, bridge or bond on it: what can be looked for on a wire. */
struct guest_network {
    char *address; /* "10.9.0.1/16" */
    char *gateway; /* NULL: none is named */
    unsigned vlan; /* the tag of its frames; 0: none */
};

/* One interface of the guest's own settings. */
struct guest_nic {
    char *name;  /* "lan0" */
    char *mac;   /* the old identity, lower case; NULL when nothing in the guest tells it */
    char *id;    /* what others may call it by instead of its name: the UUID of a NetworkManager connection, netplan's id; or NULL */
    bool sets_mac; /* `mac` is an address that the settings give to the card (ifupdown's hwaddress), nothing binds by it */
    bool in_bridge;
    struct strings addresses; /* "10.0.2.77/24", "dhcp" */
    struct strings leases;    /* "10.0.2.15": what a DHCP server gave it last */
    struct strings carries;   /* "10.9.0.1/16 on br0": the addresses of the VLANs, bridges and bonds that it is part of */
    char *gateway;
    struct strings sources;   /* the files that speak of it */
    struct guest_network *networks;
    size_t network_count;
};

struct guest_system {
    char *id, *version_id, *pretty_name; /* os-release; NULL when absent */
    char *family;   /* "debian", "redhat", "suse", "alpine", "arch", or NULL when unknown */
    char *hostname;
    char *init;     /* "/sbin/init" as it resolves: "/lib/systemd/systemd" */
    char *machine;  /* "x86_64", "i686": by the ELF header of its init or shell */
    bool systemd, networkd, ifupdown;
};

struct guest {
    char *what;      /* as the user named it */
    bool remote;     /* read over a network */
    bool writable;   /* opened for fix */
    struct guest_disk disk;  /* the one that it boots from */
    struct guest *others;    /* the server's other disks: attached, their partitions known, and nothing looked for on them */
    size_t other_count;
    struct strings systems; /* devices that hold a root file system; a guest is complete with exactly one */
    int root_fd;     /* the guest's root with all its file systems mounted; -1 when no system was found */
    char *root_path; /* where it is mounted here; NULL for a directory given by the user */
    struct partition *root_partition; /* NULL for a directory */
    struct guest_system system;
    struct fstab_entry *fstab;
    size_t fstab_count;
    struct kernel *kernels; /* newest first */
    size_t kernel_count;
    struct boot_loader boot;
    enum initrd_builder initrd_builder;
    struct guest_nic *nics;
    size_t nic_count;
    struct strings notes;    /* what is odd and could not stop us: "journal not replayed", … */
    struct guest_keys *keys; /* what opens what is encrypted; NULL: nothing does */
    struct attachment *attachment; /* loops, mounts, helpers: undone by guest_close */
};

#define DISKS_MAX 16 /* of a server */
#define SEVERAL_DISKS_HELP "Of a server with several disks each is a WHAT of its own, the one that it boots from first."

enum guest_access { GUEST_READ, GUEST_WRITE };

/* What opens LUKS: keys as files, and somebody who may be asked for a passphrase. */
#define GUEST_KEYS_MAX 8
struct guest_keys {
    int fds[GUEST_KEYS_MAX]; /* what was asked for and fitted is added */
    size_t count;
    int (*ask)(void *context, const char *question, char **answer, struct error *err); /* NULL: nobody can be asked. The answer is the caller's */
    void *context;
};
/* NULL is no file, and no error. */
int guest_keys_add_file(struct guest_keys *keys, const char *file, struct error *err);
void guest_keys_forget(struct guest_keys *keys);
#define cleanup_keys __attribute__((cleanup(guest_keys_forget)))

/* WHAT: a disk (/dev/x), an image file, a source's URI (source/source.h), or a directory that is a guest's root.
 * Everything is attached and mounted in a private mount namespace of this process; a guest's volumes are put together when
 * this begins and taken apart by guest_close. With GUEST_READ nothing is written, not even a file system's journal. With GUEST_WRITE file systems are
 * checked first (e2fsck -p). A disk without a system is no error: `systems` is empty then. */
int guest_open(const char *what, enum guest_access access, struct guest *guest, struct error *err);
/* As guest_open, of a server that may be encrypted, and have up to DISKS_MAX disks; it boots from the first. `keys` (NULL: none) have to stay until
 * guest_close. */
int guest_open_disks(const char *const *disks, size_t count, enum guest_access access, struct guest_keys *keys, struct guest *guest, struct error *err);

/* The same in steps, for whoever looks at disks before something of them is mounted: attach each, then give the others to the first, then look in. */
int guest_attach(const char *what, enum guest_access access, struct guest *guest, struct error *err);
struct source;
/* To read, a source that is open already; it has to stay so until guest_close. */
int guest_attach_source(const struct source *source, struct guest *guest, struct error *err);
/* `other` is the guest's from now on. */
void guest_add_disk(struct guest *guest, struct guest *other);
/* Finds the system, mounts and reads it. Whatever comes, guest_close is the caller's. */
int guest_look_in(struct guest *guest, struct error *err);
/* Syncs and unmounts; says so when the last flush fails. */
int guest_close(struct guest *guest, struct error *err);

/* The partition or the volume that a device name means: "UUID=…", "LABEL=…", "PARTUUID=…", /dev/disk/by-…, a volume's name, or a name with a number.
 * All names of a machine's first disk (sda1, hda1, vda1, xvda1, nvme0n1p1) mean the same partition of the one disk that
 * there is. Of a btrfs over several devices each means the whole. NULL: it is not on this disk. */
const struct partition *guest_partition_of(const struct guest_disk *disk, const char *spec);
/* The same on all disks of the guest. A name that is given by order and not by content means the first disk. */
const struct partition *guest_find_partition(const struct guest *guest, const char *spec);

/* The partitions, and behind them the volumes; NULL behind the last. */
struct partition *guest_disk_part(const struct guest_disk *disk, size_t index);
/* The same of all disks: the parts of the one that it boots from, the volumes among them, and behind these the partitions of the others. */
struct partition *guest_part(const struct guest *guest, size_t index);
/* The disks, one bit each, that hold what is mounted before the system itself starts: / and /usr. */
unsigned guest_early_disks(const struct guest *guest);
/* "partition 5", "the volume /dev/mapper/vg-root", "the btrfs UUID over several devices"; the caller's. */
char *partition_words(const struct partition *partition);
/* The same, with the name of the disk where the guest has several: "partition 5 of /dev/vdb". */
char *guest_part_words(const struct guest *guest, const struct partition *part);
/* Is it a disk without a partition table, with one file system that could hold a system, from its first sector on? */
bool guest_disk_is_bare(const struct guest_disk *disk);

/* The kernel that boots when nobody touches a key: the one whose image the boot loader's default entry names, by name or by link;
 * where no entry is known, the newest that has an image. NULL: there is none. */
const struct kernel *guest_default_kernel(const struct guest *guest);
/* The kernel that this entry of the menu starts; NULL when it is none of the guest's. */
const struct kernel *guest_kernel_of_entry(const struct guest *guest, const struct boot_entry *entry);
/* The entry of the menu that starts this kernel: the one that boots by default, or the last; a rescue entry ("single", "recovery") only where there
 * is no other. NULL: none does. */
const struct boot_entry *guest_entry_of_kernel(const struct guest *guest, const struct kernel *kernel);
/* The initrd that this kernel is started with. */
const struct initrd *kernel_started_initrd(const struct kernel *kernel);
/* "grub2", "grub legacy", "extlinux", "systemd-boot", "lilo"; NULL for none. */
const char *boot_loader_name(enum boot_loader_kind kind);
/* Is there a program of that name where root finds it? */
bool system_has_program(int root_fd, const char *name);
/* Does some target of systemd want this unit ("vmtoolsd.service")? */
bool system_unit_is_enabled(int root_fd, const char *unit);
/* "initramfs-tools", "dracut" …; NULL for none. */
const char *initrd_builder_name(enum initrd_builder builder);

cJSON *guest_to_json(const struct guest *guest);
int command_inspect(int argc, char **argv);

#endif
