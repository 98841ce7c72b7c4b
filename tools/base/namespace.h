/* A mount namespace of this process: what is mounted from then on shows nowhere else, and goes with us and our children. */
#ifndef REHOST_BASE_NAMESPACE_H
#define REHOST_BASE_NAMESPACE_H

#include "error.h"

/* Needs root. */
int namespace_enter(struct error *err);

#endif
