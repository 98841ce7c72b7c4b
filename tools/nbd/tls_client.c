/* What all connections to one source share: ciphers, whom to trust, our own keys. See tls.h. */
#include <string.h>
#include <unistd.h>

#include "../base/cleanup.h"
#include "../base/text.h"
#include "tls_private.h"

/* AES-128-GCM first: it is the fastest where the CPU has AES, and a GnuTLS server that is offered a key would otherwise
 * settle on ChaCha20 at a tenth of the speed. */
#define CIPHERS_1_3 "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256"
#define CIPHERS_1_2 "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:" \
                    "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305:DHE-RSA-AES128-GCM-SHA256"
#define CIPHERS_1_2_PSK "DHE-PSK-AES128-GCM-SHA256:ECDHE-PSK-CHACHA20-POLY1305:DHE-PSK-AES256-GCM-SHA384"
/* Several records by one system call; a record has 16 KiB at most. Without it the CPU time is a tenth higher, with 256 KiB and more too. */
#define READ_AHEAD_BYTES (64u << 10)
#define SYSTEM_AUTHORITIES "/etc/ssl/certs/ca-certificates.crt"

static int openssl_error(struct error *err, const char *doing, const char *what)
{
    const char *reason = ERR_reason_error_string(ERR_peek_last_error());
    return error_set(err, "%s %s: %s", doing, what, reason ? reason : "TLS failed");
}

/* Serves TLS 1.3 as well: OpenSSL then pairs the key with AES-128-GCM and SHA-256. */
static unsigned give_psk(SSL *ssl, const char *hint, char *identity, unsigned identity_max, unsigned char *key, unsigned key_max)
{
    (void)hint;
    const struct tls *tls = SSL_get_app_data(ssl);
    const struct psk *psk = &tls->client->psk;
    if (strlen(psk->identity) >= identity_max || psk->key_length > key_max)
        return 0;
    strcpy(identity, psk->identity);
    memcpy(key, psk->key, psk->key_length);
    return psk->key_length;
}

/* Nobody is asked for a passphrase. */
static int no_passphrase(char *passphrase, int size, int writing, void *context)
{
    (void)passphrase, (void)size, (void)writing, (void)context;
    return -1;
}

static int use_client_certificate(SSL_CTX *context, const char *certificate, const char *key, struct error *err)
{
    SSL_CTX_set_default_passwd_cb(context, no_passphrase);
    if (SSL_CTX_use_certificate_chain_file(context, certificate) != 1)
        return openssl_error(err, "use the client certificate", certificate);
    if (SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) == 1 && SSL_CTX_check_private_key(context) == 1)
        return 0;
    openssl_error(err, "use the client key", key);
    return error_advise(err, "It has to be the key of client-cert.pem, as PEM and without a passphrase.");
}

static int trust(SSL_CTX *context, const char *authority, struct error *err)
{
    if (authority)
        return SSL_CTX_load_verify_locations(context, authority, NULL) == 1 ? 0 : openssl_error(err, "use the authority's certificate", authority);
    bool has_system = SSL_CTX_load_verify_locations(context, SYSTEM_AUTHORITIES, NULL) == 1;
    has_system |= SSL_CTX_set_default_verify_paths(context) == 1; /* SSL_CERT_FILE, SSL_CERT_DIR */
    return has_system ? 0 : error_set(err, "this system has no list of certificate authorities");
}

static int use_certificates(struct tls_client *client, const char *directory, struct error *err)
{
    cleanup_free char *authority = directory ? checked_printf("%s/ca-cert.pem", directory) : NULL;
    cleanup_free char *certificate = directory ? checked_printf("%s/client-cert.pem", directory) : NULL;
    cleanup_free char *key = directory ? checked_printf("%s/client-key.pem", directory) : NULL;
    bool has_authority = authority && access(authority, F_OK) == 0, has_certificate = certificate && access(certificate, F_OK) == 0;
    if (directory && !has_authority && !has_certificate)
        return error_set(err, "%s has neither ca-cert.pem nor client-cert.pem", directory);
    if (has_certificate && use_client_certificate(client->context, certificate, key, err) < 0)
        return -1;
    return client->has_pin ? 0 : trust(client->context, has_authority ? authority : NULL, err);
}

static int use_psk(struct tls_client *client, const struct tls_settings *settings, struct error *err)
{
    client->has_psk = true;
    SSL_CTX_set_psk_client_callback(client->context, give_psk);
    return psk_read(settings->psk_file, settings->identity, &client->psk, err);
}

static int set_up(struct tls_client *client, const struct tls_settings *settings, struct error *err)
{
    client->context = SSL_CTX_new(TLS_client_method());
    client->socket_method = tls_socket_method();
    if (!client->context || !client->socket_method || SSL_CTX_set_min_proto_version(client->context, TLS1_2_VERSION) != 1 ||
        SSL_CTX_set_ciphersuites(client->context, CIPHERS_1_3) != 1 ||
        SSL_CTX_set_cipher_list(client->context, settings->psk_file ? CIPHERS_1_2_PSK : CIPHERS_1_2) != 1)
        return openssl_error(err, "set up", "TLS");
    SSL_CTX_set_options(client->context, SSL_OP_NO_RENEGOTIATION);
    SSL_CTX_set_mode(client->context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_read_ahead(client->context, 1);
    SSL_CTX_set_default_read_buffer_len(client->context, READ_AHEAD_BYTES);
    SSL_CTX_set_verify(client->context, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_cert_verify_callback(client->context, tls_verify, client);
    return settings->psk_file ? use_psk(client, settings, err) : use_certificates(client, settings->certificates, err);
}

struct tls_client *tls_client_open(const struct tls_settings *settings, struct error *err)
{
    struct tls_client *client = checked_alloc(sizeof *client);
    client->host = checked_copy(settings->host);
    client->has_pin = settings->fingerprint && fingerprint_parse(settings->fingerprint, client->pin);
    ERR_clear_error();
    if (set_up(client, settings, err) == 0)
        return client;
    tls_client_free(client);
    return NULL;
}

void tls_client_free(struct tls_client *client)
{
    if (!client)
        return;
    SSL_CTX_free(client->context);
    BIO_meth_free(client->socket_method);
    psk_forget(&client->psk);
    free(client->host);
    free(client);
}
