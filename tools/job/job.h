/* A job: everything that a move needs to be told. `key=value` lines of a file, or rehost.KEY=VALUE on the kernel's
 * command line, where they win over the file. */
#ifndef REHOST_JOB_H
#define REHOST_JOB_H

#include <stdbool.h>

#include "../base/error.h"
#include "../plan/plan.h"
#include "../pull/pull.h"

enum job_after { AFTER_REBOOT, AFTER_POWEROFF, AFTER_SHELL, AFTER_HALT };

/* A disk of the old server, and the one of this machine that it goes to. */
struct job_disk {
    char *source;  /* URI; NULL: ask */
    char *disk;    /* "auto", a device, or a serial number; NULL: ask */
};

struct job {
    struct job_disk disks[DISKS_MAX]; /* the first is the one that it boots from; behind it those that have a source */
    char *password_file; /* of the sources whose URI names none; NULL: ask */
    char *luks_key; /* a file that opens what is encrypted in the guest; NULL: ask */
    char *nic;     /* of this machine, for the pull: "auto" (default), a name, or a MAC */
    char *ip;      /* "dhcp" (default) or ADDRESS/PREFIX[,GATEWAY] */
    bool confirmed; /* confirm=yes: what is on the target disk may be destroyed without asking */
    bool all;       /* free space is copied too */
    bool zero_unreadable; /* read-errors=zero: what the source cannot read becomes zeroes, and is listed */
    bool verify;    /* the copy is read back and compared with what was received */
    bool restart;   /* a copy that is on the target is not gone on with, but overwritten */
    enum job_after after;
    char *job;     /* a file or an URL with more of these lines */
    unsigned patience_seconds; /* how long a source that does not answer is waited for; UINT_MAX: for ever */
    struct nic_choice *nic_choices; /* map=OLD=MAC */
    size_t nic_choice_count;
    struct strings addresses; /* address=OLD=ADDRESS/PREFIX[,gateway=ADDRESS] */
    struct strings packages; /* packages=PLACE, each a file, a folder or an URL */
    unsigned given; /* one bit for each key that was given, in the order of job_key_name */
};

#define JOB_FILE_MAX 65536 /* bytes; a job is a page of text */
#define JOB_PATIENCE_DEFAULT 600

/* Wrong and repeated keys are errors that name the key, the line and the nearest right key. */
/* Adds what the text of a job file says to `job`; what `job` holds already stands. `name` is for the messages. */
int job_parse_file(const char *text, size_t length, const char *name, struct job *job, struct error *err);
/* Adds what a kernel command line says to `job`, where it wins over what stands there. Words that do not start with
 * "rehost." are not ours. */
int job_parse_command_line(const char *command_line, struct job *job, struct error *err);
/* Once all texts are taken: every disk behind the first has a source, without a gap. */
int job_check_disks(const struct job *job, struct error *err);
/* The checks of single values, also for answers given on the console. */
int job_check_ip(const char *ip, struct error *err);
/* Adds OLD=MAC to the job's mapping of network cards; a later one for the same OLD replaces it. */
int job_add_map(struct job *job, const char *value, struct error *err);
/* Adds OLD=ADDRESS/PREFIX[,gateway=ADDRESS]; false, and nothing added, for an OLD that has one already. */
bool job_add_address(struct job *job, const char *value);
/* The keys by number, NULL after the last. */
const char *job_key_name(size_t index);
const char *job_after_name(enum job_after after);
void job_free(struct job *job);

int command_run(int argc, char **argv);

#endif
