/* The NBD handshake, see nbd.h and the NBD project's doc/proto.md. */
#include <stdlib.h>
#include <string.h>

#include "../base/bytes.h"
#include "../base/cleanup.h"
#include "../base/text.h"
#include "nbd.h"
#include "nbd_option.h"

#define HANDSHAKE_LIMIT_MS 10000
#define GREETING_MAGIC 0x4e42444d41474943u /* "NBDMAGIC" */
#define OLDSTYLE_MAGIC 0x00420281861253u
#define FIXED_NEWSTYLE 1u
#define NO_ZEROES 2u

enum info { INFO_EXPORT = 0, INFO_BLOCK_SIZE = 3 };

static enum nbd_result read_greeting(struct nbd *nbd, uint16_t *flags, struct error *err)
{
    unsigned char greeting[18];
    if (stream_read(&nbd->stream, greeting, 8, err) < 0)
        return NBD_LOST;
    if (get_be64(greeting) != GREETING_MAGIC) {
        error_set(err, "this is no NBD server: it greets with the bytes %016llx", (unsigned long long)get_be64(greeting));
        return option_wrong(err);
    }
    if (stream_read(&nbd->stream, greeting + 8, 10, err) < 0)
        return NBD_LOST;
    if (get_be64(greeting + 8) == OLDSTYLE_MAGIC) {
        error_set(err, "the NBD server speaks the oldstyle protocol, which rehost does not");
        error_advise(err, "Serve the disk with qemu-nbd, nbdkit or nbd-server 3 or newer, without an \"oldstyle\" option.");
        return NBD_WRONG;
    }
    if (get_be64(greeting + 8) != NEWSTYLE_MAGIC) {
        error_set(err, "the NBD server's greeting is garbage (%016llx)", (unsigned long long)get_be64(greeting + 8));
        return option_wrong(err);
    }
    *flags = get_be16(greeting + 16);
    return NBD_OK;
}

/* Asks for structured replies. A server that knows none says so, and is spoken to without. */
static enum nbd_result ask_structured(struct nbd *nbd, struct option_reply *reply, struct error *err)
{
    struct text nothing = {0};
    enum nbd_result result = option_send(nbd, OPTION_STRUCTURED_REPLY, &nothing, err);
    if (result == NBD_OK)
        result = option_receive(nbd, OPTION_STRUCTURED_REPLY, reply, err);
    if (result == NBD_OK)
        nbd->export.structured = reply->type == REPLY_ACK;
    return result;
}

static void append_be32(struct text *text, uint32_t value)
{
    unsigned char bytes[4];
    put_be32(bytes, value);
    text_append_bytes(text, bytes, sizeof bytes);
}

static enum nbd_result ask_allocation(struct nbd *nbd, const char *name, struct option_reply *reply, struct error *err)
{
    cleanup_text struct text data = {0};
    append_be32(&data, (uint32_t)strlen(name));
    text_append(&data, name);
    append_be32(&data, 1);
    append_be32(&data, (uint32_t)strlen("base:allocation"));
    text_append(&data, "base:allocation");
    enum nbd_result result = option_send(nbd, OPTION_SET_META_CONTEXT, &data, err);
    for (unsigned i = 0; result == NBD_OK && i < REPLIES_MAX; i++) {
        result = option_receive(nbd, OPTION_SET_META_CONTEXT, reply, err);
        if (result != NBD_OK || reply->type != REPLY_META_CONTEXT)
            return result; /* ACK ends the list; a refusal only means that there is no map */
        if (reply->length >= 4 && string_is((char *)reply->data + 4, "base:allocation")) {
            nbd->export.has_allocation = true;
            nbd->export.allocation_id = get_be32(reply->data);
        }
    }
    if (result == NBD_OK)
        error_set(err, "the NBD server's list of contexts has no end");
    return result == NBD_OK ? option_wrong(err) : result;
}

static enum nbd_result take_block_sizes(struct nbd_export *export, const unsigned char *data, struct error *err)
{
    uint32_t min = get_be32(data), max = get_be32(data + 8);
    if (min == 0 || (min & (min - 1)) || min > 65536 || max < min) {
        error_set(err, "the NBD server wants blocks of %u to %u bytes, which rehost cannot ask for", min, max);
        return NBD_WRONG;
    }
    export->block_min = min;
    export->block_max = (uint32_t)align_down(least(max, NBD_PAYLOAD_MAX), min);
    return NBD_OK;
}

