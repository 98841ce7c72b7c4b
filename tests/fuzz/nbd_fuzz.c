/* The NBD client against a server whose every byte is the fuzzer's: handshake, reads in flight, block status. The
 * Makefile wraps the stream: what the client reads is the input, what it writes is dropped. No thread, no clock.
 *
 * Whatever the server says, a read that ends well has got each of its bytes once, and none beside. */
#include <string.h>

#include "base/bytes.h"
#include "fuzz.h"
#include "nbd/nbd.h"
#include "pull/scan.h"
#include "pull/target/journal.h"

#define BUFFER_BYTES 65536u
#define READ_BYTES_MAX 100u
#define READS_AT_ONCE 4u
#define READS_MAX 8u
#define REPLIES_MAX 2000u

static struct {
    const uint8_t *bytes;
    size_t left;
} server;

struct expected {
    uint64_t offset;
    uint32_t length, seen;
    unsigned char times[READ_BYTES_MAX];
};

struct client {
    struct nbd nbd;
    struct expected reads[READS_AT_ONCE];
};

int __wrap_stream_connect(struct stream *stream, const struct nbd_uri *uri, const struct addrinfo *addresses, struct error *err);
int __wrap_stream_read(struct stream *stream, void *bytes, size_t length, struct error *err);
int __wrap_stream_write(struct stream *stream, const void *bytes, size_t length, struct error *err);
void __wrap_stream_close(struct stream *stream);

int __wrap_stream_connect(struct stream *stream, const struct nbd_uri *uri, const struct addrinfo *addresses, struct error *err)
{
    (void)uri, (void)addresses, (void)err;
    stream->fd = 0;
    return 0;
}

int __wrap_stream_read(struct stream *stream, void *bytes, size_t length, struct error *err)
{
    must(stream->fd >= 0);
    if (length > server.left)
        return error_set(err, "the source closed the connection");
    memcpy(bytes, server.bytes, length);
    server.bytes += length;
    server.left -= length;
    return 0;
}

int __wrap_stream_write(struct stream *stream, const void *bytes, size_t length, struct error *err)
{
    must(stream->fd >= 0 && bytes && length);
    return server.left ? 0 : error_set(err, "the connection was lost");
}

void __wrap_stream_close(struct stream *stream)
{
    stream->fd = -1;
}

static int note(void *context, unsigned tag, uint64_t offset, uint32_t length)
{
    must(tag < READS_AT_ONCE);
    struct expected *read = &((struct client *)context)->reads[tag];
    must(offset >= read->offset && length <= read->length && offset - read->offset <= read->length - length);
    for (uint32_t i = 0; i < length; i++)
        must(read->times[offset - read->offset + i]++ == 0);
    read->seen += length;
    return 0;
}

static int take_data(void *context, unsigned tag, uint64_t offset, const void *bytes, uint32_t length, struct error *err)
{
    (void)err;
    static unsigned char landed[BUFFER_BYTES];
    must(length <= BUFFER_BYTES);
    memcpy(landed, bytes, length);
    return note(context, tag, offset, length);
}

static int take_zeroes(void *context, unsigned tag, uint64_t offset, uint32_t length, struct error *err)
{
    (void)err;
    return note(context, tag, offset, length);
}

static int take_status(void *context, uint64_t length, uint32_t flags, struct error *err)
{
    (void)context, (void)length, (void)flags, (void)err;
    must(!"block status came where only reads are in flight");
    return 0;
}

static enum nbd_result ask(struct client *client, unsigned tag, unsigned nth, struct error *err)
{
    uint64_t size = client->nbd.export.size_bytes;
    struct expected *read = &client->reads[tag];
    *read = (struct expected){.offset = (uint64_t)nth * 3000 % size};
    read->length = (uint32_t)least(nth % 2 ? READ_BYTES_MAX : 16, size - read->offset);
    return nbd_send(&client->nbd, NBD_READ, read->offset, read->length, tag, err);
}

static enum nbd_result read_several(struct client *client, struct error *err)
{
    struct nbd_sink sink = {.context = client, .data = take_data, .zeroes = take_zeroes, .status = take_status};
    enum nbd_result result = NBD_OK;
    unsigned asked = 0;
    for (; result == NBD_OK && asked < READS_AT_ONCE; asked++)
        result = ask(client, asked, asked, err);
    for (unsigned replies = 0; result == NBD_OK && client->nbd.in_flight && replies < REPLIES_MAX; replies++) {
        struct nbd_finished finished;
        result = nbd_receive(&client->nbd, &sink, &finished, err);
        if (result != NBD_OK || !finished.finished)
            continue;
        must(finished.tag < READS_AT_ONCE);
        must(finished.error || client->reads[finished.tag].seen == client->reads[finished.tag].length);
        if (asked < READS_MAX)
            result = ask(client, finished.tag, asked++, err);
    }
    return client->nbd.in_flight ? NBD_LOST : result;
}

static enum nbd_result scan(struct client *client, struct error *err)
{
    struct extents wanted = {0};
    enum nbd_result result = scan_source(&client->nbd, &wanted, err);
    for (size_t i = 0; i < wanted.count; i++) {
        must(wanted.items[i].start < wanted.items[i].end && wanted.items[i].end <= client->nbd.export.size_bytes);
        must(i == 0 || wanted.items[i - 1].end < wanted.items[i].start);
    }
    extents_free(&wanted);
    return result;
}

static enum nbd_result read_head(struct client *client, struct error *err)
{
    static unsigned char head[MIB];
    return nbd_read_at(&client->nbd, head, 0, (size_t)least(sizeof head, client->nbd.export.size_bytes), NULL, err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static unsigned char buffer[BUFFER_BYTES];
    cleanup_free struct client *client = checked_alloc(sizeof *client);
    struct nbd_source source;
    struct error err = {0};
    server.bytes = data;
    server.left = size;
    client->nbd.stream.fd = -1;
    client->nbd.buffer = buffer;
    client->nbd.buffer_bytes = sizeof buffer;
    must(nbd_source_open(&source, "nbd+unix:///disk?socket=/run/nbd.sock", &err) == 0);
    enum nbd_result result = nbd_connect(&client->nbd, &source, &err);
    if (result == NBD_OK)
        must(client->nbd.export.size_bytes > 0 && client->nbd.export.size_bytes <= INT64_MAX);
    if (result == NBD_OK)
        result = read_several(client, &err);
    if (result == NBD_OK)
        result = scan(client, &err);
    if (result == NBD_OK)
        result = read_head(client, &err);
    must(result == NBD_OK || *err.message);
    nbd_close(&client->nbd);
    nbd_source_free(&source);
    return 0;
}
