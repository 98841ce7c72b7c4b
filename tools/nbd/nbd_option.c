/* See nbd_option.h, and the NBD project's doc/proto.md. */
#include "nbd_option.h"

#include "../base/bytes.h"
#include "../base/cleanup.h"

#define OPTION_REPLY_MAGIC 0x3e889045565a9u

enum nbd_result option_wrong(struct error *err)
{
    error_advise(err, "Something that is no NBD server answers there, or the server is broken. Check address and port.");
    return NBD_WRONG;
}

enum nbd_result option_send(struct nbd *nbd, enum option option, const struct text *data, struct error *err)
{
    unsigned char header[16];
    put_be64(header, NEWSTYLE_MAGIC);
    put_be32(header + 8, option);
    put_be32(header + 12, (uint32_t)data->length);
    if (stream_write(&nbd->stream, header, sizeof header, err) < 0)
        return NBD_LOST;
    return data->length && stream_write(&nbd->stream, data->data, data->length, err) < 0 ? NBD_LOST : NBD_OK;
}

enum nbd_result option_receive(struct nbd *nbd, enum option option, struct option_reply *reply, struct error *err)
{
    unsigned char header[20];
    if (stream_read(&nbd->stream, header, sizeof header, err) < 0)
        return NBD_LOST;
    reply->type = get_be32(header + 12);
    reply->length = get_be32(header + 16);
    if (get_be64(header) != OPTION_REPLY_MAGIC || get_be32(header + 8) != option) {
        error_set(err, "the NBD server answers option %u with garbage (magic %llx, option %u)", option,
                  (unsigned long long)get_be64(header), get_be32(header + 8));
        return option_wrong(err);
    }
    if (reply->length > REPLY_BYTES_MAX) {
        error_set(err, "the NBD server answers option %u with %u bytes", option, reply->length);
        return option_wrong(err);
    }
    reply->data[reply->length] = '\0';
    return stream_read(&nbd->stream, reply->data, reply->length, err) < 0 ? NBD_LOST : NBD_OK;
}

static enum nbd_result no_tls(const struct option_reply *reply, struct error *err)
{
    error_set(err, "the server offers no TLS (%s)", reply->length ? (const char *)reply->data : "it says no more");
    error_advise(err, "Start the server with TLS; or write nbd in place of nbds, if nobody else can be on the network in between.");
    return NBD_WRONG;
}

enum nbd_result option_start_tls(struct nbd *nbd, const struct tls_client *client, struct error *err)
{
    cleanup_free struct option_reply *reply = checked_alloc(sizeof *reply);
    struct text nothing = {0};
    bool refused;
    enum nbd_result result = option_send(nbd, OPTION_START_TLS, &nothing, err);
    if (result == NBD_OK)
        result = option_receive(nbd, OPTION_START_TLS, reply, err);
    if (result != NBD_OK)
        return result;
    if (reply->type != REPLY_ACK)
        return no_tls(reply, err);
    if (stream_start_tls(&nbd->stream, client, &refused, err) == 0)
        return NBD_OK;
    return refused ? NBD_WRONG : NBD_LOST;
}
