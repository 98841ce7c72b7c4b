/* GRUB 2's settings as text. */
#ifndef REHOST_PLAN_BOOT_GRUB2_H
#define REHOST_PLAN_BOOT_GRUB2_H

#include "command_line.h"

/* /etc/default/grub with the command lines settled, and GRUB_DISABLE_LINUX_UUID and GRUB_DISABLE_UUID commented out. The caller's. */
char *grub2_defaults_settled(const char *text, const struct command_line_rules *rules);
/* The same with GRUB_DEFAULT="id"; NULL when the id cannot stand there. The caller's. */
char *grub2_defaults_with_default(const char *text, const char *id);
/* grubenv with NAME=value, as long as it was; NULL when there is no room, or the value cannot stand there. The caller's. */
char *grub2_environment_with(const char *environment, const char *name, const char *value);

#endif
