/* Scripts of sysvinit and jobs of upstart, as text. */
#ifndef REHOST_PLAN_START_SCRIPTS_H
#define REHOST_PLAN_START_SCRIPTS_H

#include <stdbool.h>
#include <stddef.h>

/* The script of /etc/init.d, told to do nothing on a machine whose DMI vendor and product hold none of the words (at most `count`; NULL
 * ends them too). On a kernel that does not tell them (before 2.6.26) it starts as it did. The caller's; NULL when it is no shell script. */
char *init_script_only_on(const char *script, const char *const *words, size_t count);

/* Does the job of /etc/init start by itself? */
bool upstart_job_starts(const char *job);
/* The job of /etc/init, told not to start by itself. The caller's; NULL when its "start on" spans lines, or it has none. */
char *upstart_job_not_started(const char *job);

#endif
