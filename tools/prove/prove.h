/* The boot chain, link by link: firmware → boot code → loader → kernel and initrd → drivers → root → fstab → init → network.
 * Each link with its evidence; only reads. */
#ifndef REHOST_PROVE_H
#define REHOST_PROVE_H

#include "../guest/guest.h"
#include "../hardware/hardware.h"

enum link_state { LINK_HOLDS, LINK_BROKEN, LINK_UNKNOWN };

struct proof_link {
    const char *name; /* "boot code" */
    enum link_state state;
    char *evidence;   /* what was seen, with the object's name */
    char *way_out;    /* when broken */
};

struct proof {
    struct proof_link *links;
    size_t count;
};

struct prove_input {
    const struct guest *guest;
    const struct hardware *hardware;
    const char *disk;          /* as in struct plan_input, */
    const char *const *other_disks; /* and this too */
    /* The first 440 bytes of the disk where they are still held back during a move; NULL: read them from the disk. */
    const unsigned char *held_boot_code;
};

int prove_guest(const struct prove_input *input, struct proof *proof, struct error *err);
bool proof_holds(const struct proof *proof); /* no link is broken */
cJSON *proof_to_json(const struct proof *proof);
char *proof_to_text(const struct proof *proof);
void proof_free(struct proof *proof);

int command_prove(int argc, char **argv);

#endif
