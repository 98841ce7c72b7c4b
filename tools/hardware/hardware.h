/* What this machine is, as far as a guest must have drivers for it. Found out once; or read from a JSON file that
 * another machine wrote with `rehost hardware --json`, so that any machine can be an input of a test. */
#ifndef REHOST_HARDWARE_H
#define REHOST_HARDWARE_H

#include <stdbool.h>
#include <stdint.h>

#include "../base/error.h"
#include "../base/json.h"
#include "../base/text.h"

enum firmware { FIRMWARE_BIOS, FIRMWARE_UEFI };

struct hardware_disk {
    char *name;   /* "vda" */
    char *device; /* "/dev/vda" */
    char *model, *serial;
    char *driver; /* the kernel driver that serves it here, e.g. "virtio_blk" */
    uint64_t size_bytes;
    uint32_t sector_bytes; /* logical */
    bool read_only, removable;
    bool medium; /* an optical drive, a floppy: never a target */
    struct strings modaliases; /* of the disk and of every device above it, up to the root bus */
};

/* What was seen on the wire of a card (wire.h). */
enum wire_kind {
    WIRE_SPOKE,    /* somebody with this address */
    WIRE_ANSWERED, /* the owner of this address, when asked for it */
    WIRE_OFFERED,  /* a DHCP server would give this address, with its prefix */
    WIRE_ROUTED,   /* a router says that this IPv6 network is here, with its prefix */
    WIRE_TAGGED,   /* frames of this VLAN; no address */
    WIRE_KINDS
};

struct wire_sight {
    enum wire_kind kind;
    unsigned vlan;    /* 0: without a tag */
    char address[56]; /* "10.0.2.2", "10.0.2.15/24", "2001:db8::/64" */
};

struct hardware_nic {
    char *name; /* "eth0": its name here, not in the guest */
    char *mac;  /* lower case, with colons; the permanent one */
    char *driver;
    int link;   /* 1 carrier, 0 none, -1 not known (interface down) */
    struct strings modaliases;
    bool listened; /* its wire was listened to */
    struct wire_sight *sights;
    size_t sight_count;
};

struct hardware {
    enum firmware firmware;
    bool secure_boot;
    char *machine; /* uname -m */
    char *vendor, *product; /* DMI */
    uint64_t memory_bytes;
    struct hardware_disk *disks;
    size_t disk_count;
    struct hardware_nic *nics;
    size_t nic_count;
};

/* Reads /sys and /proc below `root_fd` (the real root, or a test's tree). */
int hardware_probe(int root_fd, struct hardware *hardware, struct error *err);
int hardware_load(const char *file, struct hardware *hardware, struct error *err);
/* By --hardware FILE when given, this machine otherwise. */
int hardware_of(const char *file_or_null, struct hardware *hardware, struct error *err);
cJSON *hardware_to_json(const struct hardware *hardware);
void hardware_free(struct hardware *hardware);
/* The disk that a guest lands on: the one that `wanted` names ("vda" or "/dev/vda"), NULL when there is none of that name.
 * Without a wish the one whose device is `own` (the guest is on it already), else the first that a guest could be put on. */
const struct hardware_disk *hardware_choose_disk(const struct hardware *hardware, const char *wanted, const char *own);
/* The disk of that name ("vda" or "/dev/vda"); NULL: there is none, or no name. */
const struct hardware_disk *hardware_disk_named(const struct hardware *hardware, const char *name);
const char *firmware_name(enum firmware firmware); /* "BIOS", "UEFI" */

#define cleanup_hardware __attribute__((cleanup(hardware_free)))

int command_hardware(int argc, char **argv);

#endif
