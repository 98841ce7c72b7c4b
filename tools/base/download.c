/* See download.h. */
#include "download.h"

#include <string.h>
#include <sys/resource.h>

#include "cleanup.h"
#include "program.h"
#include "text.h"

bool download_is_url(const char *place)
{
    return string_starts(place, "http://") || string_starts(place, "https://") || string_starts(place, "tftp://");
}

static int limit_file_size(void *max_bytes)
{
    rlim_t limit = *(const size_t *)max_bytes + 1;
    return setrlimit(RLIMIT_FSIZE, &(struct rlimit){limit, limit});
}

static int download_web(const char *url, const char *file, struct program *program, struct error *err)
{
    const char *const argv[] = {"wget", "-q", "-T", "20", "-O", file, url, NULL};
    program->argv = argv;
    return program_run(program, NULL, err);
}

/* tftp://HOST[:PORT]/PATH */
static int download_tftp(const char *url, const char *file, struct program *program, struct error *err)
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
    program->argv = argv;
    return program_run(program, NULL, err);
}

int download(const char *url, const char *file, size_t max_bytes, unsigned timeout_seconds, struct error *err)
{
    struct program program = {.input_fd = -1, .timeout_seconds = timeout_seconds, .in_child = limit_file_size, .in_child_argument = &max_bytes};
    return string_starts(url, "tftp://") ? download_tftp(url, file, &program, err) : download_web(url, file, &program, err);
}
