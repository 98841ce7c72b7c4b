/* A job: everything that a move needs to be told. `key=value` lines of a file, or rehost.KEY=VALUE on the kernel's
 * command line, where they win over the file. */
#ifndef REHOST_JOB_H
#define REHOST_JOB_H

#include <stdbool.h>

#include "../base/error.h"
#include "../plan/plan.h"

enum job_after { AFTER_REBOOT, AFTER_POWEROFF, AFTER_SHELL, AFTER_HALT };

struct job {
    char *source;  /* URI; NULL: ask */
    char *disk;    /* "auto", a device, or a serial number; NULL: ask */
    char *nic;     /* of this machine, for the pull: "auto" (default), a name, or a MAC */
    char *ip;      /* "dhcp" (default) or ADDRESS/PREFIX[,GATEWAY] */
    bool confirmed; /* confirm=yes: what is on the target disk may be destroyed without asking */
    enum job_after after;
    char *job;     /* a file or an URL with more of these lines */
    struct nic_choice *nic_choices; /* map=OLD=MAC */
    size_t nic_choice_count;
};

/* Wrong and repeated keys are errors that name the key, the line and the nearest right key. */
int job_parse_file(const char *text, const char *name, struct job *job, struct error *err);
int job_parse_command_line(const char *command_line, struct job *job, struct error *err);
void job_free(struct job *job);

int command_run(int argc, char **argv);

#endif
