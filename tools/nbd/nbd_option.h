/* The options of the NBD handshake: one asked, its replies taken one by one. */
#ifndef REHOST_NBD_NBD_OPTION_H
#define REHOST_NBD_NBD_OPTION_H

#include "../base/text.h"
#include "nbd.h"

#define NEWSTYLE_MAGIC 0x49484156454f5054u /* "IHAVEOPT" */

enum option { OPTION_EXPORT_NAME = 1, OPTION_START_TLS = 5, OPTION_GO = 7, OPTION_STRUCTURED_REPLY = 8, OPTION_SET_META_CONTEXT = 10 };
enum reply {
    REPLY_ACK = 1,
    REPLY_INFO = 3,
    REPLY_META_CONTEXT = 4,
    REPLY_UNSUPPORTED = (1u << 31) + 1,
    REPLY_POLICY = (1u << 31) + 2,
    REPLY_INVALID = (1u << 31) + 3,
    REPLY_PLATFORM = (1u << 31) + 4,
    REPLY_TLS_REQUIRED = (1u << 31) + 5,
    REPLY_UNKNOWN = (1u << 31) + 6,
};
#define REPLY_IS_ERROR(type) ((type) >> 31)
#define REPLY_BYTES_MAX 65536u /* names and messages are at most 4096 bytes each */
#define REPLIES_MAX 1000       /* to one option: a server that never ends is broken */

struct option_reply {
    uint32_t type;
    uint32_t length;
    unsigned char data[REPLY_BYTES_MAX + 1]; /* NUL-terminated */
};

/* NBD_WRONG, with advice for what no honest server sends. */
enum nbd_result option_wrong(struct error *err);
enum nbd_result option_send(struct nbd *nbd, enum option option, const struct text *data, struct error *err);
enum nbd_result option_receive(struct nbd *nbd, enum option option, struct option_reply *reply, struct error *err);
/* From plain to TLS, before any other option. A server that offers none, or another certificate than the right one, is refused. */
enum nbd_result option_start_tls(struct nbd *nbd, const struct tls_client *client, struct error *err);

#endif
