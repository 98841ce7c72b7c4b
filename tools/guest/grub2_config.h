/* GRUB 2's configuration, read far enough to know what boots by default. Pure: text in, struct out. */
#ifndef REHOST_GUEST_GRUB2_CONFIG_H
#define REHOST_GUEST_GRUB2_CONFIG_H

#include <stdbool.h>

#include "../base/text.h"

struct grub2_entry {
    char *title;
    char *id;        /* of --id or $menuentry_id_option; NULL */
    char *kernel;    /* as it stands there: from the root of the file system that holds /boot */
    char *initrd;    /* the last of several: the one before may be microcode; NULL */
    char *arguments; /* the kernel's command line */
    char *root;      /* of root= there, or NULL */
};

/* The entry that boots when nobody touches a key. `environment` is the text of grubenv, or NULL.
 * 0, or -1: the text holds no entry with a kernel. */
int grub2_default_entry(const char *config, const char *environment, struct grub2_entry *entry);
void grub2_entry_free(struct grub2_entry *entry);
/* The value of NAME in a grubenv file; the caller's, NULL when it is not there. */
char *grub2_environment_value(const char *environment, const char *name);
/* The last NAME=value word of a kernel command line; the caller's. */
char *command_line_value(const char *command_line, const char *name);

#endif
