/* debconf's database (config.dat) as text. */
#ifndef REHOST_PLAN_BOOT_DEBCONF_H
#define REHOST_PLAN_BOOT_DEBCONF_H

/* One value in it. NULL when the question is not there or has that value. The caller's. */
char *debconf_replace(const char *text, const char *question, const char *value);
/* The value of a question; NULL when it is not there. The caller's. */
char *debconf_value(const char *text, const char *question);

#endif
