/* Files of keys that both sides know (psktool, nbdkit, qemu and libnbd share the format): a line IDENTITY:HEXKEY for each. */
#ifndef REHOST_NBD_PSK_H
#define REHOST_NBD_PSK_H

#include "../base/error.h"

#define PSK_KEY_MAX 64       /* bytes: what psktool makes at most */
#define PSK_IDENTITY_MAX 128 /* OpenSSL's bound of old */

struct psk {
    char identity[PSK_IDENTITY_MAX + 1];
    unsigned char key[PSK_KEY_MAX];
    unsigned key_length;
};

/* Finds the key of that name, or with NULL the only one. What went wrong is said without a word of the content. */
int psk_find(const char *text, const char *identity, struct psk *psk, struct error *err);
int psk_read(const char *file, const char *identity, struct psk *psk, struct error *err);
void psk_forget(struct psk *psk);

#endif
