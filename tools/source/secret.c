/* See secret.h. */
#include "secret.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "../base/cleanup.h"
#include "../base/read.h"
#include "../base/text.h"

#define SECRET_MAX 1024

struct secret {
    char bytes[SECRET_MAX + 2]; /* a line end more, and a NUL */
};

static void forget(struct secret *secret)
{
    explicit_bzero(secret, sizeof *secret);
}
#define cleanup_secret __attribute__((cleanup(forget)))

/* To its end, as it may be a pipe. */
static int read_file(const char *file, struct secret *secret, struct error *err)
{
    cleanup_close int fd = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0 || read_at_least(fd, secret->bytes, SECRET_MAX + 1, SECRET_MAX + 1) < 0)
        return error_errno(err, "read the password from %s", file);
    size_t length = strcspn(secret->bytes, "\r\n"), line_end = strspn(secret->bytes + length, "\r\n");
    if (secret->bytes[length + line_end] || length > SECRET_MAX)
        return error_set(err, "%s holds more than one line of at most %d bytes: that is no password", file, SECRET_MAX);
    secret->bytes[length] = '\0';
    return length ? 0 : error_set(err, "%s is empty, and should hold a password", file);
}

/* An empty answer is "there is none", where that can be. */
static int ask(const struct source_uri *uri, const struct source_secrets *secrets, enum secret_need need, struct secret *secret, struct error *err)
{
    cleanup_free char *answer = NULL, *question = checked_printf("Password of %s at %s%s: ", uri->user ? uri->user : "the user", uri->host,
                                                                  need == SECRET_IF_GIVEN ? " (Enter: there is none)" : "");
    if (secrets->ask(secrets->context, question, &answer, err) < 0)
        return error_advise(err, "Name a file that holds the password: #password-file=FILE behind the URI.");
    size_t length = answer ? strlen(answer) : 0;
    memcpy(secret->bytes, answer ? answer : "", (length <= SECRET_MAX ? length : 0) + 1);
    if (answer)
        explicit_bzero(answer, length);
    if (length > SECRET_MAX)
        return error_set(err, "a password has at most %d bytes", SECRET_MAX);
    return length || need == SECRET_IF_GIVEN ? 0 : error_set(err, "the password is missing");
}

static int find(const struct source_uri *uri, const struct source_secrets *secrets, enum secret_need need, struct secret *secret, struct error *err)
{
    const char *file = uri->settings[SETTING_PASSWORD_FILE];
    if (!file && secrets)
        file = secrets->password_file;
    if (file)
        return read_file(file, secret, err);
    if (secrets && secrets->ask)
        return ask(uri, secrets, need, secret, err);
    if (need == SECRET_IF_GIVEN)
        return 0;
    error_set(err, "the password of %s is missing", uri->user ? uri->user : "the user");
    return error_advise(err, "Put it into a file that only you can read, and name that behind the URI: #password-file=FILE.");
}

int secret_open(const struct source_uri *uri, const struct source_secrets *secrets, enum secret_need need, int *fd, struct error *err)
{
    cleanup_secret struct secret secret = {0};
    *fd = -1;
    if (find(uri, secrets, need, &secret, err) < 0)
        return -1;
    size_t length = strlen(secret.bytes);
    if (!length)
        return 0;
    cleanup_close int memory = memfd_create("secret", MFD_CLOEXEC);
    if (memory < 0 || write(memory, secret.bytes, length) != (ssize_t)length)
        return error_errno(err, "hold the password in memory");
    *fd = take_fd(&memory);
    return 0;
}

char *secret_path(int fd)
{
    return checked_printf("/proc/self/fd/%d", fd);
}
