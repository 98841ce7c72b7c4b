/* TLS 1.3 and 1.2 by OpenSSL, the client's side: whom to trust and with which keys, once for a source; then one
 * `struct tls` for each of its connections, over a socket that is connected. */
#ifndef REHOST_NBD_TLS_H
#define REHOST_NBD_TLS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "../base/error.h"
#include "../base/fingerprint.h"

/* How we and the server know each other. All strings stay the caller's, each may be NULL. */
struct tls_settings {
    const char *host;         /* the name or address that the certificate must bear; NULL (a Unix socket): any */
    const char *psk_file;     /* IDENTITY:HEXKEY lines: a key that both sides know, and no certificates */
    const char *identity;     /* which of them; NULL: the only one */
    const char *certificates; /* a folder with ca-cert.pem (else the system's authorities count), client-cert.pem, client-key.pem */
    const char *fingerprint;  /* well-formed: exactly this certificate, whoever signed it and until when */
};

struct tls_client;
/* NULL: a file cannot be read or is not what it should be. */
struct tls_client *tls_client_open(const struct tls_settings *settings, struct error *err);
void tls_client_free(struct tls_client *client);

/* REFUSED: one side does not accept the other; trying again is no use. AGAIN: no bytes within the socket's time limit. */
enum tls_result { TLS_OK = 0, TLS_LOST = -1, TLS_REFUSED = -2, TLS_AGAIN = 1 };

/* The descriptor stays the caller's, the client must outlive the connection. NULL only when OpenSSL cannot. */
struct tls *tls_new(const struct tls_client *client, int fd);
enum tls_result tls_handshake(struct tls *tls, struct error *err);
/* As recv() and send(): bytes moved; 0 when the other side closed; -1 with errno: EAGAIN, EPROTO when TLS itself failed
 * (damaged or forged bytes, an alert) and tls_explain knows more, another one when the connection is gone. */
ssize_t tls_receive(struct tls *tls, void *bytes, size_t length);
ssize_t tls_send(struct tls *tls, const void *bytes, size_t length);
/* Whether bytes have come that poll() no longer sees. */
bool tls_has_pending(const struct tls *tls);
/* What EPROTO meant. Returns -1. */
int tls_explain(const struct tls *tls, struct error *err);
/* For a connection that ended before the server's first answer. Under TLS 1.3 a server looks at our certificate only after
 * the handshake: its alert, if there is one, comes in place of the answer, and takes the place of what `err` says. */
enum tls_result tls_last_word(struct tls *tls, struct error *err);
void tls_end(struct tls *tls);

#endif
