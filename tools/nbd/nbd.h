/* An NBD client: fixed newstyle and before, simple and structured replies, base:allocation.
 * It only ever reads: the commands it can send are READ, BLOCK_STATUS and DISC. */
#ifndef REHOST_NBD_H
#define REHOST_NBD_H

#include <stdbool.h>
#include <stdint.h>

#include "../base/extents.h"
#include "piece.h"
#include "stream.h"

/* How a call ended. LOST: the connection is gone, a new one may work. WRONG: the server refuses or breaks the protocol,
 * or the caller's sink failed; trying again is no use. */
enum nbd_result { NBD_OK = 0, NBD_LOST = -1, NBD_WRONG = -2 };

enum nbd_command { NBD_READ = 0, NBD_DISCONNECT = 2, NBD_BLOCK_STATUS = 7 };

#define NBD_FLAG_READ_ONLY (1u << 1)
#define NBD_FLAG_SEND_DF (1u << 7)
#define NBD_FLAG_CAN_MULTI_CONN (1u << 8)
#define NBD_STATE_ZERO (1u << 1)       /* of base:allocation: this range reads as zeroes */
#define NBD_PAYLOAD_MAX (32u << 20)    /* what every server takes when it names no limit */
#define NBD_DEPTH_MAX 32
#define NBD_CONNECTIONS 4
#define NBD_PARTS_MAX 64

/* A server as it was found: looked up once, and how it wants to be spoken to. */
struct nbd_source {
    struct nbd_uri uri;
    struct addrinfo *addresses;
    struct tls_client *tls; /* NULL: in the clear */
    atomic_bool plain_only; /* it drops connections that use options (XenServer): EXPORT_NAME at once */
    const unsigned char *front; /* laid before the server's disk, as if it were read from there: offsets count from its first byte. */
    uint32_t front_bytes;       /* 0: nothing. A multiple of every block size. Set before nbd_connect, the caller's */
};

struct nbd_export {
    uint64_t size_bytes;
    uint16_t flags;
    uint32_t block_min, block_max; /* 1 and NBD_PAYLOAD_MAX when the server names none; the latter shrinks with experience */
    bool structured;
    bool has_allocation;
    uint32_t allocation_id;
};

/* What has arrived of a request whose answer comes in parts. */
struct nbd_parts {
    unsigned count;
    struct nbd_part { uint64_t start, end; } items[NBD_PARTS_MAX];
};

struct nbd_request {
    bool in_flight;
    enum nbd_command command;
    uint64_t cookie, offset;
    uint32_t length;
    int error;              /* errno of the first error the server sent */
    struct nbd_parts parts;
};

struct nbd {
    struct stream stream;
    struct nbd_export export;   /* its size is with what is laid before it */
    const unsigned char *front; /* the source's */
    uint32_t front_bytes;
    uint64_t next_cookie;
    bool dont_fragment;
    unsigned in_flight;
    struct nbd_request requests[NBD_DEPTH_MAX]; /* the index is the tag */
    unsigned char *buffer;  /* the caller's, for payload: as large as the largest read */
    uint32_t buffer_bytes;
};

/* Where what the server sends goes. 0, or -1 with the error set: nothing is received after that. */
struct nbd_sink {
    void *context;
    int (*data)(void *context, unsigned tag, uint64_t offset, const void *bytes, uint32_t length, struct error *err);
    int (*zeroes)(void *context, unsigned tag, uint64_t offset, uint32_t length, struct error *err);
    int (*status)(void *context, uint64_t length, uint32_t flags, struct error *err); /* consecutive extents */
};

struct nbd_finished {
    bool finished;  /* false: a part came, the request goes on */
    unsigned tag;
    int error;      /* 0, or what the server answered as errno */
};

int nbd_source_open(struct nbd_source *source, const char *uri, struct error *err);
void nbd_source_free(struct nbd_source *source);

/* Connects and negotiates. `nbd` keeps what the caller put in stream.stop, stream.received_bytes, buffer and buffer_bytes. */
enum nbd_result nbd_connect(struct nbd *nbd, struct nbd_source *source, struct error *err);
/* Only as far as the options, over TLS where the source wants it; what is agreed on from there is the caller's. `flags`:
 * those of the handshake that both sides have. */
enum nbd_result nbd_reach(struct nbd *nbd, const struct nbd_source *source, uint16_t *flags, struct error *err);
/* Says goodbye and closes. */
void nbd_close(struct nbd *nbd);
/* Closes without a word, and forgets the requests in flight. */
void nbd_drop(struct nbd *nbd);

/* Sends a request under a free tag (requests[tag].in_flight is false). */
enum nbd_result nbd_send(struct nbd *nbd, enum nbd_command command, uint64_t offset, uint32_t length, unsigned tag, struct error *err);
/* Receives one reply, or one part of a structured one. */
enum nbd_result nbd_receive(struct nbd *nbd, const struct nbd_sink *sink, struct nbd_finished *finished, struct error *err);
/* One read, from start to end, with nothing else in flight. What the server cannot read, however small the steps, becomes zeroes and stands in
 * `lost`; without that (NULL) it counts as WRONG. When it cannot read its first sector either, that is LOST. */
enum nbd_result nbd_read_at(struct nbd *nbd, void *bytes, uint64_t offset, size_t length, struct extents *lost, struct error *err);
/* The shortest of so many small reads, with nothing else in flight: the way there and back, whatever adapters stand on it. */
enum nbd_result nbd_round_trip(struct nbd *nbd, unsigned tries, double *seconds, struct error *err);
/* For data that nobody wants. */
struct nbd_sink nbd_nowhere(void);
/* Call it when a piece came. A server that named no limit has one all the same when it reads what it would not read in larger pieces:
 * export.block_max says so from then on. */
void nbd_learn_limit(struct nbd *nbd, const struct piece *piece);

/* How many connections suit the server: `wanted`, or when that is 0 several where it says that all of them see the same. */
static inline unsigned nbd_connections(const struct nbd_export *export, unsigned wanted)
{
    bool may_be_many = export->flags & (NBD_FLAG_CAN_MULTI_CONN | NBD_FLAG_READ_ONLY);
    return wanted ? wanted : may_be_many ? NBD_CONNECTIONS : 1;
}

/* The parts of one answer, pure: false when the new part overlaps an old one, or when there are too many gaps. */
bool nbd_parts_add(struct nbd_parts *parts, uint64_t start, uint64_t end);

#endif
