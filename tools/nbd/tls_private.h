/* Shared by the files of TLS alone: what OpenSSL's callbacks see. */
#ifndef REHOST_NBD_TLS_PRIVATE_H
#define REHOST_NBD_TLS_PRIVATE_H

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "psk.h"
#include "tls.h"

struct tls_client {
    SSL_CTX *context;
    BIO_METHOD *socket_method;
    char *host; /* NULL: none to compare with */
    struct psk psk;
    bool has_psk, has_pin;
    unsigned char pin[FINGERPRINT_BYTES];
};

struct tls {
    SSL *ssl;
    int fd;
    bool is_at_end;       /* the other side sends no more */
    int64_t called_ms;    /* when the call began that OpenSSL is in */
    const struct tls_client *client;
    struct error refusal; /* why the server's certificate is not accepted, or "" */
    int alert;            /* the last one that came, or 0 */
    bool is_over;         /* closed or failed: OpenSSL does not say so a second time */
    const char *reason;   /* OpenSSL's own word for the last failure, static */
};

/* tls_socket.c: how OpenSSL reads and writes; the BIO's data is a struct tls. */
BIO_METHOD *tls_socket_method(void);

/* tls_verify.c: for SSL_CTX_set_cert_verify_callback, `client` is a struct tls_client. Fills tls->refusal. */
int tls_verify(X509_STORE_CTX *store, void *client);

#endif
