/* Ownership by attribute: what a scope took, the end of the scope gives back. */
#ifndef REHOST_BASE_CLEANUP_H
#define REHOST_BASE_CLEANUP_H

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static inline void cleanup_free_pointer(void *pointer)
{
    free(*(void **)pointer);
}

static inline void cleanup_close_fd(const int *fd)
{
    if (*fd >= 0)
        close(*fd);
}

static inline void cleanup_close_file(FILE **file)
{
    if (*file)
        fclose(*file);
}

static inline void cleanup_close_dir(DIR **dir)
{
    if (*dir)
        closedir(*dir);
}

#define cleanup_free  __attribute__((cleanup(cleanup_free_pointer)))
#define cleanup_close __attribute__((cleanup(cleanup_close_fd)))
#define cleanup_fclose __attribute__((cleanup(cleanup_close_file)))
#define cleanup_closedir __attribute__((cleanup(cleanup_close_dir)))

/* Hands a pointer to the caller: returns it and forgets it here. */
#define take_pointer(pointer)                      \
    ({                                             \
        __typeof__(pointer) taken_ = (pointer);    \
        (pointer) = NULL;                          \
        taken_;                                    \
    })
static inline int take_fd(int *fd)
{
    int taken = *fd;
    *fd = -1;
    return taken;
}

#endif
