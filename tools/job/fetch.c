/* See fetch.h. */
#include "fetch.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../base/cleanup.h"
#include "../base/download.h"

#define FETCH_SECONDS 60

static void append_mac(struct text *out, const char *mac, char separator)
{
    for (; *mac; mac++) {
        char letter = *mac == ':' ? separator : (char)tolower((unsigned char)*mac);
        text_append_bytes(out, &letter, 1);
    }
}

char *job_place_for(const char *place, const char *mac)
{
    static const char plain[] = "${mac}", hyphens[] = "${mac:hexhyp}";
    struct text out = {0};
    while (*place)
        if (string_starts(place, plain)) {
            append_mac(&out, mac, ':');
            place += strlen(plain);
        } else if (string_starts(place, hyphens)) {
            append_mac(&out, mac, '-');
            place += strlen(hyphens);
        } else
            text_append_bytes(&out, place++, 1);
    return text_take(&out);
}

static int open_text(const char *file, struct error *err)
{
    struct stat st;
    int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a FIFO must not hold us */
    if (fd < 0 || fstat(fd, &st) < 0)
        error_errno(err, "read %s", file);
    else if (!S_ISREG(st.st_mode))
        error_set(err, "read %s: it is no file", file);
    else
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}

char *job_read_text(const char *file, size_t max_bytes, size_t *length, struct error *err)
{
    cleanup_close int fd = open_text(file, err);
    if (fd < 0)
        return NULL;
    cleanup_free char *text = checked_alloc(max_bytes + 2);
    *length = 0;
    while (*length <= max_bytes) {
        ssize_t got = read(fd, text + *length, max_bytes + 1 - *length);
        if (got == 0)
            break;
        if (got < 0 && errno != EINTR) {
            error_errno(err, "read %s", file);
            return NULL;
        }
        *length += got > 0 ? (size_t)got : 0;
    }
    return take_pointer(text);
}

static int fetch_url(const char *url, struct job *job, struct error *err)
{
    char directory[] = "/tmp/rehost-job-XXXXXX";
    if (!mkdtemp(directory))
        return error_errno(err, "make a directory in /tmp");
    cleanup_free char *file = checked_printf("%s/job", directory);
    int result = download(url, file, JOB_FILE_MAX, FETCH_SECONDS, err);
    struct stat st;
    bool too_large = stat(file, &st) == 0 && st.st_size > JOB_FILE_MAX; /* the limit has ended the program; the parser says so */
    size_t length;
    cleanup_free char *text = result == 0 || too_large ? job_read_text(file, JOB_FILE_MAX, &length, err) : NULL;
    unlink(file);
    rmdir(directory);
    if (text)
        return job_parse_file(text, length, url, job, err);
    error_prefix(err, "job %s", url);
    return error_advise(err, "See whether the server serves this name, to this network.");
}

int job_fetch(const char *place, struct job *job, struct error *err)
{
    if (download_is_url(place))
        return fetch_url(place, job, err);
    size_t length;
    cleanup_free char *text = job_read_text(place, JOB_FILE_MAX, &length, err);
    if (!text)
        return error_prefix(err, "job");
    return job_parse_file(text, length, place, job, err);
}