static enum nbd_result take_info(struct nbd_export *export, const struct option_reply *reply, bool *has_export, struct error *err)
{
    uint16_t kind = reply->length >= 2 ? get_be16(reply->data) : 0xffff;
    if (kind == INFO_EXPORT && reply->length == 12) {
        export->size_bytes = get_be64(reply->data + 2);
        export->flags = get_be16(reply->data + 10);
        *has_export = true;
    } else if (kind == INFO_BLOCK_SIZE && reply->length == 14) {
        return take_block_sizes(export, reply->data + 2, err);
    } else if (kind == INFO_EXPORT || kind == INFO_BLOCK_SIZE || kind == 0xffff) {
        error_set(err, "the NBD server describes its export in %u bytes of kind %u", reply->length, kind);
        return option_wrong(err);
    }
    return NBD_OK;
}

static enum nbd_result refused(const struct option_reply *reply, const char *name, struct error *err)
{
    const char *said = reply->length ? (const char *)reply->data : "no reason given";
    if (reply->type == REPLY_UNKNOWN) {
        error_set(err, "the server has no export \"%s\" (%s)", name, said);
        error_advise(err, "Put the export's name at the end of the source, after a slash. `nbdinfo --list` shows the names.");
    } else if (reply->type == REPLY_TLS_REQUIRED) {
        error_set(err, "the server insists on TLS (%s)", said);
        error_advise(err, "Write nbds in place of nbd; rehost-pull(1) says how it is known to be the right server.");
    } else {
        error_set(err, "the server refuses the export \"%s\": %s (code %x)", name, said, reply->type);
    }
    return NBD_WRONG;
}

/* *unsupported: the server knows no GO, EXPORT_NAME is left. */
static enum nbd_result ask_go(struct nbd *nbd, const char *name, struct option_reply *reply, bool *unsupported, struct error *err)
{
    cleanup_text struct text data = {0};
    append_be32(&data, (uint32_t)strlen(name));
    text_append(&data, name);
    text_append_bytes(&data, (unsigned char[]){0, 1, 0, INFO_BLOCK_SIZE}, 4);
    bool has_export = false;
    enum nbd_result result = option_send(nbd, OPTION_GO, &data, err);
    for (unsigned i = 0; result == NBD_OK && i < REPLIES_MAX; i++) {
        result = option_receive(nbd, OPTION_GO, reply, err);
        if (result != NBD_OK)
            return result;
        if (reply->type == REPLY_ACK && has_export)
            return NBD_OK;
        *unsupported = reply->type == REPLY_UNSUPPORTED;
        if (*unsupported)
            return NBD_OK;
        if (REPLY_IS_ERROR(reply->type))
            return refused(reply, name, err);
        if (reply->type == REPLY_INFO)
            result = take_info(&nbd->export, reply, &has_export, err);
        else if (reply->type == REPLY_ACK)
            break;
    }
    if (result == NBD_OK)
        error_set(err, "the NBD server does not describe its export");
    return result == NBD_OK ? option_wrong(err) : result;
}

static enum nbd_result ask_export_name(struct nbd *nbd, const char *name, uint16_t flags, struct error *err)
{
    struct text data = {.data = (char *)name, .length = strlen(name)};
    enum nbd_result result = option_send(nbd, OPTION_EXPORT_NAME, &data, err);
    unsigned char answer[10 + 124];
    size_t length = flags & NO_ZEROES ? 10 : sizeof answer;
    if (result == NBD_OK && stream_read(&nbd->stream, answer, length, err) < 0) {
        error_prefix(err, "asked for the export \"%s\"", name);
        error_advise(err, "A server of this kind hangs up when it has no export of that name: check the name.");
        return NBD_LOST;
    }
    if (result == NBD_OK) {
        nbd->export.size_bytes = get_be64(answer);
        nbd->export.flags = get_be16(answer + 8);
    }
    return result;
}

static enum nbd_result negotiate(struct nbd *nbd, const char *name, uint16_t flags, bool *in_options, struct error *err)
{
    cleanup_free struct option_reply *reply = checked_alloc(sizeof *reply);
    bool unsupported = false;
    *in_options = true;
    enum nbd_result result = ask_structured(nbd, reply, err);
    if (result == NBD_LOST && nbd->stream.tls && tls_last_word(nbd->stream.tls, err) == TLS_REFUSED)
        result = NBD_WRONG;
    if (result == NBD_OK && nbd->export.structured)
        result = ask_allocation(nbd, name, reply, err);
    if (result == NBD_OK)
        result = ask_go(nbd, name, reply, &unsupported, err);
    *in_options = result == NBD_LOST;
    if (result == NBD_OK && unsupported)
        result = ask_export_name(nbd, name, flags, err);
    return result;
}

