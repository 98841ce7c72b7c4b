/* lvm2's account of the volume groups on a disk, with nothing in its sight but the physical volumes that it is given: groups of this machine's
 * own disks, which may have the same names, it does not see. */
#ifndef REHOST_GUEST_DISK_LVM_REPORT_H
#define REHOST_GUEST_DISK_LVM_REPORT_H

#include "../../base/json.h"

/* The settings for `--config`; the caller's. Nothing is written outside of the volumes, and nothing waits for udev. `more` is added
 * ("activation{…}"). */
char *lvm_config(const struct strings *physicals, const char *more);
/* The rows that `lvm COMMAND -o FIELDS` has in its list ("pv", "lv", "seg"), read-only; they belong to *document. `option` is one more of its options,
 * or NULL. NULL: err. */
const cJSON *lvm_ask(const char *config, const char *command, const char *option, const char *list, const char *fields, cJSON **document, struct error *err);

#endif
