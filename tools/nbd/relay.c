/* See relay.h. Each connection has a process of its own: once both sides have agreed it only moves bytes. */
#include "relay.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "../base/bytes.h"
#include "../base/cleanup.h"
#include "../base/text.h"
#include "nbd.h"
#include "nbd_option.h"

#define MOVED_BYTES (64u << 10)
#define LISTENER 3 /* the one descriptor that the process keeps, besides the standard ones */
#define CONNECTIONS_WAITING 16
#define HANDSHAKE_LIMIT_MS 10000

static bool send_all(int fd, const unsigned char *bytes, size_t length)
{
    while (length) {
        ssize_t sent = send(fd, bytes, length, MSG_NOSIGNAL);
        if (sent < 0 && errno != EINTR)
            return false;
        bytes += sent > 0 ? sent : 0;
        length -= sent > 0 ? (size_t)sent : 0;
    }
    return true;
}

/* The client has to take the very flags that were agreed on with the server: they say how long some answers are. */
static bool greet_client(int client, uint16_t flags)
{
    unsigned char greeting[18], answer[4];
    memcpy(greeting, "NBDMAGIC", 8);
    put_be64(greeting + 8, NEWSTYLE_MAGIC);
    put_be16(greeting + 16, flags);
    return send_all(client, greeting, sizeof greeting) && recv(client, answer, sizeof answer, MSG_WAITALL) == sizeof answer &&
           get_be32(answer) == flags;
}

/* One turn: false when either side has ended. */
static bool move_bytes(struct stream *server, int client)
{
    unsigned char bytes[MOVED_BYTES];
    struct pollfd ends[2] = {{.fd = client, .events = POLLIN}, {.fd = server->fd, .events = POLLIN}};
    bool pending = tls_has_pending(server->tls);
    if (poll(ends, 2, pending ? 0 : -1) < 0)
        return errno == EINTR;
    ssize_t got = pending || ends[1].revents ? tls_receive(server->tls, bytes, sizeof bytes) : -1;
    if (got == 0 || (got < 0 && (pending || ends[1].revents) && errno != EAGAIN))
        return false;
    if (got > 0 && !send_all(client, bytes, (size_t)got))
        return false;
    if (!ends[0].revents)
        return true;
    got = recv(client, bytes, sizeof bytes, 0);
    return got > 0 && stream_write(server, bytes, (size_t)got, NULL) == 0;
}

/* What a relay is for. */
struct relayed {
    /* Connects to the server, and goes as far as both sides have to agree before bytes are only moved. */
    bool (*reach)(const void *context, struct stream *server, int client);
    const void *context;
};

static void serve(const struct relayed *relayed, int client)
{
    struct stream server = {.fd = -1};
    if (relayed->reach(relayed->context, &server, client))
        while (move_bytes(&server, client))
            continue;
    stream_close(&server);
}

_Noreturn static void accept_all(const struct relayed *relayed)
{
    signal(SIGCHLD, SIG_IGN); /* nobody waits for them */
    signal(SIGPIPE, SIG_IGN);
    for (;;) {
        int client = accept4(LISTENER, NULL, NULL, SOCK_CLOEXEC);
        if (client < 0 && errno != EINTR && errno != ECONNABORTED)
            _exit(1);
        if (client < 0)
            continue;
        if (fork() == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            serve(relayed, client);
            _exit(0);
        }
        close(client);
    }
}

static int listen_on(const char *path, struct error *err)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    cleanup_close int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (strlen(path) >= sizeof address.sun_path)
        return error_set(err, "%s is too long for a Unix socket", path);
    strcpy(address.sun_path, path);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) < 0 || listen(fd, CONNECTIONS_WAITING) < 0)
        return error_errno(err, "listen on %s", path);
    return take_fd(&fd);
}

static int start(const struct relayed *relayed, const char *socket, pid_t *pid, struct error *err)
{
    cleanup_close int listener = listen_on(socket, err);
    if (listener < 0)
        return -1;
    *pid = fork();
    if (*pid != 0) {
        setpgid(*pid, *pid); /* program_end() ends the group: the connections as well */
        return *pid < 0 ? error_errno(err, "start a process") : 0;
    }
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    dup2(listener, LISTENER);
    syscall(SYS_close_range, LISTENER + 1u, ~0u, 0u); /* musl has no close_range(); what is open here is not ours to hold */
    accept_all(relayed);
}

static bool reach_nbd(const void *context, struct stream *server, int client)
{
    struct nbd nbd = {.stream.fd = -1};
    uint16_t flags = 0;
    bool has_agreed = nbd_reach(&nbd, context, &flags, NULL) == NBD_OK && greet_client(client, flags);
    *server = nbd.stream;
    return has_agreed;
}

/* All of it once, so that a wrong name of an export is known here. */
static int check_nbd(struct nbd_source *source, struct error *err)
{
    struct nbd nbd = {.stream.fd = -1};
    if (nbd_connect(&nbd, source, err) != NBD_OK)
        return error_prefix(err, "%s", source->uri.text);
    nbd_close(&nbd);
    return 0;
}

int relay_start(const char *uri, const char *socket, pid_t *pid, char **plain_uri, struct error *err)
{
    struct nbd_source source;
    if (nbd_source_open(&source, uri, err) < 0)
        return -1;
    struct relayed relayed = {reach_nbd, &source};
    int status = check_nbd(&source, err) < 0 ? -1 : start(&relayed, socket, pid, err);
    cleanup_free char *path = string_percent_encode(socket), *name = status == 0 ? string_percent_encode(source.uri.export_name) : NULL;
    if (status == 0)
        *plain_uri = checked_printf("nbd+unix:///%s?socket=%s", name, path);
    nbd_source_free(&source);
    return status;
}

struct tls_place {
    const struct nbd_uri place; /* its host and port alone */
    struct addrinfo *addresses;
    struct tls_client *tls;
};

static int connect_tls(const struct tls_place *place, struct stream *server, struct error *err)
{
    bool refused;
    if (stream_connect(server, &place->place, place->addresses, err) < 0)
        return -1;
    server->deadline_ms = clock_ms() + HANDSHAKE_LIMIT_MS;
    int status = stream_start_tls(server, place->tls, &refused, err);
    server->deadline_ms = 0;
    return status;
}

static bool reach_tls(const void *context, struct stream *server, int client)
{
    (void)client;
    return connect_tls(context, server, NULL) == 0;
}

static int check_tls(const struct tls_place *place, struct error *err)
{
    struct stream server = {.fd = -1};
    int status = connect_tls(place, &server, err);
    stream_close(&server);
    return status;
}

int relay_start_tls(const char *host, const char *port, const char *fingerprint, const char *socket, pid_t *pid, struct error *err)
{
    const struct tls_settings settings = {.host = host, .fingerprint = fingerprint};
    struct tls_place place = {.place = {.host = (char *)host, .port = (char *)port}};
    place.tls = tls_client_open(&settings, err);
    int status = place.tls && stream_resolve(&place.place, &place.addresses, err) == 0 ? 0 : -1;
    if (status == 0)
        status = check_tls(&place, err) < 0 ? -1 : start(&(struct relayed){reach_tls, &place}, socket, pid, err);
    if (place.addresses)
        freeaddrinfo(place.addresses);
    tls_client_free(place.tls);
    return status < 0 ? error_prefix(err, "%s port %s", host, port) : 0;
}
