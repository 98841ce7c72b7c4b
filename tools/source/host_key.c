/* See pin.h: SSH. ssh-keyscan asks the server for its keys; the one that has the fingerprint is the one to be believed. */
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "../base/cleanup.h"
#include "../base/program.h"
#include "../base/text.h"
#include "pin.h"

#define SCAN_SECONDS 30
#define KEY_BYTES_MAX 8192

/* "SHA256:…", as ssh-keygen -l prints it: base64 without its padding; the caller's. NULL: that is no key. */
static char *fingerprint_of(const char *key)
{
    unsigned char bytes[KEY_BYTES_MAX], digest[32], text[48];
    size_t length = strlen(key);
    int decoded = length && length % 4 == 0 && length / 4 * 3 <= sizeof bytes ? EVP_DecodeBlock(bytes, (const unsigned char *)key, (int)length) : -1;
    if (decoded < 0)
        return NULL;
    decoded -= string_ends(key, "==") ? 2 : string_ends(key, "="); /* EVP_DecodeBlock counts the padding */
    if (EVP_Digest(bytes, (size_t)decoded, digest, NULL, EVP_sha256(), NULL) != 1)
        return NULL;
    EVP_EncodeBlock(text, digest, sizeof digest);
    text[strcspn((char *)text, "=")] = '\0';
    return checked_printf("SHA256:%s", (char *)text);
}

/* "HOST TYPE KEY"; the key of it, in a copy, or NULL. */
static char *key_in(const char *line, size_t length)
{
    cleanup_free char *copy = checked_copy_bytes(line, length);
    char *rest = copy, *host = strsep(&rest, " "), *type = strsep(&rest, " "), *key = strsep(&rest, " ");
    return *host != '#' && type && key ? checked_copy(key) : NULL;
}

static char *choose(const struct source_uri *uri, const char *scanned, struct strings *shown)
{
    cleanup_free char *wanted = checked_copy(uri->settings[SETTING_FINGERPRINT]);
    wanted[strcspn(wanted, "=")] = '\0';
    const char *line;
    size_t length;
    while (next_line(&scanned, &line, &length)) {
        cleanup_free char *key = key_in(line, length), *fingerprint = key ? fingerprint_of(key) : NULL;
        if (!fingerprint)
            continue;
        strings_add(shown, fingerprint);
        if (string_is(fingerprint, wanted) || string_is(fingerprint + strlen("SHA256:"), wanted))
            return checked_printf("%.*s\n", (int)length, line);
    }
    return NULL;
}

static int scan(const struct source_uri *uri, struct text *scanned, struct error *err)
{
    const char *const argv[] = {"ssh-keyscan", "-T", "10", "-p", uri->port ? uri->port : "22", uri->host, NULL};
    if (program_run(&(struct program){.argv = argv, .input_fd = -1, .timeout_seconds = SCAN_SECONDS}, scanned, err) == 0 && scanned->length)
        return 0;
    error_set(err, "%s shows no SSH host key", uri->host);
    return error_advise(err, "Check that an SSH server runs there, and that no firewall is in between.");
}

char *pin_host_key(const struct source_uri *uri, const char *directory, struct error *err)
{
    cleanup_text struct text scanned = {0};
    cleanup_strings struct strings shown = {0};
    if (scan(uri, &scanned, err) < 0)
        return NULL;
    cleanup_free char *known = choose(uri, scanned.data, &shown);
    if (known)
        return pin_write(directory, "known_hosts", known, err);
    cleanup_free char *all = strings_join(&shown, "\n    shown   ");
    error_set(err, "%s has another host key than the one that is pinned:\n    pinned  %s\n    shown   %s", uri->host,
              uri->settings[SETTING_FINGERPRINT], shown.count ? all : "none");
    error_advise(err, "Look at the key on the server itself (ssh-keygen -l -f /etc/ssh/ssh_host_ed25519_key.pub). If it is one that is shown, pin that; "
                      "if not, somebody stands in between.");
    return NULL;
}
