/* Requests and replies of the transmission phase, see nbd.h. Everything the server says is checked against what it
 * was asked: what does not fit is named and ends the pull, as nothing that follows could be trusted. */
#include <errno.h>
#include <string.h>

#include "../base/bytes.h"
#include "../base/text.h"
#include "nbd.h"

#define REQUEST_MAGIC 0x25609513u
#define SIMPLE_REPLY_MAGIC 0x67446698u
#define STRUCTURED_REPLY_MAGIC 0x668e33efu
#define REQUEST_DONT_FRAGMENT (1u << 2)
#define CHUNK_DONE 1u

enum chunk { CHUNK_NONE = 0, CHUNK_DATA = 1, CHUNK_HOLE = 2, CHUNK_BLOCK_STATUS = 5, CHUNK_ERROR = 32769, CHUNK_ERROR_OFFSET = 32770 };
#define CHUNK_IS_ERROR(type) ((type) & (1u << 15))

struct chunk_header {
    uint16_t flags, type;
    uint32_t length;
};

static enum nbd_result wrong(struct error *err)
{
    error_prefix(err, "the server breaks the NBD protocol");
    error_advise(err, "What it sends cannot be trusted. Serve the source with another NBD server (qemu-nbd, nbdkit).");
    return NBD_WRONG;
}

static enum nbd_result read_bytes(struct nbd *nbd, void *bytes, size_t length, struct error *err)
{
    return stream_read(&nbd->stream, bytes, length, err) < 0 ? NBD_LOST : NBD_OK;
}

bool nbd_parts_add(struct nbd_parts *parts, uint64_t start, uint64_t end)
{
    unsigned at = 0;
    while (at < parts->count && parts->items[at].start < start)
        at++;
    bool joins_left = at > 0 && parts->items[at - 1].end == start;
    bool joins_right = at < parts->count && parts->items[at].start == end;
    if ((at > 0 && parts->items[at - 1].end > start) || (at < parts->count && parts->items[at].start < end))
        return false;
    if (joins_left && joins_right) {
        parts->items[at - 1].end = parts->items[at].end;
        memmove(&parts->items[at], &parts->items[at + 1], (--parts->count - at) * sizeof *parts->items);
    } else if (joins_left) {
        parts->items[at - 1].end = end;
    } else if (joins_right) {
        parts->items[at].start = start;
    } else {
        if (parts->count == NBD_PARTS_MAX)
            return false;
        memmove(&parts->items[at + 1], &parts->items[at], (parts->count++ - at) * sizeof *parts->items);
        parts->items[at] = (struct nbd_part){start, end};
    }
    return true;
}

enum nbd_result nbd_send(struct nbd *nbd, enum nbd_command command, uint64_t offset, uint32_t length, unsigned tag, struct error *err)
{
    struct nbd_request *request = &nbd->requests[tag];
    *request = (struct nbd_request){.command = command, .cookie = ++nbd->next_cookie << 8 | tag, .offset = offset, .length = length};
    unsigned char header[28];
    put_be32(header, REQUEST_MAGIC);
    put_be16(header + 4, command == NBD_READ && nbd->dont_fragment ? REQUEST_DONT_FRAGMENT : 0);
    put_be16(header + 6, (uint16_t)command);
    put_be64(header + 8, request->cookie);
    put_be64(header + 16, offset - nbd->front_bytes);
    put_be32(header + 24, length);
    if (stream_write(&nbd->stream, header, sizeof header, err) < 0)
        return NBD_LOST;
    request->in_flight = true;
    nbd->in_flight++;
    return NBD_OK;
}

/* The request that a reply names, or NULL with the error set. */
static struct nbd_request *find_request(struct nbd *nbd, uint64_t cookie, struct error *err)
{
    unsigned tag = cookie & 0xff;
    if (tag < NBD_DEPTH_MAX && nbd->requests[tag].in_flight && nbd->requests[tag].cookie == cookie)
        return &nbd->requests[tag];
    error_set(err, "it answers request %llx, which was never sent or is answered already", (unsigned long long)cookie);
    return NULL;
}

static bool is_covered(const struct nbd_request *request)
{
    const struct nbd_parts *parts = &request->parts;
    return parts->count == 1 && parts->items[0].start == request->offset && parts->items[0].end == request->offset + request->length;
}

static enum nbd_result finish(struct nbd *nbd, struct nbd_request *request, struct nbd_finished *finished, struct error *err)
{
    if (request->command == NBD_READ && !request->error && !is_covered(request)) {
        error_set(err, "its answer to a read at offset %llu ends before all %u bytes have come",
                  (unsigned long long)request->offset, request->length);
        return wrong(err);
    }
    if (request->error == EOVERFLOW && nbd->dont_fragment)
        nbd->dont_fragment = false; /* it may refuse to answer a large read in one piece; the next try may fragment */
    request->in_flight = false;
    nbd->in_flight--;
    *finished = (struct nbd_finished){true, (unsigned)(request - nbd->requests), request->error};
    return NBD_OK;
}

