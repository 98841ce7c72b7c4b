/* From one URI to something that speaks NBD: what does not is made so by a well-kept program (nbdkit, qemu-nbd) on a Unix
 * socket in a private directory. It is started here, only reads, and ends with us, however we end. */
#ifndef REHOST_SOURCE_H
#define REHOST_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include "../base/error.h"
#include "../base/text.h"
#include "adapter.h"

/* What a source may be, for messages and questions. */
#define SOURCE_FORMS "nbd://HOST[:PORT][/EXPORT] (nbds:// with TLS), nbd+unix:///[EXPORT]?socket=PATH, file:PATH, https://[USER@]HOST/PATH, " \
                     "http://[USER@]HOST/PATH, ssh://[USER@]HOST/PATH, iscsi://[USER@]HOST/TARGET/LUN, nfs://HOST/PATH or " \
                     "smb://[USER@]HOST/SHARE/PATH"

/* Where passwords come from: never from the URI, which stands in command lines, logs and the status document. */
struct source_secrets {
    const char *password_file; /* for a URI that names none itself; may be NULL */
    /* Asks a person, who may answer nothing: 0, with the answer the caller's. NULL: nobody is there. */
    int (*ask)(void *context, const char *question, char **answer, struct error *err);
    void *context;
};

/* What speaks TLS for a transport whose server is known by its certificate. */
struct source_relay {
    pid_t pid; /* 0: it is down */
    char *host, *port, *fingerprint; /* what starts it again */
    char *socket; /* where it is heard; NULL: there is none, and the rest means nothing */
};

/* Of a VMDK that stands in several files. */
struct source_part {
    struct adapter bytes, file; /* the second shows what the first serves */
};

struct source { /* zeroed: none */
    char *uri;       /* as the user gave it: for messages */
    char *nbd_uri;   /* where it speaks NBD */
    char *directory; /* 0700, of this source alone; NULL when the URI speaks NBD by itself */
    char *mount_point; /* of a folder on a server, or NULL */
    char *file;      /* what the transport came to, when that is a file of this machine, or else: */
    struct source_relay relay;
    struct adapter transport;
    struct strings reach; /* what the transport's nbdkit was told, where it can reach other files of the same folder; and … */
    int secret_fd;        /* … what it was handed down, or -1; ours as long as there is `reach` */
    struct source_part *parts;
    size_t part_count;
    char *descriptor;     /* of them; or NULL */
    struct adapter image; /* over either, for an image that is not raw */
    int64_t revive_at_ms, revive_wait_ms; /* what has died is not started anew before; then this long is waited for the next time */
};

/* Whether this is a URI at all, and not the name of a file or a disk. */
bool source_is_uri(const char *what);
/* What can be said of a URI without going there: 0, or -1 with the mistake. */
int source_check(const char *uri, struct error *err);
/* Whether it is reached without a network card. */
bool source_is_local(const char *uri);
/* Whether a source that was opened reads the file or the disk at this path, a partition of it, or the disk that this is a partition of. */
bool source_reads(const struct source *source, const char *path);
/* The same for what is about to be written: -1 and the reason when it is read. `source` may be NULL. */
int source_spare(const struct source *source, const char *path, struct error *err);

/* Starts what is needed, and hears it once. `secrets` may be NULL. On -1 there is nothing to close. */
int source_open(const char *uri, const struct source_secrets *secrets, struct source *source, struct error *err);
/* The same for a file of this machine, by its plain name. */
int source_open_file(const char *file, struct source *source, struct error *err);
void source_close(struct source *source);
/* Starts anew what has died of the programs that make NBD of it, not too often: for whoever has lost the source. They end with the thread that calls
 * this. 1: something was, 0: nothing had died, or it is too early; -1: it does not start. */
int source_revive(struct source *source, struct error *err);
/* For whoever has read it in vain: true when something had died, and runs again. Waits for it, some seconds at most. */
bool source_came_back(struct source *source);

#endif