static enum nbd_result check_export(struct nbd *nbd, struct error *err)
{
    const struct nbd_export *export = &nbd->export;
    nbd->dont_fragment = export->structured && export->has_allocation && export->flags & NBD_FLAG_SEND_DF;
    if (export->size_bytes > 0 && export->size_bytes <= INT64_MAX)
        return NBD_OK;
    if (export->size_bytes == 0)
        error_set(err, "the source is empty: the server says its size is 0");
    else
        error_set(err, "the server says its size is %llu bytes, which no disk has", (unsigned long long)export->size_bytes);
    return option_wrong(err);
}

static enum nbd_result greet(struct nbd *nbd, uint16_t *flags, struct error *err)
{
    enum nbd_result result = read_greeting(nbd, flags, err);
    if (result != NBD_OK)
        return result;
    *flags &= FIXED_NEWSTYLE | NO_ZEROES;
    unsigned char answer[4];
    put_be32(answer, *flags);
    return stream_write(&nbd->stream, answer, sizeof answer, err) < 0 ? NBD_LOST : NBD_OK;
}

static enum nbd_result start_tls(struct nbd *nbd, const struct nbd_source *source, uint16_t flags, struct error *err)
{
    if (flags & FIXED_NEWSTYLE)
        return option_start_tls(nbd, source->tls, err);
    error_set(err, "the server is too old to know TLS");
    return option_wrong(err);
}

enum nbd_result nbd_reach(struct nbd *nbd, const struct nbd_source *source, uint16_t *flags, struct error *err)
{
    if (stream_connect(&nbd->stream, &source->uri, source->addresses, err) < 0)
        return NBD_LOST;
    nbd->stream.deadline_ms = clock_ms() + HANDSHAKE_LIMIT_MS;
    enum nbd_result result = greet(nbd, flags, err);
    if (result == NBD_OK && source->tls)
        result = start_tls(nbd, source, *flags, err);
    nbd->stream.deadline_ms = 0;
    if (result != NBD_OK)
        stream_close(&nbd->stream);
    return result;
}

/* *dropped: the server hung up on an option. */
static enum nbd_result choose_export(struct nbd *nbd, const struct nbd_source *source, uint16_t flags, bool *dropped, struct error *err)
{
    enum nbd_result result;
    if (flags & FIXED_NEWSTYLE && !atomic_load(&source->plain_only))
        result = negotiate(nbd, source->uri.export_name, flags, dropped, err);
    else
        result = ask_export_name(nbd, source->uri.export_name, flags, err);
    return result == NBD_OK ? check_export(nbd, err) : result;
}

static enum nbd_result connect_once(struct nbd *nbd, const struct nbd_source *source, bool *dropped, struct error *err)
{
    uint16_t flags = 0;
    *dropped = false;
    nbd->export = (struct nbd_export){.block_min = 1, .block_max = NBD_PAYLOAD_MAX};
    nbd->in_flight = 0;
    memset(nbd->requests, 0, sizeof nbd->requests);
    enum nbd_result result = nbd_reach(nbd, source, &flags, err);
    if (result != NBD_OK)
        return result;
    nbd->stream.deadline_ms = clock_ms() + HANDSHAKE_LIMIT_MS;
    result = choose_export(nbd, source, flags, dropped, err);
    nbd->stream.deadline_ms = 0;
    if (result != NBD_OK)
        stream_close(&nbd->stream);
    nbd->front = source->front;
    nbd->front_bytes = source->front_bytes;
    nbd->export.size_bytes += source->front_bytes;
    return result;
}

enum nbd_result nbd_connect(struct nbd *nbd, struct nbd_source *source, struct error *err)
{
    bool dropped;
    enum nbd_result result = connect_once(nbd, source, &dropped, err);
    if (result == NBD_LOST && dropped && !source->tls) {
        /* XenServer's server hangs up on every option but EXPORT_NAME. When that works it is remembered. */
        struct error plain_err = {0};
        atomic_store(&source->plain_only, true);
        if (connect_once(nbd, source, &dropped, &plain_err) == NBD_OK)
            return NBD_OK;
        atomic_store(&source->plain_only, false);
    }
    return result;
}

