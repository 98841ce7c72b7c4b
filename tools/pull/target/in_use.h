/* What the kernel knows about a disk: who holds it, and how it writes zeroes. */
#ifndef REHOST_PULL_TARGET_IN_USE_H
#define REHOST_PULL_TARGET_IN_USE_H

#include <stdbool.h>

#include "../../base/error.h"

/* Says where a busy disk is mounted, or what else may hold it. Returns -1. */
int explain_busy(const char *path, struct error *err);
/* -1 when a loop device stands on this file. */
int check_not_loop(const char *path, struct error *err);
/* Whether the device zeroes a range without the zeroes being sent to it. */
bool device_zeroes_well(int fd);

#endif
