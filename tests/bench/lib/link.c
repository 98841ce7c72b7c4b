/* A link of a given rate and delay between two network interfaces, for hosts whose kernel has no netem.
 *
 *     link NAME-A NAME-B MBIT-PER-SECOND ONE-WAY-MILLISECONDS
 *
 * Makes two TUN interfaces and carries packets between them, each direction through a queue of its own: a packet leaves
 * when those before it have gone out at the link's rate, and arrives the delay later. What finds the queue full is dropped, as
 * a router does. The kernel's own TCP runs on both ends, so windows and losses are real. Runs until it is killed. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#define PACKET_BYTES 2048u
#define PACKETS 8192u              /* on the way at once, in each direction */
#define QUEUE_NS 50000000          /* how long a packet waits at most before it goes out: a router's buffer */
#define NS_PER_SECOND 1000000000ll

struct packet {
    int64_t arrives_ns;
    uint32_t length;
    unsigned char bytes[PACKET_BYTES];
};

struct direction {
    int from, to;
    int64_t free_ns; /* the link has sent all that it took by then */
    unsigned first, count;
    struct packet packets[PACKETS];
};

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * NS_PER_SECOND + now.tv_nsec;
}

static int open_tun(const char *name)
{
    struct ifreq request = {.ifr_flags = IFF_TUN | IFF_NO_PI};
    strncpy(request.ifr_name, name, IFNAMSIZ - 1);
    int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0 || ioctl(fd, TUNSETIFF, &request) < 0) {
        fprintf(stderr, "link: make the interface %s: %s\n", name, strerror(errno));
        exit(1);
    }
    return fd;
}

static void take_packets(struct direction *way, double ns_per_byte, int64_t delay_ns)
{
    while (way->count < PACKETS) {
        struct packet *packet = &way->packets[(way->first + way->count) % PACKETS];
        ssize_t length = read(way->from, packet->bytes, PACKET_BYTES);
        if (length <= 0)
            return;
        int64_t now = now_ns(), starts = way->free_ns > now ? way->free_ns : now;
        if (starts - now > QUEUE_NS)
            continue;
        way->free_ns = starts + (int64_t)((double)length * ns_per_byte);
        packet->length = (uint32_t)length;
        packet->arrives_ns = way->free_ns + delay_ns;
        way->count++;
    }
}

static void deliver_packets(struct direction *way)
{
    for (; way->count && way->packets[way->first].arrives_ns <= now_ns(); way->count--) {
        const struct packet *packet = &way->packets[way->first];
        if (write(way->to, packet->bytes, packet->length) < 0 && errno == EAGAIN)
            return;
        way->first = (way->first + 1) % PACKETS;
    }
}

static int64_t earlier(const struct direction *way, int64_t until)
{
    return way->count && way->packets[way->first].arrives_ns < until ? way->packets[way->first].arrives_ns : until;
}

int main(int argc, char **argv)
{
    if (argc != 5)
        return fprintf(stderr, "link NAME-A NAME-B MBIT-PER-SECOND ONE-WAY-MILLISECONDS\n"), 2;
    int a = open_tun(argv[1]), b = open_tun(argv[2]);
    double ns_per_byte = 8e3 / atof(argv[3]);
    int64_t delay_ns = (int64_t)(atof(argv[4]) * 1e6);
    static struct direction ways[2];
    ways[0].from = ways[1].to = a;
    ways[0].to = ways[1].from = b;
    prctl(PR_SET_TIMERSLACK, 1);
    for (;;) {
        int64_t wait = earlier(&ways[0], earlier(&ways[1], now_ns() + NS_PER_SECOND)) - now_ns();
        struct timespec timeout = {0, wait > 0 ? wait < NS_PER_SECOND ? wait : NS_PER_SECOND - 1 : 0};
        ppoll((struct pollfd[]){{.fd = a, .events = POLLIN}, {.fd = b, .events = POLLIN}}, 2, &timeout, NULL);
        for (unsigned i = 0; i < 2; i++) {
            take_packets(&ways[i], ns_per_byte, delay_ns);
            deliver_packets(&ways[i]);
        }
    }
}
