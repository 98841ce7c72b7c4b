/* See stream.h. */
#include "stream.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "../base/cleanup.h"
#include "../base/text.h"

#define TICK_MS 250              /* how often a wait looks at `stop` */
#define CONNECT_LIMIT_MS 10000
/* A host that lost power or its cable sends no FIN: probes after 10 s, given up after 30 s. */
#define KEEPALIVE_IDLE_S 10
#define KEEPALIVE_INTERVAL_S 5
#define KEEPALIVE_PROBES 4
#define UNACKNOWLEDGED_LIMIT_MS 30000

int stream_resolve(const struct nbd_uri *uri, struct addrinfo **addresses, struct error *err)
{
    *addresses = NULL;
    if (uri->socket)
        return 0;
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
    int failure = getaddrinfo(uri->host, uri->port, &hints, addresses);
    if (failure == 0)
        return 0;
    error_set(err, "look up %s: %s", uri->host, failure == EAI_SYSTEM ? strerror(errno) : gai_strerror(failure));
    return error_advise(err, "Check the name, or give the source by its address.");
}

static bool stopped(const struct stream *stream)
{
    return stream->stop && atomic_load(stream->stop);
}

static int finish_connect(struct stream *stream, int fd)
{
    for (int64_t limit = clock_ms() + CONNECT_LIMIT_MS; clock_ms() < limit && !stopped(stream);) {
        struct pollfd wait = {.fd = fd, .events = POLLOUT};
        if (poll(&wait, 1, TICK_MS) <= 0)
            continue;
        int failure = 0;
        socklen_t size = sizeof failure;
        if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &failure, &size) < 0)
            return -1;
        errno = failure;
        return failure ? -1 : 0;
    }
    errno = ETIMEDOUT;
    return -1;
}

static void set_options(int fd, int family)
{
    struct timeval tick = {.tv_usec = TICK_MS * 1000};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tick, sizeof tick);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tick, sizeof tick);
    if (family == AF_UNIX)
        return;
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &(int){1}, sizeof(int));
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &(int){KEEPALIVE_IDLE_S}, sizeof(int));
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &(int){KEEPALIVE_INTERVAL_S}, sizeof(int));
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &(int){KEEPALIVE_PROBES}, sizeof(int));
    setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &(unsigned){UNACKNOWLEDGED_LIMIT_MS}, sizeof(unsigned));
}

/* The socket connected to one address, or -1 with errno. */
static int connect_to(struct stream *stream, int family, const struct sockaddr *address, socklen_t length)
{
    cleanup_close int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -1;
    if (connect(fd, address, length) < 0 && (errno != EINPROGRESS || finish_connect(stream, fd) < 0))
        return -1;
    if (fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK) < 0)
        return -1;
    set_options(fd, family);
    return take_fd(&fd);
}

static int connect_unix(struct stream *stream, const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    strncpy(address.sun_path, path, sizeof address.sun_path - 1);
    return connect_to(stream, AF_UNIX, (struct sockaddr *)&address, sizeof address);
}

int stream_connect(struct stream *stream, const struct nbd_uri *uri, const struct addrinfo *addresses, struct error *err)
{
    stream->fd = -1;
    stream->tls = NULL;
    if (uri->socket)
        stream->fd = connect_unix(stream, uri->socket);
    for (const struct addrinfo *each = addresses; each && stream->fd < 0 && !stopped(stream); each = each->ai_next)
        stream->fd = connect_to(stream, each->ai_family, each->ai_addr, each->ai_addrlen);
    if (stream->fd >= 0)
        return 0;
    error_errno(err, "connect");
    return error_advise(err, "Check that the NBD server runs on the source and that no firewall is in between.");
}

/* A read or write ended before everything had moved: 0 to go on, -1 when it is over. Asked also while bytes trickle in,
 * as a server that sends one each second would keep us for ever. */
static int check_limits(const struct stream *stream, int64_t quiet_since, struct error *err)
{
    if (stopped(stream))
        return error_set(err, "stopped");
    if (stream->deadline_ms && clock_ms() > stream->deadline_ms)
        return error_set(err, "the server accepts connections but does not speak, or too slowly");
    int silence_limit_ms = stream->silence_limit_ms ? atomic_load(stream->silence_limit_ms) : STREAM_SILENCE_LIMIT_MS;
    if (clock_ms() - quiet_since > silence_limit_ms)
        return error_set(err, "the source was silent for %d s", silence_limit_ms / 1000);
    return 0;
}

/* What `moved` -1 and errno mean: 0 when it was only a wait, -1 when the connection is lost. */
static int check_moved(const struct stream *stream, ssize_t moved, struct error *err)
{
    if (moved >= 0 || errno == EINTR || errno == EAGAIN || errno == EWOULDBLOCK)
        return 0;
    return errno == EPROTO && stream->tls ? tls_explain(stream->tls, err) : error_errno(err, "the connection was lost");
}

/* Over TLS a record at a time, up to 16 KiB. */
static ssize_t receive(const struct stream *stream, void *bytes, size_t length)
{
    return stream->tls ? tls_receive(stream->tls, bytes, length) : recv(stream->fd, bytes, length, MSG_WAITALL);
}

static ssize_t transmit(const struct stream *stream, const void *bytes, size_t length)
{
    return stream->tls ? tls_send(stream->tls, bytes, length) : send(stream->fd, bytes, length, MSG_NOSIGNAL);
}

int stream_read(struct stream *stream, void *bytes, size_t length, struct error *err)
{
    int64_t quiet_since = clock_ms();
    for (size_t done = 0; done < length;) {
        ssize_t got = receive(stream, (char *)bytes + done, length - done);
        if (got == 0)
            return error_set(err, "the source closed the connection");
        if (check_moved(stream, got, err) < 0)
            return -1;
        if (got > 0) {
            done += (size_t)got;
            quiet_since = clock_ms();
            if (stream->received_bytes)
                atomic_fetch_add(stream->received_bytes, (unsigned long long)got);
        }
        if (done < length && check_limits(stream, quiet_since, err) < 0)
            return -1;
    }
    return 0;
}

int stream_write(struct stream *stream, const void *bytes, size_t length, struct error *err)
{
    int64_t quiet_since = clock_ms();
    for (size_t done = 0; done < length;) {
        ssize_t sent = transmit(stream, (const char *)bytes + done, length - done);
        if (check_moved(stream, sent, err) < 0)
            return -1;
        if (sent > 0) {
            done += (size_t)sent;
            quiet_since = clock_ms();
        }
        if (done < length && check_limits(stream, quiet_since, err) < 0)
            return -1;
    }
    return 0;
}

int stream_start_tls(struct stream *stream, const struct tls_client *client, bool *refused, struct error *err)
{
    int64_t quiet_since = clock_ms();
    enum tls_result result = TLS_AGAIN;
    *refused = false;
    stream->tls = tls_new(client, stream->fd);
    if (!stream->tls)
        return error_set(err, "TLS cannot be set up");
    while ((result = tls_handshake(stream->tls, err)) == TLS_AGAIN)
        if (check_limits(stream, quiet_since, err) < 0)
            return -1;
    *refused = result == TLS_REFUSED;
    return result == TLS_OK ? 0 : -1;
}

void stream_close(struct stream *stream)
{
    tls_end(stream->tls);
    stream->tls = NULL;
    if (stream->fd >= 0)
        close(stream->fd);
    stream->fd = -1;
}
