/* See psk.h. */
#include "psk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "../base/cleanup.h"
#include "../base/text.h"

#define FILE_MAX 65536u

static int take_key(struct psk *psk, const char *hex, size_t length, struct error *err)
{
    size_t key_length = 0;
    char digits[2 * PSK_KEY_MAX + 1] = "";
    if (length < sizeof digits)
        memcpy(digits, hex, length);
    if (length < 2 || length >= sizeof digits || !OPENSSL_hexstr2buf_ex(psk->key, sizeof psk->key, &key_length, digits, '\0'))
        error_set(err, "the key of \"%s\" is not 1 to %u bytes in hexadecimal", psk->identity, PSK_KEY_MAX);
    OPENSSL_cleanse(digits, sizeof digits);
    psk->key_length = (unsigned)key_length;
    return key_length ? 0 : -1;
}

static int take_line(struct psk *psk, const char *line, const char *colon, size_t length, struct error *err)
{
    size_t name_length = (size_t)(colon - line);
    if (name_length > PSK_IDENTITY_MAX)
        return error_set(err, "an identity is longer than %u bytes", PSK_IDENTITY_MAX);
    memcpy(psk->identity, line, name_length);
    psk->identity[name_length] = '\0';
    return take_key(psk, colon + 1, length - name_length - 1, err);
}

int psk_find(const char *text, const char *identity, struct psk *psk, struct error *err)
{
    const char *line, *cursor = text;
    size_t length;
    unsigned found = 0;
    *psk = (struct psk){0};
    while (next_line(&cursor, &line, &length)) {
        const char *colon = memchr(line, ':', length);
        bool is_named = colon && identity && strlen(identity) == (size_t)(colon - line) && memcmp(line, identity, strlen(identity)) == 0;
        if (!colon || *line == '#' || (identity && !is_named))
            continue;
        if (found++ == 0 && take_line(psk, line, colon, length, err) < 0)
            return -1;
    }
    if (found == 1)
        return 0;
    if (identity)
        return error_set(err, found ? "it has several keys of the name \"%s\"" : "it has no key of the name \"%s\"", identity);
    error_set(err, found ? "it has %u keys" : "it has no line IDENTITY:KEY", found);
    return error_advise(err, "Name one in the source: nbds://IDENTITY@HOST/. `psktool -u IDENTITY -p FILE` makes a key.");
}

static ssize_t read_text(const char *file, char *text)
{
    struct stat st;
    cleanup_close int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0 || fstat(fd, &st) < 0)
        return -1;
    errno = S_ISREG(st.st_mode) ? EFBIG : EINVAL;
    return S_ISREG(st.st_mode) && st.st_size < FILE_MAX ? read(fd, text, FILE_MAX - 1) : -1;
}

int psk_read(const char *file, const char *identity, struct psk *psk, struct error *err)
{
    cleanup_free char *text = checked_alloc(FILE_MAX);
    int status = read_text(file, text) < 0 ? error_errno(err, "read it") : psk_find(text, identity, psk, err);
    OPENSSL_cleanse(text, FILE_MAX);
    return status < 0 ? error_prefix(err, "the key file %s", file) : 0;
}

void psk_forget(struct psk *psk)
{
    OPENSSL_cleanse(psk, sizeof *psk);
}
