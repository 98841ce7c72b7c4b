/* See wire.h: the sockets. wire_frame.c knows what the frames mean. */
#include "wire.h"

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/socket.h>

#include "../base/bytes.h"
#include "../base/cleanup.h"
#include "../base/clock.h"
#include "wire_frame.h"

#define LOOK_MS_MIN 3000     /* so that a second network on the wire, which would contradict the first, is seen as well */
#define QUESTION_MS 100      /* ten questions a second on a card: switches that guard ARP shut a port at 15 */
#define DISCOVER_MS 4000
#define RECEIVED_MAX 2048    /* bytes of a frame that are looked at */
#define FRAMES_PER_TURN 1000 /* of one card, before the others have their turn */

struct wire {
    struct hardware_nic *nic;
    int fd; /* -1: this card cannot be looked at */
    struct ifreq request; /* its name */
    uint8_t mac[WIRE_MAC_BYTES];
    short old_flags;
    bool raised, kept_from_ipv6; /* to be undone */
    uint32_t transaction;
};

struct look {
    struct wire *wires; /* of all cards of this machine */
    size_t count;
};

/* A cable full of other traffic stays in the kernel: ARP, IPv6's neighbours (ICMPv6 right behind the header), answers of DHCP, and whatever has a tag. */
static int attach_filter(int fd)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 12),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETHERTYPE_ARP, 10, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETHERTYPE_VLAN, 9, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETHERTYPE_IPV6, 0, 2),
        BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 20),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 58, 6, 3),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETHERTYPE_IP, 0, 2),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 34), /* the ports, behind a header without options */
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 67 << 16 | 68, 3, 0),
        BPF_STMT(BPF_LD | BPF_B | BPF_ABS, (uint32_t)(SKF_AD_OFF + SKF_AD_VLAN_TAG_PRESENT)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, 0),
        BPF_STMT(BPF_RET | BPF_K, RECEIVED_MAX),
    };
    struct sock_fprog program = {.len = sizeof code / sizeof *code, .filter = code};
    return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program);
}

/* Promiscuous, as cards drop the VLANs that nobody here has asked for. */
static int listen_to(int fd, int index)
{
    struct sockaddr_ll place = {.sll_family = AF_PACKET, .sll_protocol = htobe16(ETH_P_ALL), .sll_ifindex = index};
    struct packet_mreq promiscuous = {.mr_ifindex = index, .mr_type = PACKET_MR_PROMISC};
    int one = 1;
    return attach_filter(fd) == 0 && setsockopt(fd, SOL_PACKET, PACKET_AUXDATA, &one, sizeof one) == 0 &&
                   setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &promiscuous, sizeof promiscuous) == 0 &&
                   bind(fd, (struct sockaddr *)&place, sizeof place) == 0
               ? 0
               : -1;
}

/* A card that comes up must not take an IPv6 address by itself. Whether that was not so already; false where the kernel has no IPv6. */
static bool disable_ipv6(const char *name, char disabled)
{
    cleanup_free char *path = checked_printf("/proc/sys/net/ipv6/conf/%s/disable_ipv6", name);
    cleanup_close int fd = open(path, O_RDWR | O_CLOEXEC);
    char before;
    return fd >= 0 && pread(fd, &before, 1, 0) == 1 && before != disabled && pwrite(fd, &disabled, 1, 0) == 1;
}

static int set_flags(struct wire *wire, short flags)
{
    wire->request.ifr_flags = flags;
    return ioctl(wire->fd, SIOCSIFFLAGS, &wire->request);
}

/* 0, or -1 with errno. */
static int wire_open(struct wire *wire)
{
    snprintf(wire->request.ifr_name, sizeof wire->request.ifr_name, "%s", wire->nic->name);
    if (ioctl(wire->fd, SIOCGIFHWADDR, &wire->request) < 0 || wire->request.ifr_hwaddr.sa_family != 1) /* ARPHRD_ETHER */
        return -1;
    memcpy(wire->mac, wire->request.ifr_hwaddr.sa_data, sizeof wire->mac);
    if (ioctl(wire->fd, SIOCGIFFLAGS, &wire->request) < 0)
        return -1;
    wire->old_flags = wire->request.ifr_flags;
    if (ioctl(wire->fd, SIOCGIFINDEX, &wire->request) < 0)
        return -1;
    int index = wire->request.ifr_ifindex;
    if (!(wire->old_flags & IFF_UP)) {
        wire->kept_from_ipv6 = disable_ipv6(wire->nic->name, '1');
        wire->raised = set_flags(wire, (short)(wire->old_flags | IFF_UP)) == 0;
        if (!wire->raised)
            return -1;
    }
    return listen_to(wire->fd, index);
}

static void wire_close(struct wire *wire)
{
    if (wire->fd < 0)
        return;
    if (wire->nic->listened && ioctl(wire->fd, SIOCGIFFLAGS, &wire->request) == 0)
        wire->nic->link = (wire->request.ifr_flags & IFF_RUNNING) != 0;
    if (wire->raised)
        set_flags(wire, wire->old_flags);
    if (wire->kept_from_ipv6)
        disable_ipv6(wire->nic->name, '0');
    close(wire->fd);
}