/* Notes that a part of the answer to a read came: inside the request, and not twice. */
static enum nbd_result take_part(struct nbd_request *request, uint64_t offset, uint64_t length, struct error *err)
{
    uint64_t end = request->offset + request->length;
    if (length == 0 || offset < request->offset || offset >= end || length > end - offset)
        error_set(err, "asked for %u bytes at offset %llu it sends %llu bytes at offset %llu", request->length,
                  (unsigned long long)request->offset, (unsigned long long)length, (unsigned long long)offset);
    else if (!nbd_parts_add(&request->parts, offset, offset + length))
        error_set(err, "it sends the %llu bytes at offset %llu twice, or in too many pieces", (unsigned long long)length, (unsigned long long)offset);
    else
        return NBD_OK;
    return wrong(err);
}

static enum nbd_result take_data(struct nbd *nbd, const struct nbd_sink *sink, struct nbd_request *request, uint64_t offset, uint64_t length, struct error *err)
{
    enum nbd_result result = take_part(request, offset, length, err);
    if (result == NBD_OK)
        result = read_bytes(nbd, nbd->buffer, length, err);
    if (result == NBD_OK && sink->data(sink->context, (unsigned)(request - nbd->requests), offset, nbd->buffer, (uint32_t)length, err) < 0)
        result = NBD_WRONG;
    return result;
}

static enum nbd_result take_hole(struct nbd *nbd, const struct nbd_sink *sink, struct nbd_request *request, struct error *err)
{
    unsigned char hole[12];
    enum nbd_result result = read_bytes(nbd, hole, sizeof hole, err);
    if (result == NBD_OK)
        result = take_part(request, get_be64(hole) + nbd->front_bytes, get_be32(hole + 8), err);
    if (result == NBD_OK && sink->zeroes(sink->context, (unsigned)(request - nbd->requests), get_be64(hole) + nbd->front_bytes, get_be32(hole + 8), err) < 0)
        result = NBD_WRONG;
    return result;
}

/* Extents are taken one by one: some servers send a million of them in one answer (nbdkit). The last may reach beyond
 * the request, the others must not. */
static enum nbd_result take_extents(struct nbd *nbd, const struct nbd_sink *sink, struct nbd_request *request, uint32_t count, struct error *err)
{
    for (uint64_t covered = 0; count--;) {
        unsigned char extent[8];
        enum nbd_result result = read_bytes(nbd, extent, sizeof extent, err);
        if (result != NBD_OK)
            return result;
        if (get_be32(extent) == 0 || covered >= request->length) {
            error_set(err, "its block status at offset %llu holds an extent that is empty or beyond the request", (unsigned long long)request->offset);
            return wrong(err);
        }
        covered += get_be32(extent);
        if (sink->status(sink->context, get_be32(extent), get_be32(extent + 4), err) < 0)
            return NBD_WRONG;
    }
    return NBD_OK;
}

static enum nbd_result take_status(struct nbd *nbd, const struct nbd_sink *sink, struct nbd_request *request, uint32_t length, struct error *err)
{
    unsigned char id[4];
    enum nbd_result result = read_bytes(nbd, id, sizeof id, err);
    if (result != NBD_OK)
        return result;
    if (get_be32(id) != nbd->export.allocation_id || request->parts.count) {
        error_set(err, "it sends block status of context %u, which was not asked for, or twice", get_be32(id));
        return wrong(err);
    }
    nbd_parts_add(&request->parts, 0, 1);
    return take_extents(nbd, sink, request, (length - 4) / 8, err);
}

static enum nbd_result skip_bytes(struct nbd *nbd, uint32_t length, struct error *err)
{
    unsigned char dropped[512];
    enum nbd_result result = NBD_OK;
    for (; length && result == NBD_OK; length -= (uint32_t)least(length, sizeof dropped))
        result = read_bytes(nbd, dropped, least(length, sizeof dropped), err);
    return result;
}

/* u32 error, u16 message length, message, and an offset in one kind: the message is not worth keeping apart from the error. */
static enum nbd_result take_error(struct nbd *nbd, struct nbd_request *request, uint32_t length, struct error *err)
{
    unsigned char code[4];
    enum nbd_result result = read_bytes(nbd, code, sizeof code, err);
    if (result == NBD_OK && !request->error)
        request->error = get_be32(code) ? (int)least(get_be32(code), INT32_MAX) : EIO;
    return result == NBD_OK ? skip_bytes(nbd, length - 4, err) : result;
}

