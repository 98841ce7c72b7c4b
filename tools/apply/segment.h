/* Drivers appended to an initrd as one more archive; see plan/initrd/segment.h. */
#ifndef REHOST_APPLY_SEGMENT_H
#define REHOST_APPLY_SEGMENT_H

#include "../plan/plan.h"

/* Does the initrd of this operation hold its drivers? An initrd that cannot be read is not said to lack them. */
bool segment_is_needless(const struct guest *guest, const struct operation *operation);
/* Appends what of them, and of what they depend on, the operation's initrd lacks. When it fails the initrd is as it was. */
int segment_append(const struct guest *guest, const struct operation *operation, struct error *err);

#endif
