/* See namespace.h. */
#include "namespace.h"

#include <errno.h>
#include <sched.h>
#include <stddef.h>
#include <sys/mount.h>

int namespace_enter(struct error *err)
{
    /* the root of an initramfs can be no mount point of its own (EINVAL); then nothing is shared either */
    if (unshare(CLONE_NEWNS) == 0 && (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 || errno == EINVAL))
        return 0;
    error_errno(err, "make a mount namespace of our own");
    return error_advise(err, "this needs root");
}
