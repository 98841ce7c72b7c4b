/* Two names of this machine for one thing: a link, another way to the same folder, another node of a disk. */
#ifndef REHOST_BASE_SAME_PLACE_H
#define REHOST_BASE_SAME_PLACE_H

#include <stdbool.h>

/* True for one file or one block device; of what is not there only the names count. */
bool is_same_place(const char *a, const char *b);

#endif
