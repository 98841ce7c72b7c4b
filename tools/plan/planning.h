/* What the steps of a plan share. A step looks at the guest, the hardware and the job's choices, which are const, and
 * says what it finds and what is to be done; it never changes anything.
 *
 * Operations see each other: what an earlier step of this plan would write is what a later one reads. */
#ifndef REHOST_PLAN_PLANNING_H
#define REHOST_PLAN_PLANNING_H

#include "plan.h"

struct planning {
    const struct plan_input *input;
    const struct guest *guest;
    const struct hardware *hardware;
    struct plan *plan;
    const char *step;
    const struct kernel *kernel; /* the one that boots by default, and from the step kernel on the one that will; NULL when the guest has none */
    const struct boot_entry *new_default; /* the entry of the menu that is to boot instead of today's; NULL: that stays */
    struct strings drivers;      /* of this machine's disks that the root lies on, as the default kernel names them; set by the step kernel */
    bool initrd_is_stale;        /* a file that an initrd holds a copy of is going to change */
    bool loader_is_stale;        /* the same for the boot loader's configuration */
};

struct plan_step {
    const char *name;
    const char *why;
    bool needs_system; /* left out when no root file system was found */
    void (*plan)(struct planning *planning);
};

/* The disk of this machine that the guest's disk of that number (from 0; the first is the one that it boots from) lands on; NULL: not known, or there is none. */
const struct hardware_disk *planning_disk(const struct planning *planning, size_t number);
/* The file as this plan would leave it so far; the caller's, NULL when there is none (or no regular file of sane size). */
char *planning_read(const struct planning *planning, const char *path);
/* Blocks when `path` is there and is not what can be read and replaced: a regular file, or a link to one inside the guest. */
bool planning_is_plain(struct planning *planning, const char *path);
/* The paths of a directory's files with that ending, sorted; files that this plan adds are among them. */
void planning_list(const struct planning *planning, const char *directory, const char *ending, struct strings *paths);
/* No operation when the file already says this. Returns whether something is going to change. */
bool planning_write(struct planning *planning, const char *path, const char *content, const char *why);
/* The same for a script: a new file can be run. */
bool planning_write_program(struct planning *planning, const char *path, const char *content, const char *why);
bool planning_remove(struct planning *planning, const char *path, const char *why);
/* The returned operation is valid until the next one is added; `changes` can be filled in. */
struct operation *planning_run(struct planning *planning, const char *const *argv, unsigned timeout_seconds, const char *why);

/* extlinux in that directory, which is on that partition. */
void planning_install_loader(struct planning *planning, const char *directory, unsigned partition, const char *why);
void planning_activate(struct planning *planning, unsigned partition, const char *why);
/* One more archive behind the initrd; whether that can be is the caller's to know (initrd/segment.h). */
void planning_extend(struct planning *planning, const char *initrd, const char *kernel, const struct strings *drivers, const char *why);
void operation_set_initrd(struct operation *operation, const char *path, const char *kernel, const struct strings *drivers);

void planning_note(struct planning *planning, const char *format, ...) __attribute__((format(printf, 2, 3)));
void planning_warn(struct planning *planning, const char *way_out, const char *format, ...) __attribute__((format(printf, 3, 4)));
void planning_block(struct planning *planning, const char *way_out, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* The steps, each in the file of its concern. */
void plan_system(struct planning *planning);
void plan_firmware(struct planning *planning);
void plan_disk(struct planning *planning);
void plan_kernel(struct planning *planning);
void plan_fstab(struct planning *planning);
void plan_network(struct planning *planning);
void plan_initrd(struct planning *planning);
void plan_boot_loader(struct planning *planning);
void plan_efi(struct planning *planning);
void plan_console(struct planning *planning);
void plan_volumes(struct planning *planning);
void plan_modprobe(struct planning *planning);
void plan_agents(struct planning *planning);
void plan_leftovers(struct planning *planning);
void plan_machine(struct planning *planning);
void plan_lilo(struct planning *planning);
void plan_time(struct planning *planning);

#endif
