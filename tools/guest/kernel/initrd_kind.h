/* Which program made an initrd: whose scripts, or whose init, run in it, and by which file these are told what to load. */
#ifndef REHOST_GUEST_KERNEL_INITRD_KIND_H
#define REHOST_GUEST_KERNEL_INITRD_KIND_H

#include "../guest.h"

/* The file in an initrd of this kind, "conf/modules"; NULL for INITRD_KIND_UNKNOWN. */
const char *initrd_list_file(enum initrd_kind kind);
/* Is a file of that name the one of any kind? */
bool initrd_file_is_list(const char *name);

/* What a file of that name is the mark of, or one with that text; INITRD_KIND_UNKNOWN: of none. Of several marks in one initrd the
 * kind with the higher number counts. */
enum initrd_kind initrd_kind_of_file(const char *name);
enum initrd_kind initrd_kind_of_text(const char *name, const char *text);

#endif
