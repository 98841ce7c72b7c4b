/* How much of what travels a compression on the way would leave: asked of gzip, on samples. See measure.h. */
#include <sys/mman.h>
#include <unistd.h>

#include "../base/bytes.h"
#include "../base/cleanup.h"
#include "../base/program.h"
#include "measure.h"

#define SAMPLES 16
#define SAMPLE_BYTES (64u << 10) /* twice of what gzip looks back */
#define GZIP_SECONDS 60

/* Where byte number `at` of all that is listed lies. */
static uint64_t place_of(const struct extents *wanted, uint64_t at)
{
    size_t i = 0;
    for (; i + 1 < wanted->count && at >= wanted->items[i].end - wanted->items[i].start; i++)
        at -= wanted->items[i].end - wanted->items[i].start;
    return wanted->items[i].start + at;
}

static int read_samples(struct nbd *nbd, const struct extents *wanted, int fd, uint64_t *bytes, struct error *err)
{
    cleanup_free unsigned char *sample = checked_alloc(SAMPLE_BYTES);
    uint64_t all = extents_bytes(wanted);
    for (unsigned i = 0; i < SAMPLES && all; i++) {
        uint64_t start = align_down(place_of(wanted, all / SAMPLES * i), SAMPLE_BYTES);
        size_t length = (size_t)least(SAMPLE_BYTES, nbd->export.size_bytes - start);
        if (nbd_read_at(nbd, sample, start, length, NULL, err) != NBD_OK)
            return -1;
        if (write(fd, sample, length) != (ssize_t)length)
            return error_errno(err, "keep a sample");
        *bytes += length;
    }
    return 0;
}

static bool count_bytes(void *context, const char *bytes, size_t length)
{
    (void)bytes;
    *(uint64_t *)context += length;
    return true;
}

int measure_compression(struct nbd *nbd, const struct extents *wanted, double *share, struct error *err)
{
    static const char *const argv[] = {"gzip", "-1", "-c", NULL};
    cleanup_close int fd = memfd_create("samples", MFD_CLOEXEC);
    struct program gzip = {.argv = argv, .input_fd = fd, .timeout_seconds = GZIP_SECONDS};
    uint64_t bytes = 0, left = 0;
    *share = -1;
    if (fd < 0)
        return error_errno(err, "make room for samples");
    if (read_samples(nbd, wanted, fd, &bytes, err) < 0)
        return -1;
    if (lseek(fd, 0, SEEK_SET) < 0 || program_stream(&gzip, count_bytes, &left, NULL) < 0 || !bytes)
        return 0; /* a machine without gzip measures all the rest */
    *share = (double)left / (double)bytes;
    return 0;
}
