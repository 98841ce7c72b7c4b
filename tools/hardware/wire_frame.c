/* See wire_frame.h. */
#include "wire_frame.h"

#include <arpa/inet.h>
#include <net/ethernet.h>
#include <stdio.h>
#include <string.h>

#include "../base/bytes.h"

#define VLAN_MASK 0xfff
#define ARP_BYTES 28
#define IP_BYTES 20
#define UDP_BYTES 8
#define UDP 17
#define ICMPV6 58
#define IPV6_BYTES 40
#define DHCP_SERVER_PORT 67
#define DHCP_CLIENT_PORT 68
#define DHCP_FIXED_BYTES 236 /* up to the magic number before the options */
#define DHCP_MAGIC 0x63825363
#define DHCP_BYTES 300 /* the least that old servers and relays take (RFC 1542, 2.1) */
#define ROUTER_ADVERTISEMENT 134
#define NEIGHBOUR_SOLICITATION 135
#define NEIGHBOUR_ADVERTISEMENT 136

/* The bytes that are left of a frame. */
struct rest {
    const uint8_t *at;
    size_t length;
};

/* The next bytes, NULL when there are not so many. */
static const uint8_t *take(struct rest *rest, size_t length)
{
    if (rest->length < length)
        return NULL;
    const uint8_t *at = rest->at;
    rest->at += length;
    rest->length -= length;
    return at;
}

static bool tell(struct wire_sight *sight, enum wire_kind kind, int family, const uint8_t *address, unsigned prefix)
{
    char text[INET6_ADDRSTRLEN];
    if (!inet_ntop(family, address, text, sizeof text))
        return false;
    sight->kind = kind;
    snprintf(sight->address, sizeof sight->address, prefix ? "%s/%u" : "%s", text, prefix);
    return true;
}

/* RFC 826 over Ethernet with IPv4: kinds and lengths, what it is (2: a reply), MAC and address of the sender, then of the target. */
static bool read_arp(struct rest rest, const uint8_t *mac, struct wire_sight *sight)
{
    static const uint8_t kinds[] = {0, 1, 8, 0, 6, 4};
    const uint8_t *arp = take(&rest, ARP_BYTES);
    if (!arp || memcmp(arp, kinds, sizeof kinds) != 0 || bytes_are_zero(arp + 14, 4))
        return false;
    bool answers = get_be16(arp + 6) == 2 && memcmp(arp + 18, mac, WIRE_MAC_BYTES) == 0;
    return tell(sight, answers ? WIRE_ANSWERED : WIRE_SPOKE, AF_INET, arp + 14, 0);
}

/* The value of an option, of at least that length; NULL when it is not there. */
static const uint8_t *dhcp_option(struct rest rest, uint8_t code, size_t length)
{
    for (const uint8_t *at; (at = take(&rest, 1)) && *at != 255;) {
        if (*at == 0)
            continue;
        const uint8_t *size = take(&rest, 1), *value = size ? take(&rest, *size) : NULL;
        if (!value)
            return NULL;
        if (*at == code)
            return *size >= length ? value : NULL;
    }
    return NULL;
}

/* A DHCPOFFER (message type 2) to us. */
static bool read_dhcp(struct rest rest, const uint8_t *mac, struct wire_sight *sight)
{
    const uint8_t *fixed = take(&rest, DHCP_FIXED_BYTES), *magic = take(&rest, 4);
    if (!fixed || !magic || get_be32(magic) != DHCP_MAGIC || fixed[0] != 2 || memcmp(fixed + 28, mac, WIRE_MAC_BYTES) != 0)
        return false;
    const uint8_t *type = dhcp_option(rest, 53, 1), *mask = dhcp_option(rest, 1, 4);
    unsigned prefix = mask ? (unsigned)__builtin_popcount(get_be32(mask)) : 0;
    return type && *type == 2 && !bytes_are_zero(fixed + 16, 4) && tell(sight, WIRE_OFFERED, AF_INET, fixed + 16, prefix);
}

static bool read_ip(struct rest rest, const uint8_t *mac, struct wire_sight *sight)
{
    const uint8_t *ip = take(&rest, IP_BYTES);
    if (!ip || ip[0] >> 4 != 4 || (ip[0] & 15) < 5 || ip[9] != UDP || get_be16(ip + 6) & 0x3fff) /* no fragments */
        return false;
    const uint8_t *udp = take(&rest, (size_t)(ip[0] & 15) * 4 - IP_BYTES) ? take(&rest, UDP_BYTES) : NULL;
    return udp && get_be16(udp) == DHCP_SERVER_PORT && get_be16(udp + 2) == DHCP_CLIENT_PORT && read_dhcp(rest, mac, sight);
}

/* The first network that a router says is on this link (RFC 4861, 4.6.2: the flag L). */
static bool read_router(struct rest rest, struct wire_sight *sight)
{
    if (!take(&rest, 16))
        return false;
    for (const uint8_t *option; (option = take(&rest, 2));) {
        size_t length = (size_t)option[1] * 8;
        const uint8_t *body = length ? take(&rest, length - 2) : NULL;
        if (!body)
            return false;
        if (option[0] == 3 && length == 32 && body[0] && body[0] <= 128 && body[1] & 0x80)
            return tell(sight, WIRE_ROUTED, AF_INET6, body + 14, body[0]);
    }
    return false;
}

