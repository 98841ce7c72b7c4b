/* See pin.h: https. */
#include "pin.h"

#include <fcntl.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

#include "../base/cleanup.h"
#include "../base/text.h"
#include "../nbd/tls.h"

static int mismatch(const struct source_uri *uri, const char *expected, const char *found, struct error *err)
{
    error_set(err, "%s shows another certificate than the one that is pinned:\n    pinned  %s\n    shown   %s", uri->host, expected, found);
    return error_advise(err, "Look at the certificate on the server itself (openssl x509 -noout -fingerprint -sha256 -in FILE). If it is the one that is shown, "
                             "pin that; if not, somebody stands in between.");
}

static int check(const struct source_uri *uri, const struct certificate *certificate, struct error *err)
{
    unsigned char wanted[FINGERPRINT_BYTES];
    if (!fingerprint_parse(uri->settings[SETTING_FINGERPRINT], wanted)) {
        error_set(err, "\"%.200s\" is no SHA-256 fingerprint of a certificate", uri->settings[SETTING_FINGERPRINT]);
        return error_advise(err, "It is 32 bytes in hexadecimal, with or without colons and \"SHA256:\" before them.");
    }
    cleanup_free char *expected = fingerprint_text(wanted), *found = fingerprint_text(certificate->digest);
    return memcmp(wanted, certificate->digest, sizeof wanted) == 0 ? 0 : mismatch(uri, expected, found, err);
}

/* The first DNS name, else the common name; the caller's. NULL: it bears none. */
static char *name_in(X509 *x509)
{
    cleanup_free char *name = NULL;
    GENERAL_NAMES *names = X509_get_ext_d2i(x509, NID_subject_alt_name, NULL, NULL);
    for (int i = 0; !name && i < sk_GENERAL_NAME_num(names); i++) {
        const GENERAL_NAME *each = sk_GENERAL_NAME_value(names, i);
        if (each->type == GEN_DNS)
            name = checked_copy_bytes(ASN1_STRING_get0_data(each->d.dNSName), (size_t)ASN1_STRING_length(each->d.dNSName));
    }
    GENERAL_NAMES_free(names);
    char common[256];
    if (!name && X509_NAME_get_text_by_NID(X509_get_subject_name(x509), NID_commonName, common, sizeof common) > 0)
        name = checked_copy(common);
    if (name && string_starts(name, "*."))
        memcpy(name, "x", 1); /* any name below it will do */
    bool usable = name && *name && strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_") == strlen(name);
    return usable ? take_pointer(name) : NULL;
}

/* nbdkit believes this one certificate, and still compares its name: so it is asked for by the name that it bears. */
static int find_name(const struct source_uri *uri, const struct certificate *certificate, struct pinned_certificate *pinned, struct error *err)
{
    BIO *memory = BIO_new_mem_buf(certificate->pem, -1);
    X509 *x509 = memory ? PEM_read_bio_X509(memory, NULL, NULL, NULL) : NULL;
    BIO_free(memory);
    if (!x509)
        return error_set(err, "%s shows a certificate that cannot be read", uri->host);
    bool bears_host = X509_check_host(x509, uri->host, 0, 0, NULL) == 1 || X509_check_ip_asc(x509, uri->host, 0) == 1;
    pinned->name = bears_host ? NULL : name_in(x509);
    X509_free(x509);
    if (bears_host || pinned->name)
        return 0;
    error_set(err, "the certificate of %s bears no name", uri->host);
    return error_advise(err, "Give the server a certificate with its name, or name its authority with cainfo=.");
}

char *pin_write(const char *directory, const char *name, const char *text, struct error *err)
{
    cleanup_free char *path = checked_printf("%s/%s", directory, name);
    cleanup_close int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text))
        return take_pointer(path);
    error_errno(err, "write %s", path);
    return NULL;
}

int pin_certificate(const struct source_uri *uri, const char *directory, struct pinned_certificate *pinned, struct error *err)
{
    struct certificate certificate;
    *pinned = (struct pinned_certificate){0};
    if (tls_fetch_certificate(uri->host, uri->port ? uri->port : "443", &certificate, err) < 0)
        return -1;
    if (check(uri, &certificate, err) == 0 && find_name(uri, &certificate, pinned, err) == 0)
        pinned->file = pin_write(directory, "server.pem", certificate.pem, err);
    certificate_free(&certificate);
    return pinned->file ? 0 : -1;
}

void pinned_certificate_free(struct pinned_certificate *pinned)
{
    free(pinned->file);
    free(pinned->name);
}
