/* The file systems whose own account of what is in use can be read, and whether it can be trusted. */
#ifndef REHOST_USED_FILE_SYSTEMS_H
#define REHOST_USED_FILE_SYSTEMS_H

#include "volume.h"

/* Tells `on_disk` what is free in the volume, by its file system or as swap. NULL; or why nothing can be told, the caller's. */
char *file_system_find_free(const struct volume *volume, struct free_ranges *on_disk);

#endif