/* The tag that the kernel has taken off the frame; 0: none. */
static unsigned tag_of(struct msghdr *message)
{
    for (struct cmsghdr *part = CMSG_FIRSTHDR(message); part; part = CMSG_NXTHDR(message, part)) {
        struct tpacket_auxdata auxiliary;
        if (part->cmsg_level != SOL_PACKET || part->cmsg_type != PACKET_AUXDATA || part->cmsg_len < CMSG_LEN(sizeof auxiliary))
            continue;
        memcpy(&auxiliary, CMSG_DATA(part), sizeof auxiliary);
        return auxiliary.tp_status & TP_STATUS_VLAN_VALID ? auxiliary.tp_vlan_tci & 0xfff : 0;
    }
    return 0;
}

/* Two cards may be on one wire, a bond's are. What we send by the one says nothing of the network behind the other: neither our own tags, nor what our
 * kernel answers for the address that it has on a third. */
static bool is_ours(const struct look *look, const uint8_t *frame, size_t length)
{
    for (size_t i = 0; length >= 2 * WIRE_MAC_BYTES && i < look->count; i++)
        if (look->wires[i].fd >= 0 && memcmp(frame + WIRE_MAC_BYTES, look->wires[i].mac, WIRE_MAC_BYTES) == 0)
            return true;
    return false;
}

/* False when there is nothing more for now. */
static bool receive(const struct look *look, struct wire *wire)
{
    uint8_t frame[RECEIVED_MAX];
    char control[CMSG_SPACE(sizeof(struct tpacket_auxdata))] __attribute__((aligned(8)));
    struct sockaddr_ll from = {0};
    struct iovec bytes = {frame, sizeof frame};
    struct msghdr message = {.msg_name = &from, .msg_namelen = sizeof from, .msg_iov = &bytes, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    struct wire_sight sight;
    ssize_t length = recvmsg(wire->fd, &message, MSG_DONTWAIT);
    if (length < 0)
        return false;
    if (from.sll_pkttype != PACKET_OUTGOING && !is_ours(look, frame, (size_t)length) && wire_frame_read(frame, (size_t)length, tag_of(&message), wire->mac, &sight))
        wire_add_sight(wire->nic, &sight);
    return true;
}

/* What cannot be sent now, as there is no link yet, is sent in its next turn. */
static void ask(const struct wire *wire, const struct wire_questions *questions, size_t turn)
{
    uint8_t frame[WIRE_FRAME_MAX];
    if (questions->count) {
        const struct wire_question *question = &questions->items[turn % questions->count];
        (void)!send(wire->fd, frame, wire_frame_probe(frame, wire->mac, question->vlan, question->address), MSG_DONTWAIT);
    }
    if (questions->dhcp && turn % (DISCOVER_MS / QUESTION_MS) == 0)
        (void)!send(wire->fd, frame, wire_frame_discover(frame, wire->mac, wire->transaction), MSG_DONTWAIT);
}

/* Until it is time for the next question. */
static void listen_until(const struct look *look, struct pollfd *polled, int64_t until)
{
    for (int64_t left; (left = until - clock_ms()) > 0;) {
        if (poll(polled, look->count, (int)left) <= 0)
            continue;
        for (size_t i = 0; i < look->count; i++)
            for (unsigned frames = 0; polled[i].revents && frames < FRAMES_PER_TURN && receive(look, &look->wires[i]); frames++)
                ;
    }
}

static void ask_and_listen(const struct look *look, const struct wire_questions *questions)
{
    cleanup_free struct pollfd *polled = checked_alloc((look->count + 1) * sizeof *polled);
    for (size_t i = 0; i < look->count; i++)
        polled[i] = (struct pollfd){.fd = look->wires[i].fd, .events = POLLIN};
    int64_t begin = clock_ms();
    for (size_t turn = 0; turn < WIRE_SECONDS * 1000 / QUESTION_MS; turn++) {
        for (size_t i = 0; i < look->count; i++)
            if (look->wires[i].fd >= 0)
                ask(&look->wires[i], questions, turn);
        listen_until(look, polled, begin + (int64_t)(turn + 1) * QUESTION_MS);
        if (turn * QUESTION_MS >= LOOK_MS_MIN && turn > questions->count && questions->enough(questions->context))
            return;
    }
}

int wire_look(struct hardware *hardware, const struct wire_questions *questions, struct error *err)
{
    cleanup_free struct wire *wires = checked_alloc((hardware->nic_count + 1) * sizeof *wires);
    size_t opened = 0;
    for (size_t i = 0; i < hardware->nic_count; i++) {
        struct wire *wire = &wires[i];
        *wire = (struct wire){.nic = &hardware->nics[i], .fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0)};
        if (wire->fd < 0 || wire_open(wire) < 0) {
            error_errno(err, "listen to the network card %s", wire->nic->name);
            wire_close(wire);
            wire->fd = -1;
            continue;
        }
        wire->nic->listened = true;
        (void)!getrandom(&wire->transaction, sizeof wire->transaction, 0);
        opened++;
    }
    if (opened)
        ask_and_listen(&(struct look){wires, hardware->nic_count}, questions);
    for (size_t i = 0; i < hardware->nic_count; i++)
        wire_close(&wires[i]);
    return opened || !hardware->nic_count ? 0 : -1;
}
