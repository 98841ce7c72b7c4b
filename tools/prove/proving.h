/* What the links of the proof share. One file for a few links each; prove.c holds the table. */
#ifndef REHOST_PROVE_PROVING_H
#define REHOST_PROVE_PROVING_H

#include "prove.h"

struct proving {
    const struct guest *guest;
    const struct hardware *hardware;
    const struct hardware_disk *disk; /* the one that the guest boots from here; NULL: not known */
    const struct hardware_disk *other_disks[DISKS_MAX]; /* those that guest->others land on; NULL: not known */
    const struct kernel *kernel;      /* the one that boots by default; NULL: not known */
    const struct initrd *initrd;      /* that entry's, read; NULL: it has none */
    const unsigned char *held_boot_code;
};

/* link.c: what each link's function ends with. */
void link_holds(struct proof_link *link, const char *evidence, ...) __attribute__((format(printf, 2, 3)));
void link_unknown(struct proof_link *link, const char *evidence, ...) __attribute__((format(printf, 2, 3)));
void link_broken(struct proof_link *link, const char *way_out, const char *evidence, ...) __attribute__((format(printf, 3, 4)));

/* The way out where a fix-up is what is missing. */
#define WAY_OUT_FIX "`rehost fix` mends it"

typedef void prove_link(const struct proving *proving, struct proof_link *link);

prove_link prove_firmware, prove_boot_code, prove_boot_loader;                 /* firmware.c, boot_code.c */
prove_link prove_kernel, prove_initrd, prove_disk_driver, prove_root_driver;   /* kernel.c */
prove_link prove_root_volume;                                                  /* volume.c */
prove_link prove_root, prove_fstab, prove_init;                                /* root.c */
prove_link prove_nic_drivers, prove_network;                                   /* network.c */

/* kernel.c: the modules at hand before the root is there; NULL when that is not known, which the link then says. */
const struct strings *modules_before_root(const struct proving *proving, struct proof_link *link);

/* drivers.c: can this kernel drive a chain of devices with the modules in `available` (NULL: with all that have a file
 * below the guest's /lib/modules)? `*found` gets the drivers, `*lacking` says what is missing; both the caller's. */
bool drivers_serve(const struct proving *proving, const struct strings *modaliases, const char *driver_here,
                   const struct strings *available, char **found, char **lacking);
/* The same for one module by name. */
bool driver_is_available(const struct proving *proving, const char *name, const struct strings *available, char **lacking);

#endif
