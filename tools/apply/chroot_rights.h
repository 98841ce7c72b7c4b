/* What a sealed program may still ask of the kernel: the rights of one who owns files, and none of its rarer services. */
#ifndef REHOST_APPLY_CHROOT_RIGHTS_H
#define REHOST_APPLY_CHROOT_RIGHTS_H

/* Gives the others up for good, for this process and all that it starts. -1 with errno and `*doing`. */
int rights_give_up(const char **doing);

#endif
