/* A look at the certificate that a server shows. See tls.h. */
#include <string.h>

#include <openssl/bio.h>
#include <openssl/pem.h>

#include "../base/text.h"
#include "stream.h"
#include "tls_private.h"

#define FETCH_LIMIT_MS 10000

int tls_certificate(const struct tls *tls, struct certificate *certificate)
{
    X509 *shown = SSL_get1_peer_certificate(tls->ssl);
    BIO *memory = BIO_new(BIO_s_mem());
    char *bytes;
    int status = -1;
    if (shown && memory && PEM_write_bio_X509(memory, shown) == 1 && certificate_digest(shown, certificate->digest) == 0) {
        long length = BIO_get_mem_data(memory, &bytes);
        certificate->pem = checked_copy_bytes(bytes, (size_t)length);
        status = 0;
    }
    BIO_free(memory);
    X509_free(shown);
    return status;
}

static int look(struct stream *stream, const struct nbd_uri *place, const struct tls_client *client, struct certificate *certificate, struct error *err)
{
    bool refused;
    struct addrinfo *addresses;
    if (stream_resolve(place, &addresses, err) < 0)
        return -1;
    int status = stream_connect(stream, place, addresses, err);
    stream->deadline_ms = clock_ms() + FETCH_LIMIT_MS;
    if (status == 0)
        status = stream_start_tls(stream, client, &refused, err);
    if (status == 0 && tls_certificate(stream->tls, certificate) < 0)
        status = error_set(err, "it shows no certificate");
    stream_close(stream);
    freeaddrinfo(addresses);
    return status;
}

int tls_fetch_certificate(const char *host, const char *port, struct certificate *certificate, struct error *err)
{
    const struct tls_settings settings = {.host = host, .look_only = true};
    const struct nbd_uri place = {.host = (char *)host, .port = (char *)port};
    struct stream stream = {.fd = -1};
    *certificate = (struct certificate){0};
    struct tls_client *client = tls_client_open(&settings, err);
    int status = client ? look(&stream, &place, client, certificate, err) : -1;
    tls_client_free(client);
    return status < 0 ? error_prefix(err, "ask %s port %s for its certificate", host, port) : 0;
}

void certificate_free(struct certificate *certificate)
{
    free(certificate->pem);
    *certificate = (struct certificate){0};
}
