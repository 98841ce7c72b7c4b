/* Whether a file system was left in a state in which its own account of free space holds: unmounted cleanly, without errors, nothing to replay. */
#ifndef REHOST_USED_TRUST_H
#define REHOST_USED_TRUST_H

#include "volume.h"

/* Each: NULL when it can be trusted; otherwise why not, in words that follow "copied whole:". `fd` is the volume's device. */
typedef const char *distrust(const struct volume *volume, int fd);
distrust distrust_ext, distrust_xfs, distrust_btrfs, distrust_ntfs, distrust_fat, distrust_exfat, distrust_f2fs, distrust_minix;

#endif
