/* The consoles of systemd as text. */
#ifndef REHOST_PLAN_CONSOLE_H
#define REHOST_PLAN_CONSOLE_H

/* systemd's template of a login, for `line` alone and only where there is such a line. NULL when it does not wait for one; else the caller's. */
char *getty_unit_where_there_is(const char *unit, const char *line);

#endif
