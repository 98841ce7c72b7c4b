/* modprobe's settings as text. */
#ifndef REHOST_PLAN_MODPROBE_H
#define REHOST_PLAN_MODPROBE_H

#include "../base/text.h"

/* The text with those lines commented out that keep one of the drivers from being loaded; the caller's. */
char *modprobe_without_blacklist(const char *text, const struct strings *drivers);

#endif
