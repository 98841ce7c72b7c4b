/* One connection's TLS. See tls.h. */
#include "tls.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>

#include "../base/clock.h"
#include "../base/text.h"
#include "tls_private.h"

static bool is_address(const char *host)
{
    unsigned char binary[sizeof(struct in6_addr)];
    return inet_pton(AF_INET, host, binary) == 1 || inet_pton(AF_INET6, host, binary) == 1;
}

/* What the certificate must bear; and by its name (SNI) a server that has several picks the right one. */
static bool expect_host(SSL *ssl, const char *host)
{
    if (is_address(host))
        return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host) == 1;
    return SSL_set1_host(ssl, host) == 1 && SSL_set_tlsext_host_name(ssl, host) == 1;
}

static bool put_on_socket(struct tls *tls)
{
    BIO *bio = BIO_new(tls->client->socket_method);
    if (!bio)
        return false;
    BIO_set_data(bio, tls);
    BIO_set_init(bio, 1);
    SSL_set_bio(tls->ssl, bio, bio);
    return true;
}

struct tls *tls_new(const struct tls_client *client, int fd)
{
    struct tls *tls = checked_alloc(sizeof *tls);
    tls->client = client;
    tls->fd = fd;
    tls->ssl = SSL_new(client->context);
    if (!tls->ssl || !put_on_socket(tls) || (client->host && !expect_host(tls->ssl, client->host))) {
        tls_end(tls);
        return NULL;
    }
    SSL_set_app_data(tls->ssl, tls);
    return tls;
}

/* After a call that moved nothing: 0 when the other side closed, else -1 with errno as tls.h says. */
static int failed(struct tls *tls, int status)
{
    int errno_value = errno;
    unsigned long code = ERR_peek_error();
    switch (SSL_get_error(tls->ssl, status)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
        errno = EAGAIN;
        return -1;
    case SSL_ERROR_SYSCALL:
        errno = errno_value;
        return errno_value ? -1 : 0;
    }
    tls->is_over = true;
    tls->reason = ERR_reason_error_string(code);
    if (!code || ERR_GET_REASON(code) == SSL_R_UNEXPECTED_EOF_WHILE_READING)
        return 0; /* with or without the goodbye of TLS: an answer that is not whole is not believed either way */
    if (ERR_GET_REASON(code) > SSL_AD_REASON_OFFSET)
        tls->alert = ERR_GET_REASON(code) - SSL_AD_REASON_OFFSET;
    errno = EPROTO;
    return -1;
}

/* Before each call. False, with errno, when there is nothing to call any more. */
static bool begin_call(struct tls *tls)
{
    ERR_clear_error(); /* SSL_get_error looks at the queue */
    tls->called_ms = clock_ms();
    errno = tls->is_over ? EPROTO : 0;
    return !tls->is_over;
}

ssize_t tls_receive(struct tls *tls, void *bytes, size_t length)
{
    size_t moved;
    if (!begin_call(tls))
        return -1;
    return SSL_read_ex(tls->ssl, bytes, length, &moved) == 1 ? (ssize_t)moved : failed(tls, 0);
}

ssize_t tls_send(struct tls *tls, const void *bytes, size_t length)
{
    size_t moved;
    if (!begin_call(tls))
        return -1;
    return SSL_write_ex(tls->ssl, bytes, length, &moved) == 1 ? (ssize_t)moved : failed(tls, 0);
}

bool tls_has_pending(const struct tls *tls)
{
    return SSL_has_pending(tls->ssl);
}

/* Alerts by which a server says that it does not want this client; the others speak of the connection. */
static bool is_refused(const struct tls *tls)
{
    switch (tls->alert) {
    case SSL_AD_HANDSHAKE_FAILURE:
    case SSL_AD_BAD_CERTIFICATE:
    case SSL_AD_UNSUPPORTED_CERTIFICATE:
    case SSL_AD_CERTIFICATE_REVOKED:
    case SSL_AD_CERTIFICATE_EXPIRED:
    case SSL_AD_CERTIFICATE_UNKNOWN:
    case SSL_AD_UNKNOWN_CA:
    case SSL_AD_ACCESS_DENIED:
    case SSL_AD_DECRYPT_ERROR:
    case SSL_AD_PROTOCOL_VERSION:
    case SSL_AD_INSUFFICIENT_SECURITY:
    case SSL_AD_UNKNOWN_PSK_IDENTITY:
    case SSL_AD_CERTIFICATE_REQUIRED:
        return true;
    }
    return false;
}

static void advise_keys(const struct tls *tls, struct error *err)
{
    if (tls->client->has_psk)
        error_advise(err, "Does the server's key file have a line for \"%s\", with the same key?", tls->client->psk.identity);
    else
        error_advise(err, "It may ask for a certificate of ours (?tls-certificates=DIR with client-cert.pem and client-key.pem, signed by an "
                          "authority that it trusts), or for a key (?tls-psk-file=FILE).");
}

int tls_explain(const struct tls *tls, struct error *err)
{
    if (!tls->alert && !tls->reason)
        return error_set(err, "the source closed the connection");
    if (!tls->alert)
        return error_set(err, "what comes over TLS was damaged or forged on its way (%s)", tls->reason);
    error_set(err, "the server ends TLS: %s", SSL_alert_desc_string_long(tls->alert));
    if (is_refused(tls))
        advise_keys(tls, err);
    return -1;
}

enum tls_result tls_last_word(struct tls *tls, struct error *err)
{
    unsigned char byte;
    if (tls_receive(tls, &byte, 1) < 0 && errno == EAGAIN)
        return TLS_LOST; /* it only is slow */
    if (tls->alert)
        tls_explain(tls, err);
    else
        error_set(err, "the server hung up as soon as TLS was agreed on");
    advise_keys(tls, err);
    return is_refused(tls) ? TLS_REFUSED : TLS_LOST;
}

enum tls_result tls_handshake(struct tls *tls, struct error *err)
{
    (void)begin_call(tls);
    int status = SSL_connect(tls->ssl);
    if (status == 1)
        return TLS_OK;
    status = failed(tls, status);
    if (status < 0 && errno == EAGAIN)
        return TLS_AGAIN;
    if (tls->refusal.message[0]) {
        *err = tls->refusal;
        return TLS_REFUSED;
    }
    if (status < 0 && errno == EPROTO)
        tls_explain(tls, err);
    else
        error_set(err, "the server hung up while TLS was agreed on");
    if (status == 0)
        advise_keys(tls, err);
    return is_refused(tls) ? TLS_REFUSED : TLS_LOST;
}

void tls_end(struct tls *tls)
{
    if (!tls)
        return;
    if (tls->ssl && SSL_is_init_finished(tls->ssl) && !tls->is_over)
        (void)SSL_shutdown(tls->ssl); /* else the server's log speaks of a connection that was cut */
    SSL_free(tls->ssl);
    free(tls);
}
