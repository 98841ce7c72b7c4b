/* The configuration of what lies below file systems, as text. */
#ifndef REHOST_PLAN_VOLUMES_H
#define REHOST_PLAN_VOLUMES_H

#include "../base/text.h"

/* "UUID=…" for a device name (the caller's to free), or NULL to leave it. */
typedef char *device_namer(void *context, const char *device);

/* Each gives a text that is the caller's. */
char *crypttab_by_uuid(const char *text, device_namer *resolve, void *context);
/* Without the DEVICE lines that name the old machine's disks. */
char *mdadm_conf_settled(const char *text);
/* Without the filters that name the old machine's disks. */
char *lvm_conf_settled(const char *text);

#endif
