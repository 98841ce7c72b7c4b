/* See fetch.h. */
#include "fetch.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../base/cleanup.h"
#include "../base/program.h"

#define FETCH_SECONDS 60

bool job_is_url(const char *place)
{
    return string_starts(place, "http://") || string_starts(place, "https://") || string_starts(place, "tftp://");
}

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

/* A server that sends without end must not fill the memory: the download's file has a limit. */
static int limit_file_size(void *unused)
{
    (void)unused;
    return setrlimit(RLIMIT_FSIZE, &(struct rlimit){JOB_FILE_MAX + 1, JOB_FILE_MAX + 1});
}

static int download_web(const char *url, const char *file, struct error *err)
{
    const char *const argv[] = {"wget", "-q", "-T", "20", "-O", file, url, NULL};
    return program_run(&(struct program){.argv = argv, .input_fd = -1, .timeout_seconds = FETCH_SECONDS, .in_child = limit_file_size}, NULL, err);
}

/* tftp://HOST[:PORT]/PATH */
static int download_tftp(const char *url, const char *file, struct error *err)
{
    cleanup_free char *host = checked_copy(url + strlen("tftp://"));
    char *path = strchr(host, '/');
    if (!path || path == host || !path[1])
        return error_set(err, "it is not of the form tftp://HOST[:PORT]/PATH");
    *path++ = '\0';
    char *port = strchr(host, ':');
    if (port)
        *port++ = '\0';
    const char *const argv[] = {"tftp", "-g", "-l", file, "-r", path, host, port ? port : "69", NULL};
    return program_run(&(struct program){.argv = argv, .input_fd = -1, .timeout_seconds = FETCH_SECONDS, .in_child = limit_file_size}, NULL, err);
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
    int result = string_starts(url, "tftp://") ? download_tftp(url, file, err) : download_web(url, file, err);
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
    if (job_is_url(place))
        return fetch_url(place, job, err);
    size_t length;
    cleanup_free char *text = job_read_text(place, JOB_FILE_MAX, &length, err);
    if (!text)
        return error_prefix(err, "job");
    return job_parse_file(text, length, place, job, err);
}
