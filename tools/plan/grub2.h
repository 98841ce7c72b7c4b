/* GRUB 2's settings as text. */
#ifndef REHOST_PLAN_GRUB2_H
#define REHOST_PLAN_GRUB2_H

#include <stdbool.h>

/* "UUID=…" for a device name of the old machine (the caller's to free), or NULL when there is none. */
typedef char *device_resolver(void *context, const char *device);

/* /etc/default/grub with root= and resume= by UUID (taken out where there is none), and GRUB_DISABLE_LINUX_UUID and
 * GRUB_DISABLE_UUID commented out. All other arguments, the console's among them, stay. The caller's. */
char *grub2_defaults_by_uuid(const char *text, device_resolver *resolve, void *context);
/* One value in debconf's database (config.dat). NULL when the question is not there or has that value. The caller's. */
char *debconf_replace(const char *text, const char *question, const char *value);
/* The value of a question; NULL when it is not there. The caller's. */
char *debconf_value(const char *text, const char *question);

#endif
