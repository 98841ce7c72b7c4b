/* The plan: what has to change in this guest, for this machine, as data. Nothing is changed here. */
#ifndef REHOST_PLAN_H
#define REHOST_PLAN_H

#include <stdbool.h>

#include "../base/error.h"
#include "../base/json.h"
#include "../base/text.h"
#include "../guest/guest.h"
#include "../hardware/hardware.h"

enum severity { SEVERITY_NOTE, SEVERITY_WARNING, SEVERITY_BLOCKER };

struct finding {
    enum severity severity;
    char *step;    /* "initrd" */
    char *message; /* a sentence that names the object */
    char *way_out; /* a sentence; NULL for notes */
};

enum operation_kind {
    OPERATION_WRITE,
    OPERATION_REMOVE,
    OPERATION_RUN,
    OPERATION_INSTALL, /* extlinux, into a directory of the guest and the first sector of the partition below it */
    OPERATION_ACTIVATE, /* the disk's first sector starts the active partition, and that is this one */
    OPERATION_EXTEND,  /* an initrd, by one more archive with drivers */
};

struct operation {
    enum operation_kind kind;
    char *step;
    char *why;
    char *path;      /* write, remove, install, extend: in the guest; run: the initrd that it makes, where an extend can stand in for it, else NULL */
    char *content;   /* write */
    size_t length;
    unsigned mode;   /* write: of a new file; an existing one keeps its owner, mode and attributes */
    struct strings argv; /* run: in the sealed chroot */
    unsigned partition; /* install: that of the directory; activate: its number */
    struct strings changes; /* run, install: the files that the program will change, make or remove, so that undo can keep them */
    unsigned timeout_seconds;
    char *kernel;    /* extend, run with a path: the version of the initrd's kernel, */
    struct strings drivers; /* and the modules that the initrd must hold afterwards. A run that fails, or leaves them out, is followed by an extend */
};

/* `--nic OLD=MAC`: OLD is a name, a MAC or an address of the guest's settings. */
struct nic_choice {
    char *old;
    char *mac;
};

struct nic_move {
    const struct guest_nic *guest_nic;
    const struct hardware_nic *hardware_nic; /* NULL: no NIC is left for it */
    const char *by; /* "job", "same MAC", "evidence", "only one", "order" */
    char *why;      /* what was seen on the card's wire: "10.0.2.2 answers"; NULL: nothing */
};

struct plan_input {
    const struct guest *guest;
    const struct hardware *hardware;
    const char *disk; /* name of the hardware disk that the guest lands on; NULL: the guest's own disk, else the first */
    const char *const *other_disks; /* the same of the disks that guest->others land on; NULL: these are what they are on already */
    const struct nic_choice *nic_choices;
    size_t nic_choice_count;
    bool packages_follow;        /* packages are installed after this plan, and it is made again then: a kernel may be among them */
    const unsigned char *held_boot_code; /* BOOT_CODE_BYTES that are not on the guest's disk yet; NULL: what is there counts */
    const struct strings *address_changes; /* "OLD=ADDRESS/PREFIX[,gateway=ADDRESS]", each as address_change_check accepts it; NULL: none */
};

struct plan {
    struct finding *findings;
    size_t finding_count;
    struct operation *operations;
    size_t operation_count;
    struct nic_move *nic_moves;
    size_t nic_move_count;
    size_t absent_file_systems; /* that the guest's fstab names, and that lie on none of the disks at hand */
    const struct hardware_disk *disk;
    const struct hardware_disk *other_disks[DISKS_MAX]; /* in the order of guest->others; NULL: not known */
};

/* "write /etc/fstab", "install extlinux in /boot/extlinux"; the caller's. */
char *operation_words(const struct operation *operation);
int plan_make(const struct plan_input *input, struct plan *plan, struct error *err);
bool plan_is_blocked(const struct plan *plan);
cJSON *plan_to_json(const struct plan *plan, const struct plan_input *input);
/* As people read it: findings, then what is going to be changed. The caller's. */
char *plan_to_text(const struct plan *plan, const struct plan_input *input);
void plan_free(struct plan *plan);

/* Is it OLD=ADDRESS/PREFIX[,gateway=ADDRESS]? -1 with what is wrong. */
int address_change_check(const char *argument, struct error *err);
/* Parses OLD=MAC; -1 when it is not of that form. */
int nic_choice_parse(const char *argument, struct nic_choice *choice);

int command_plan(int argc, char **argv);

#endif