/* Neighbours ask and answer for addresses of their own link; every link has fe80::. */
static bool read_ipv6(struct rest rest, struct wire_sight *sight)
{
    const uint8_t *ip = take(&rest, IPV6_BYTES);
    if (!ip || ip[0] >> 4 != 6 || ip[6] != ICMPV6 || !rest.length)
        return false;
    if (rest.at[0] == ROUTER_ADVERTISEMENT)
        return read_router(rest, sight);
    if (rest.at[0] != NEIGHBOUR_SOLICITATION && rest.at[0] != NEIGHBOUR_ADVERTISEMENT)
        return false;
    const uint8_t *target = take(&rest, 8) ? take(&rest, 16) : NULL;
    return target && (target[0] != 0xfe || (target[1] & 0xc0) != 0x80) && tell(sight, WIRE_SPOKE, AF_INET6, target, 0);
}

bool wire_frame_read(const uint8_t *frame, size_t length, unsigned vlan, const uint8_t mac[WIRE_MAC_BYTES], struct wire_sight *sight)
{
    struct rest rest = {frame, length};
    const uint8_t *macs = take(&rest, 2 * WIRE_MAC_BYTES), *type = take(&rest, 2);
    *sight = (struct wire_sight){0};
    if (!macs || !type)
        return false;
    if (get_be16(type) == ETHERTYPE_VLAN) {
        const uint8_t *tag = take(&rest, 2);
        type = take(&rest, 2);
        vlan = !tag ? 0 : vlan ? vlan : get_be16(tag) & VLAN_MASK;
    }
    sight->vlan = vlan;
    sight->kind = WIRE_TAGGED;
    bool told = false;
    if (type && get_be16(type) == ETHERTYPE_ARP)
        told = read_arp(rest, mac, sight);
    else if (type && get_be16(type) == ETHERTYPE_IP)
        told = read_ip(rest, mac, sight);
    else if (type && get_be16(type) == ETHERTYPE_IPV6)
        told = read_ipv6(rest, sight);
    return told || vlan;
}

/* To everybody; where the rest begins. */
static uint8_t *begin(uint8_t *frame, const uint8_t *mac, unsigned vlan, uint16_t type)
{
    memset(frame, 0, WIRE_FRAME_MAX);
    memset(frame, 0xff, WIRE_MAC_BYTES);
    memcpy(frame + WIRE_MAC_BYTES, mac, WIRE_MAC_BYTES);
    uint8_t *at = frame + 2 * WIRE_MAC_BYTES;
    if (vlan) {
        put_be16(at, ETHERTYPE_VLAN);
        put_be16(at + 2, (uint16_t)vlan);
        at += 4;
    }
    put_be16(at, type);
    return at + 2;
}

size_t wire_frame_probe(uint8_t frame[WIRE_FRAME_MAX], const uint8_t mac[WIRE_MAC_BYTES], unsigned vlan, uint32_t address)
{
    static const uint8_t request[] = {0, 1, 8, 0, 6, 4, 0, 1};
    uint8_t *arp = begin(frame, mac, vlan, ETHERTYPE_ARP);
    memcpy(arp, request, sizeof request);
    memcpy(arp + 8, mac, WIRE_MAC_BYTES);
    memcpy(arp + 24, &address, sizeof address);
    size_t length = (size_t)(arp - frame) + ARP_BYTES;
    return length < ETHER_MIN_LEN ? ETHER_MIN_LEN : length;
}

/* RFC 1071, over an even number of bytes. */
static uint16_t checksum(const uint8_t *bytes, size_t length)
{
    uint32_t sum = 0;
    for (size_t i = 0; i < length; i += 2)
        sum += get_be16(bytes + i);
    sum = (sum >> 16) + (sum & 0xffff);
    return (uint16_t)~(sum + (sum >> 16));
}

/* No checksum of UDP: zero says so (RFC 768). The answer is to come to everybody (flag 0x8000), as we have no address. */
size_t wire_frame_discover(uint8_t frame[WIRE_FRAME_MAX], const uint8_t mac[WIRE_MAC_BYTES], uint32_t transaction)
{
    static const uint8_t options[] = {53, 1, 1, 55, 1, 1, 255}; /* discover; the subnet mask, please */
    uint8_t *ip = begin(frame, mac, 0, ETHERTYPE_IP), *udp = ip + IP_BYTES, *dhcp = udp + UDP_BYTES;
    ip[0] = 0x45;
    put_be16(ip + 2, IP_BYTES + UDP_BYTES + DHCP_BYTES);
    ip[8] = 64;
    ip[9] = UDP;
    memset(ip + 16, 0xff, 4);
    put_be16(ip + 10, checksum(ip, IP_BYTES));
    put_be16(udp, DHCP_CLIENT_PORT);
    put_be16(udp + 2, DHCP_SERVER_PORT);
    put_be16(udp + 4, UDP_BYTES + DHCP_BYTES);
    dhcp[0] = dhcp[1] = 1;
    dhcp[2] = WIRE_MAC_BYTES;
    put_be32(dhcp + 4, transaction);
    put_be16(dhcp + 10, 0x8000);
    memcpy(dhcp + 28, mac, WIRE_MAC_BYTES);
    put_be32(dhcp + DHCP_FIXED_BYTES, DHCP_MAGIC);
    memcpy(dhcp + DHCP_FIXED_BYTES + 4, options, sizeof options);
    return (size_t)(dhcp - frame) + DHCP_BYTES;
}
