/* The stages of a whole move and what they share. Only `rehost run` uses this. */
#ifndef REHOST_JOB_RUN_H
#define REHOST_JOB_RUN_H

#include "../face/console.h"
#include "../firmware/boot_entry.h"
#include "../guest/guest.h"
#include "../hardware/hardware.h"
#include "../pull/pull.h"
#include "../source/source.h"
#include "../used/used.h"
#include "disk_content.h"
#include "job.h"
#include "state.h"

/* How far the target disk has come; what a failure must say. */
enum target_state { TARGET_UNTOUCHED, TARGET_HALF_DONE, TARGET_COPIED, TARGET_CHANGED, TARGET_RELEASED };

struct target {
    char *device;  /* "/dev/vda", or a file */
    char *name;    /* of the hardware disk, "vda"; NULL for a file */
    char *model, *serial;
    uint64_t size_bytes;
    char *content; /* what is on it now, for people */
    enum target_state state;
};

/* A disk of the old server on its way; the number is that of the job's and the status document's. */
struct run_disk {
    struct source source;  /* open from stage source to the end of the pull */
    struct target target;
    struct used_map map;   /* which blocks of the source are in use; of 0 bytes when that cannot be told */
    struct pull_result pulled;
    char *lost;            /* the list of what the source could not read, for people; NULL: nothing */
};

struct run {
    struct job job;
    struct console console;
    struct job_state state;
    const char *hardware_file; /* stands in for this machine; NULL: this machine */
    struct hardware hardware;
    bool appliance;        /* this machine is ours: bring up its network, reboot it */
    char *job_place;       /* a job that is an URL and can only be fetched when the network is there */
    char *mac;             /* of the card that the pull uses; "" when not known */
    struct run_disk disks[DISKS_MAX]; /* the first is the one that the server boots from */
    unsigned disk_count;
    const char *other_names[DISKS_MAX]; /* see run_other_disks */
    bool source_was_asked; /* on the console: more disks may be told there too */
    bool into_partition;   /* the first source is a bare file system */
    struct guest_keys keys; /* of what is encrypted in the guest */
    struct boot_entry_wish boot_entry; /* that this machine's firmware is to get; without a loader: none */
    size_t absent_file_systems; /* that the plan found named, and on none of these disks */
    size_t changes;        /* operations that were carried out */
    struct text changed;   /* and what they were, one line each */
    int exit_status;       /* of a failure */
};

/* Each: 0, or -1 with what failed. */
int stage_hardware(struct run *run, struct error *err);
int stage_network(struct run *run, struct error *err);
int stage_source(struct run *run, struct error *err);
int stage_target(struct run *run, struct error *err);
int stage_plan(struct run *run, struct error *err);
int stage_confirm(struct run *run, struct error *err);
int stage_pull(struct run *run, struct error *err);
int stage_fix(struct run *run, struct error *err);
int stage_prove(struct run *run, struct error *err);
int stage_finish(struct run *run, struct error *err);

/* In the appliance: looks at the wires of this machine's cards, where several could take the guest's settings. Does so once. */
void run_listen(struct run *run, const struct plan_input *input);
/* Asks for one more disk of the server. 1: its source was heard, and the disk that it goes to chosen. 0: there is none. */
int run_ask_another_disk(struct run *run, struct error *err);
/* Opens the source of this disk and learns its size; one that does not answer is not waited for. */
int run_hear_source(struct run *run, unsigned i, struct error *err);
/* Chooses, as the job says or a person does, the disk that it goes to. */
int run_choose_target(struct run *run, unsigned i, struct error *err);
/* "/dev/vdb: " in front of what is said of one disk of several; "" of the only one. The caller's. */
char *run_prefix(const struct run *run, unsigned i);
/* The targets, for guest_open_disks; `devices` has room for DISKS_MAX. */
void run_devices(const struct run *run, const char *devices[]);
/* What this machine calls the targets behind the first, for plan and proof; valid as long as the targets stay. */
const char *const *run_other_disks(struct run *run);
/* What every plan of this run is made from; the stages add what they alone know. Valid as long as the run and the guest. */
struct plan_input run_plan_input(struct run *run, const struct guest *guest);

/* Leaves as `after` says, once everything is done. Returns only when the machine stays up. */
void run_leave(struct run *run);

/* Asks, with the question in the status document meanwhile. As console_ask. */
int run_ask(struct run *run, const char *question, console_changed *changed, char **answer, struct error *err);
/* The same for a secret: what is typed is not shown. */
int run_ask_hidden(struct run *run, const char *question, char **answer, struct error *err);
/* Writes the status document; a status that cannot be written is said once and stops nothing. */
void run_show(struct run *run, bool now);
unsigned run_patience(const struct run *run);
void target_free(struct target *target);

#endif
