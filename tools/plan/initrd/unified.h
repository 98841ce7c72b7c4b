/* Initrds inside of unified kernel images: they are made anew with the image, whose command line goes with it. */
#ifndef REHOST_PLAN_UNIFIED_H
#define REHOST_PLAN_UNIFIED_H

#include "initrd.h"

/* Whether this kernel's initrd lies in a unified image. */
bool unified_holds(const struct kernel *kernel);
/* Whether the command line inside of the image that boots is the old machine's. That of /etc/kernel/cmdline is mended then, and the image has to
 * be made anew. */
bool unified_settle_command_line(struct planning *planning);
/* Plans the run that makes this kernel's image anew, by the program of the guest that made it. Blocks when there is none. `builder`
 * may be NULL. */
void unified_plan_run(struct planning *planning, const struct initrd_builder_ops *builder, const struct kernel *kernel, const struct strings *drivers, const char *why);

#endif
