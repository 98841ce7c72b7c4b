/* The socket as OpenSSL sees it. Its own would wait for a whole record as long as single bytes trickle in, deaf to a stop and
 * to deadlines: this one lets the caller look at its limits now and then. See stream.c. */
#include <errno.h>
#include <sys/socket.h>

#include "stream.h"
#include "tls_private.h"

#define LOOK_AGAIN_MS 250

static int moved(BIO *bio, ssize_t count, int retry)
{
    BIO_clear_retry_flags(bio);
    if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
        BIO_set_flags(bio, retry | BIO_FLAGS_SHOULD_RETRY);
    return (int)count;
}

static ssize_t receive_or_look(struct tls *tls, char *bytes, int length)
{
    if (clock_ms() - tls->called_ms > LOOK_AGAIN_MS) {
        errno = EAGAIN;
        return -1;
    }
    ssize_t got = recv(tls->fd, bytes, (size_t)length, 0);
    tls->is_at_end = got == 0;
    return got;
}

static int receive(BIO *bio, char *bytes, int length)
{
    return moved(bio, receive_or_look(BIO_get_data(bio), bytes, length), BIO_FLAGS_READ);
}

static int transmit(BIO *bio, const char *bytes, int length)
{
    const struct tls *tls = BIO_get_data(bio);
    return moved(bio, send(tls->fd, bytes, (size_t)length, MSG_NOSIGNAL), BIO_FLAGS_WRITE);
}

static long control(BIO *bio, int command, long number, void *pointer)
{
    (void)number, (void)pointer;
    const struct tls *tls = BIO_get_data(bio);
    return command == BIO_CTRL_EOF ? tls->is_at_end : command == BIO_CTRL_FLUSH; /* nothing is held back here */
}

BIO_METHOD *tls_socket_method(void)
{
    BIO_METHOD *method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "socket");
    if (method && BIO_meth_set_read(method, receive) && BIO_meth_set_write(method, transmit) && BIO_meth_set_ctrl(method, control))
        return method;
    BIO_meth_free(method);
    return NULL;
}
