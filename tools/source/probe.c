/* See probe.h. */
#include "probe.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../base/cleanup.h"
#include "../nbd/nbd.h"

static int read_ends(struct nbd *nbd, void *context, struct error *err)
{
    struct format_ends *ends = context;
    uint64_t size = nbd->export.size_bytes;
    size_t head = size < sizeof ends->head ? (size_t)size : sizeof ends->head;
    if (head && nbd_read_at(nbd, ends->head, 0, head, NULL, err) != NBD_OK)
        return -1;
    if (size >= sizeof ends->tail && nbd_read_at(nbd, ends->tail, size - sizeof ends->tail, sizeof ends->tail, NULL, err) != NBD_OK)
        return -1;
    return 0;
}

struct bytes {
    char *data;
    size_t length, max;
};

static int read_bytes(struct nbd *nbd, void *context, struct error *err)
{
    struct bytes *bytes = context;
    if (nbd->export.size_bytes > bytes->max)
        return error_set(err, "it has %llu bytes, and should have %zu at most", (unsigned long long)nbd->export.size_bytes, bytes->max);
    bytes->length = (size_t)nbd->export.size_bytes;
    bytes->data = checked_alloc(bytes->length + 1);
    if (nbd_read_at(nbd, bytes->data, 0, bytes->length, NULL, err) == NBD_OK)
        return 0;
    free(bytes->data);
    return -1;
}

char *probe_uri(const char *socket)
{
    return checked_printf("nbd+unix:///?socket=%s", socket);
}

/* Hands a connection to `look`, which says what went wrong where the adapter does not. */
typedef int nbd_look(struct nbd *nbd, void *context, struct error *err);

static int connect_and(nbd_look *look, void *context, const struct adapter *adapter, struct error *err)
{
    struct nbd_source source = {0};
    cleanup_free struct nbd *nbd = checked_alloc(sizeof *nbd);
    unsigned char buffer[FORMAT_HEAD_BYTES];
    cleanup_free char *uri = probe_uri(adapter->path);
    struct error failure = {0};
    nbd->stream.fd = -1;
    nbd->buffer = buffer;
    nbd->buffer_bytes = sizeof buffer;
    int status = nbd_source_open(&source, uri, &failure);
    if (status == 0 && nbd_connect(nbd, &source, &failure) != NBD_OK)
        status = -1;
    if (status == 0)
        status = look(nbd, context, &failure);
    nbd_close(nbd);
    nbd_source_free(&source);
    if (status == 0)
        return 0;
    cleanup_free char *words = adapter_last_words(adapter);
    return error_set(err, "%s", words ? words : failure.message);
}

int probe_adapter(const struct adapter *adapter, struct format_ends *ends, struct error *err)
{
    memset(ends, 0, sizeof *ends);
    return connect_and(read_ends, ends, adapter, err);
}

int probe_file(const char *file, struct format_ends *ends, struct error *err)
{
    memset(ends, 0, sizeof *ends);
    cleanup_close int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    struct stat st;
    if (fd < 0 || fstat(fd, &st) < 0)
        return error_errno(err, "open %s", file);
    if (!S_ISREG(st.st_mode) && !S_ISBLK(st.st_mode))
        return error_set(err, "%s is neither a file nor a disk", file);
    off_t size = lseek(fd, 0, SEEK_END);
    if (size < 0 || pread(fd, ends->head, sizeof ends->head, 0) < 0)
        return error_errno(err, "read %s", file);
    if (size >= (off_t)sizeof ends->tail && pread(fd, ends->tail, sizeof ends->tail, size - (off_t)sizeof ends->tail) < 0)
        return error_errno(err, "read the end of %s", file);
    return 0;
}

char *probe_text(const struct adapter *adapter, size_t max_bytes, struct error *err)
{
    struct bytes bytes = {.max = max_bytes};
    if (connect_and(read_bytes, &bytes, adapter, err) < 0)
        return NULL;
    cleanup_free char *text = take_pointer(bytes.data);
    if (bytes.length && !memchr(text, '\0', bytes.length))
        return take_pointer(text);
    error_set(err, "what should be a text holds other bytes");
    return NULL;
}

static int hear(const struct adapter_command *command, struct error *err)
{
    struct adapter adapter;
    struct format_ends ends;
    if (adapter_start_nbdkit(command, &adapter, err) < 0)
        return -1;
    int status = probe_adapter(&adapter, &ends, err);
    adapter_end(&adapter);
    return status;
}

int probe_start_patient(const struct adapter_command *command, struct adapter *adapter, struct error *err)
{
    if (hear(command, err) < 0)
        return -1;
    cleanup_strings struct strings options = {0};
    struct adapter_command patient = *command;
    strings_add(&options, "--filter=retry");
    for (size_t i = 0; i < command->options->count; i++)
        strings_add(&options, command->options->items[i]);
    adapter_option(&options, "retries", "5"); /* after 2, 4, 8, 16 and 32 seconds */
    patient.options = &options;
    return adapter_start_nbdkit(&patient, adapter, err);
}
