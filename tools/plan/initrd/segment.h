/* One more archive behind an initrd that nothing in the guest makes anew, or whose builder fails: the kernel unpacks it over the others. It holds
 * modules of the guest's own kernel, module indexes for all that are there then, and the file by which its own scripts are told to load them
 * (loading.h). Of a kernel that the boot menu starts with a copy of its initrd it is that copy which is made longer. */
#ifndef REHOST_PLAN_SEGMENT_H
#define REHOST_PLAN_SEGMENT_H

#include "../planning.h"

/* Why these drivers cannot be appended to this initrd of the kernel; the caller's. NULL: they can. */
char *segment_refusal(const struct guest *guest, const struct kernel *kernel, const struct initrd *initrd, const struct strings *drivers);
/* The drivers and all that they depend on, without what the initrd has. */
void segment_modules(const struct kernel *kernel, const struct initrd *initrd, const struct strings *drivers, struct strings *added);
/* What its list says when it loads the drivers, too; the caller's. NULL: it is not known how. `added` are those of segment_modules. */
char *segment_list(const struct kernel *kernel, const struct initrd *initrd, const struct strings *drivers, const struct strings *added);

/* Plans it for the initrd that the kernel is started with. Why not, the caller's; NULL: it is planned. */
char *segment_plan(struct planning *planning, const struct kernel *kernel, const struct strings *drivers);
/* The run that was planned last makes the kernel's initrd: where that fails, this is to be done, if it can be. `copies_change`: files that the
 * initrd holds copies of are changed by this plan. */
void segment_plan_otherwise(struct planning *planning, const struct kernel *kernel, const struct strings *drivers, bool copies_change);

#endif
