/* Services of the guest: which there are, whether they start, and how systemd is told to start one. Names come without ".service". */
#ifndef REHOST_PLAN_SERVICES_H
#define REHOST_PLAN_SERVICES_H

#include "planning.h"

/* The text of a systemd unit ("vmtoolsd.service"); NULL: not installed, or masked by the administrator. The caller's. */
char *service_unit_text(const struct planning *planning, const char *unit);
/* Is there a script of init.d, from which systemd makes a unit of the same name? */
bool service_has_script(const struct planning *planning, const char *name);
/* Does it start with the machine: by systemd, sysvinit, upstart or OpenRC? */
bool service_is_started(const struct planning *planning, const char *name);
/* Plans a drop-in of a target that wants these units (the words of Wants=): a plain file, unlike the link that `systemctl enable` makes, and so taken
 * back like any other. `concern` names the file. */
void service_start(struct planning *planning, const char *concern, const char *units, const char *comment, const char *why);

#endif
