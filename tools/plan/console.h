/* The consoles of init as text. */
#ifndef REHOST_PLAN_CONSOLE_H
#define REHOST_PLAN_CONSOLE_H

/* /etc/inittab with the logins on Xen's consoles on the first screen; taken out when there is one already. The caller's. */
char *inittab_without_xen(const char *text);

#endif
