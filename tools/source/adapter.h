/* A program that makes NBD of something else, on a Unix socket: nbdkit or qemu-nbd. Or a file of NBD: nbdfuse (libnbd). */
#ifndef REHOST_SOURCE_ADAPTER_H
#define REHOST_SOURCE_ADAPTER_H

#include <stdbool.h>
#include <sys/types.h>

#include "../base/error.h"
#include "../base/text.h"

struct adapter {
    pid_t pid;    /* 0: it is down */
    int log_fd;   /* what it said */
    char *path;   /* of what it serves: a socket, or nbdfuse's file; NULL: there is none, and the rest means nothing */
    /* What starts it again. */
    struct strings arguments;
    char *directory, *pid_file;
    int secret_fd, secret_number; /* of our own, and what it is called in the program; -1: none */
    bool offline;
};

struct adapter_command {
    const char *directory;         /* where its socket, or the folder of its file, goes; ours alone */
    const char *name;              /* "transport": of either */
    const struct strings *options; /* behind those that every one of them gets */
    int secret_fd;                 /* handed down, named by secret_path(); -1: none */
    bool offline;                  /* it needs no network, and what it reads may be hostile: it gets none */
};

/* Adds "NAME=VALUE"; nothing when there is no value. */
void adapter_option(struct strings *options, const char *name, const char *value);

/* Each returns when the program takes connections. -1: it did not start; its last words are the error. */
int adapter_start_nbdkit(const struct adapter_command *command, struct adapter *adapter, struct error *err);
int adapter_start_qemu_nbd(const struct adapter_command *command, struct adapter *adapter, struct error *err);
int adapter_start_nbdfuse(const struct adapter_command *command, struct adapter *adapter, struct error *err);
void adapter_end(struct adapter *adapter);

/* Whether there is one that has died. */
bool adapter_is_down(struct adapter *adapter);
/* Ends it, if it runs, and starts it with the same arguments; at the same path. It ends with the thread that does this, at the latest. */
int adapter_start_again(struct adapter *adapter, struct error *err);

/* The last thing it complained of, the caller's; NULL when it said nothing. */
char *adapter_last_words(const struct adapter *adapter);

/* For the child of a fork: gives up the network. Not to be had without root, and then there is no harm in that either. */
int adapter_go_offline(void *unused);

#endif
