/* What all connections to one server share. See nbd.h. */
#include "nbd.h"

static int open_tls(struct nbd_source *source, struct error *err)
{
    const struct nbd_uri *uri = &source->uri;
    const struct tls_settings settings = {.host = uri->host, .psk_file = uri->psk_file, .identity = uri->identity,
                                          .certificates = uri->certificates, .fingerprint = uri->fingerprint};
    source->tls = uri->tls ? tls_client_open(&settings, err) : NULL;
    return source->tls || !uri->tls ? 0 : -1;
}

int nbd_source_open(struct nbd_source *source, const char *uri, struct error *err)
{
    *source = (struct nbd_source){0};
    if (nbd_uri_parse(uri, &source->uri, err) < 0)
        return -1;
    if (open_tls(source, err) == 0 && stream_resolve(&source->uri, &source->addresses, err) == 0)
        return 0;
    error_prefix(err, "%s", uri);
    nbd_source_free(source);
    return -1;
}

void nbd_source_free(struct nbd_source *source)
{
    nbd_uri_free(&source->uri);
    if (source->addresses)
        freeaddrinfo(source->addresses);
    source->addresses = NULL;
    tls_client_free(source->tls);
    source->tls = NULL;
}