static bool chunk_fits(const struct nbd *nbd, const struct nbd_request *request, const struct chunk_header *chunk)
{
    bool is_read = request->command == NBD_READ;
    switch (chunk->type) {
    case CHUNK_NONE:
        return chunk->length == 0 && chunk->flags & CHUNK_DONE;
    case CHUNK_DATA:
        return is_read && chunk->length > 8 && chunk->length - 8 <= nbd->buffer_bytes;
    case CHUNK_HOLE:
        return is_read && chunk->length == 12;
    case CHUNK_BLOCK_STATUS:
        return !is_read && chunk->length >= 12 && chunk->length % 8 == 4 && chunk->length <= NBD_PAYLOAD_MAX;
    default:
        return CHUNK_IS_ERROR(chunk->type) && chunk->length >= 6 && chunk->length <= 65536;
    }
}

static enum nbd_result take_chunk(struct nbd *nbd, const struct nbd_sink *sink, struct nbd_request *request, const struct chunk_header *chunk, struct error *err)
{
    unsigned char offset[8];
    enum nbd_result result = NBD_OK;
    switch (chunk->type) {
    case CHUNK_NONE:
        return NBD_OK;
    case CHUNK_DATA:
        result = read_bytes(nbd, offset, sizeof offset, err);
        return result == NBD_OK ? take_data(nbd, sink, request, get_be64(offset) + nbd->front_bytes, chunk->length - 8, err) : result;
    case CHUNK_HOLE:
        return take_hole(nbd, sink, request, err);
    case CHUNK_BLOCK_STATUS:
        return take_status(nbd, sink, request, chunk->length, err);
    default:
        return take_error(nbd, request, chunk->length, err);
    }
}

static enum nbd_result receive_structured(struct nbd *nbd, const struct nbd_sink *sink, struct nbd_finished *finished, struct error *err)
{
    unsigned char rest[16];
    enum nbd_result result = read_bytes(nbd, rest, sizeof rest, err);
    if (result != NBD_OK)
        return result;
    struct chunk_header chunk = {get_be16(rest), get_be16(rest + 2), get_be32(rest + 12)};
    struct nbd_request *request = nbd->export.structured ? find_request(nbd, get_be64(rest + 4), err) : NULL;
    if (!nbd->export.structured)
        error_set(err, "it sends a structured reply, which was not agreed on");
    if (!request)
        return wrong(err);
    if (!chunk_fits(nbd, request, &chunk)) {
        error_set(err, "asked for %u bytes at offset %llu it sends a chunk of type %u with %u bytes", request->length,
                  (unsigned long long)request->offset, chunk.type, chunk.length);
        return wrong(err);
    }
    result = take_chunk(nbd, sink, request, &chunk, err);
    return result == NBD_OK && chunk.flags & CHUNK_DONE ? finish(nbd, request, finished, err) : result;
}

static enum nbd_result receive_simple(struct nbd *nbd, const struct nbd_sink *sink, struct nbd_finished *finished, struct error *err)
{
    unsigned char rest[12];
    enum nbd_result result = read_bytes(nbd, rest, sizeof rest, err);
    if (result != NBD_OK)
        return result;
    struct nbd_request *request = find_request(nbd, get_be64(rest + 4), err);
    if (!request)
        return wrong(err);
    request->error = (int)least(get_be32(rest), INT32_MAX);
    if (!request->error && nbd->export.structured) {
        error_set(err, "it answers request %llx with a simple reply, though structured ones were agreed on", (unsigned long long)request->cookie);
        return wrong(err);
    }
    if (!request->error)
        result = take_data(nbd, sink, request, request->offset, request->length, err);
    return result == NBD_OK ? finish(nbd, request, finished, err) : result;
}

enum nbd_result nbd_receive(struct nbd *nbd, const struct nbd_sink *sink, struct nbd_finished *finished, struct error *err)
{
    unsigned char magic[4];
    *finished = (struct nbd_finished){0};
    enum nbd_result result = read_bytes(nbd, magic, sizeof magic, err);
    if (result != NBD_OK)
        return result;
    if (get_be32(magic) == STRUCTURED_REPLY_MAGIC)
        return receive_structured(nbd, sink, finished, err);
    if (get_be32(magic) == SIMPLE_REPLY_MAGIC)
        return receive_simple(nbd, sink, finished, err);
    error_set(err, "a reply starts with the bytes %08x", get_be32(magic));
    return wrong(err);
}

void nbd_drop(struct nbd *nbd)
{
    stream_close(&nbd->stream);
    memset(nbd->requests, 0, sizeof nbd->requests);
    nbd->in_flight = 0;
}

void nbd_close(struct nbd *nbd)
{
    if (nbd->stream.fd >= 0)
        (void)nbd_send(nbd, NBD_DISCONNECT, 0, 0, 0, NULL); /* a courtesy: the server notices the end anyway */
    nbd_drop(nbd);
}
