/* Whether the server's certificate is the one that was asked for; and if not, what was expected, what came, and the way out. */
#include <arpa/inet.h>
#include <string.h>
#include <time.h>

#include <openssl/x509v3.h>

#include "../base/cleanup.h"
#include "../base/text.h"
#include "tls_private.h"

#define NAMES_MAX 8 /* of a certificate, in a message */
#define NAME_MAX_BYTES 100

static int certificate_digest(X509 *certificate, unsigned char digest[FINGERPRINT_BYTES])
{
    unsigned length = FINGERPRINT_BYTES;
    return X509_digest(certificate, EVP_sha256(), digest, &length) == 1 ? 0 : -1;
}

static char *fingerprint_of(X509 *certificate)
{
    unsigned char digest[FINGERPRINT_BYTES] = {0};
    (void)certificate_digest(certificate, digest);
    return fingerprint_text(digest);
}

/* What a stranger wrote, made fit for a terminal. */
static void append_name(struct text *names, const unsigned char *name, int length)
{
    text_append(names, names->length ? ", " : "");
    for (int i = 0; i < length && i < NAME_MAX_BYTES; i++)
        text_append_bytes(names, name[i] > ' ' && name[i] < 127 ? &name[i] : (const unsigned char *)"?", 1);
}

static void append_address(struct text *names, const ASN1_OCTET_STRING *address)
{
    char printed[INET6_ADDRSTRLEN] = "";
    int length = ASN1_STRING_length(address);
    if ((length == 4 || length == 16) && inet_ntop(length == 4 ? AF_INET : AF_INET6, ASN1_STRING_get0_data(address), printed, sizeof printed))
        append_name(names, (unsigned char *)printed, (int)strlen(printed));
}

/* The names and addresses that a certificate is for, or else its common name; the caller's. */
static char *names_of(X509 *certificate)
{
    struct text names = {0};
    GENERAL_NAMES *others = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    for (int i = 0; i < sk_GENERAL_NAME_num(others) && i < NAMES_MAX; i++) {
        const GENERAL_NAME *each = sk_GENERAL_NAME_value(others, i);
        if (each->type == GEN_DNS)
            append_name(&names, ASN1_STRING_get0_data(each->d.dNSName), ASN1_STRING_length(each->d.dNSName));
        else if (each->type == GEN_IPADD)
            append_address(&names, each->d.iPAddress);
    }
    GENERAL_NAMES_free(others);
    int at = names.length ? -1 : X509_NAME_get_index_by_NID(X509_get_subject_name(certificate), NID_commonName, -1);
    if (at >= 0) {
        const ASN1_STRING *name = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(X509_get_subject_name(certificate), at));
        append_name(&names, ASN1_STRING_get0_data(name), ASN1_STRING_length(name));
    }
    if (!names.length)
        text_append(&names, "nobody");
    return text_take(&names);
}

static char *moment_text(const struct tm *moment)
{
    char text[32];
    strftime(text, sizeof text, "%Y-%m-%d %H:%M UTC", moment);
    return checked_copy(text);
}

/* A blank machine's clock is often wrong, and then every certificate seems to be too young or too old. */
static void explain_time(struct error *refusal, X509 *certificate, bool is_expired)
{
    struct tm limit = {0}, now = {0};
    time_t seconds = time(NULL);
    ASN1_TIME_to_tm(is_expired ? X509_get0_notAfter(certificate) : X509_get0_notBefore(certificate), &limit);
    gmtime_r(&seconds, &now);
    cleanup_free char *names = names_of(certificate), *limit_text = moment_text(&limit), *now_text = moment_text(&now);
    error_set(refusal, "the certificate of %s is valid only %s %s, and this machine's clock says %s", names,
              is_expired ? "until" : "from", limit_text, now_text);
    error_advise(refusal, "If this machine's clock is wrong, set it (date -u -s \"YYYY-MM-DD hh:mm\") and start again; "
                          "if it is right, the server needs a valid certificate.");
}

static void explain_other(struct error *refusal, const struct tls_client *client, X509 *leaf, int failure)
{
    cleanup_free char *names = names_of(leaf), *print = fingerprint_of(leaf);
    switch (failure) {
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
        error_set(refusal, "the server's certificate is for %s, and not for %s", names, client->host);
        break;
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
        error_set(refusal, "no authority that is trusted here has signed the server's certificate (of %s)", names);
        break;
    default:
        error_set(refusal, "the server's certificate (of %s) is not accepted: %s", names, X509_verify_cert_error_string(failure));
    }
    error_advise(refusal, "Name the source as its certificate does, or give the authority's certificate (?tls-certificates=DIR with ca-cert.pem), "
                          "or pin this one, after a look on the server itself that it is the same: ?tls-fingerprint=%s", print);
}

static int check_pin(const struct tls_client *client, X509 *leaf, struct error *refusal)
{
    unsigned char digest[FINGERPRINT_BYTES];
    if (certificate_digest(leaf, digest) == 0 && memcmp(digest, client->pin, sizeof digest) == 0)
        return 0;
    cleanup_free char *expected = fingerprint_text(client->pin), *came = fingerprint_of(leaf), *names = names_of(leaf);
    error_set(refusal, "the server's certificate (of %s) is not the one that was pinned: expected %s, it shows %s", names, expected, came);
    return error_advise(refusal, "Is it the right server, and is nobody in between? If its certificate was renewed, give the new fingerprint.");
}

static int check_chain(const struct tls_client *client, X509_STORE_CTX *store, X509 *leaf, struct error *refusal)
{
    if (X509_verify_cert(store) == 1)
        return 0;
    int failure = X509_STORE_CTX_get_error(store);
    X509 *current = X509_STORE_CTX_get_current_cert(store); /* an authority's may be the one that is too old */
    if (failure == X509_V_ERR_CERT_NOT_YET_VALID || failure == X509_V_ERR_CERT_HAS_EXPIRED)
        explain_time(refusal, current ? current : leaf, failure == X509_V_ERR_CERT_HAS_EXPIRED);
    else
        explain_other(refusal, client, leaf, failure);
    return -1;
}

static int check(const struct tls_client *client, X509_STORE_CTX *store, struct error *refusal)
{
    X509 *leaf = X509_STORE_CTX_get0_cert(store);
    if (client->has_pin)
        return check_pin(client, leaf, refusal);
    if (!client->has_psk)
        return check_chain(client, store, leaf, refusal);
    error_set(refusal, "the server shows a certificate and asks for no key");
    return error_advise(refusal, "It is served with certificates: leave tls-psk-file out, and see rehost-pull(1) for what is needed instead.");
}

int tls_verify(X509_STORE_CTX *store, void *client)
{
    struct tls *tls = SSL_get_app_data(X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
    bool is_right = check(client, store, &tls->refusal) == 0;
    if (!is_right && X509_STORE_CTX_get_error(store) == X509_V_OK)
        X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_REJECTED); /* what the server is told */
    return is_right;
}
