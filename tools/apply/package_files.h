/* The packages that were handed in, as files of this machine. */
#ifndef REHOST_APPLY_PACKAGE_FILES_H
#define REHOST_APPLY_PACKAGE_FILES_H

#include "../base/error.h"
#include "../base/text.h"

struct package_files {
    struct strings files;     /* absolute paths of regular files that end in .deb or .rpm, at least one */
    struct strings downloads; /* those of them that are ours to remove */
    char *directory;          /* where these are */
};

/* `places`: see packages_install. What was downloaded is there until package_files_free, which has to be called after a failure, too. */
int package_files_gather(const struct strings *places, struct package_files *files, struct error *err);
void package_files_free(struct package_files *files);

#endif
