/* The configuration of initrd builders as text. */
#ifndef REHOST_PLAN_INITRD_H
#define REHOST_PLAN_INITRD_H

#include "../base/text.h"

/* /etc/initramfs-tools/modules with our block naming those of `drivers` that no line of the administrator names. An older
 * block of ours goes. The caller's. */
char *initramfs_modules_with(const char *text, const struct strings *drivers);
/* What stands right of NAME= in a shell-like configuration, the last one, without quotes; NULL. The caller's. */
char *shell_setting(const char *text, const char *name);
/* The text with the value of every NAME= line replaced. The caller's. */
char *shell_setting_replace(const char *text, const char *name, const char *value);

#endif
