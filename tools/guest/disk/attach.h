/* WHAT the user named, made a block device with partitions, and file systems mounted from it; and all of it undone.
 *
 * Everything is mounted in a mount namespace of this process, below a tmpfs of its own: nothing of it outlives us. */
#ifndef REHOST_GUEST_DISK_ATTACH_H
#define REHOST_GUEST_DISK_ATTACH_H

#include <sys/types.h>

#include "../../source/source.h"
#include "../guest.h"
#include "keeper.h"

struct mounted {
    char *device;
    int fd; /* its root directory: for the last sync */
};

struct attachment {
    char *base;      /* our tmpfs: device nodes, the NBD file, mount points */
    int loop_fd;     /* -1; the loop goes when it is closed */
    struct adapter nbdfuse; /* zeroed: none */
    pid_t relay_pid; /* 0; what speaks TLS for nbdfuse */
    pid_t watch_pid; /* 0; what ends nbdfuse when the source falls silent */
    struct source source; /* what makes NBD of a URI that does not speak it */
    struct mounted *mounts;
    size_t mount_count;
    struct volume_undo *undos; /* undo.c: what takes the volumes apart, the last first, */
    size_t undo_count;
    struct keeper keeper;      /* who knows these, */
    struct window *windows;    /* and loops by which their containers are only read */
    size_t window_count;
};

/* Fills guest->disk (device, size, sector size) and guest->attachment. On -1 what was begun is left for attach_close.
 * `nbd_uri`: see guest_attach_source; NULL otherwise. */
int attach_open(const char *what, const char *nbd_uri, enum guest_access access, struct guest *guest, struct error *err);
/* Syncs, unmounts, detaches. Says what could not be flushed or let go. */
int attach_close(struct guest *guest, struct error *err);

/* loop.c: a loop device over a file. The descriptor holds it; it detaches itself when the last user is gone. */
int loop_attach(const char *file, bool read_only, int *loop_fd, char **device, struct error *err);
/* As loop_attach to read, of `size_bytes` of it from `offset` on; both are multiples of 512. */
int loop_attach_part(const char *file, uint64_t offset, uint64_t size_bytes, int *loop_fd, char **device, struct error *err);

/* let_go.c: waits until nothing uses the device any more; `written`: and flushes it. -1 after ten seconds. */
int device_wait_let_go(const char *device, bool written, struct error *err);

/* Whether a source over the network still answers: what failed meanwhile looks like files that are not there. */
int attach_answers(const struct guest *guest, struct error *err);

/* nbd.c: the export at `uri` as the file that attachment->nbdfuse serves; `name` is for messages. A source that does not answer for a minute makes every read
 * fail from then on, instead of holding us. */
int nbd_attach(const char *name, const char *uri, struct attachment *attachment, struct error *err);
void nbd_detach(struct attachment *attachment);

/* partitions.c: fills guest->disk.table and .partitions with what libblkid recognises, and finds or makes their nodes. */
int partitions_read(struct guest *guest, struct error *err);

/* Makes known what file system or container is in it; `fd` is what its offset counts on. */
int partition_probe(int fd, struct guest *guest, struct partition *partition, struct error *err);
bool partition_is_extended(const struct partition *partition);
/* What libblkid recognises on a device: a type as "ext4", the caller's, or NULL when it is nothing or not to be told for certain. */
char *recognise(const char *device);

/* mounts.c: mounts the partition's file system on the directory that `target_fd` (O_PATH) is. `options` are for its driver, beside those that
 * keep it from writing; NULL: none. */
int mount_partition(struct guest *guest, struct partition *partition, const char *options, int target_fd, enum guest_access access, struct error *err);
/* Whether this program mounts file systems of that type. */
bool mount_is_known(const char *fs_type);
/* e2fsck -p where it applies; -1 when it found what it does not mend by itself, which then stands in partition->problem. */
int mount_check(struct partition *partition, struct error *err);

#endif
