/* See address.h. */
#include "address.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_MAX (INET6_ADDRSTRLEN + 4) /* "/128" */

bool address_parse(const char *text, struct address *address)
{
    char copy[INET6_ADDRSTRLEN] = "";
    size_t length = strcspn(text, "/");
    if (length >= sizeof copy)
        return false;
    memcpy(copy, text, length);
    *address = (struct address){.family = strchr(copy, ':') ? AF_INET6 : AF_INET};
    unsigned most = address->family == AF_INET6 ? 128 : 32;
    char *end = "";
    unsigned long bits = text[length] && isdigit((unsigned char)text[length + 1]) ? strtoul(text + length + 1, &end, 10) : text[length] ? 0 : most;
    address->bits = bits <= most && !*end ? (unsigned)bits : 0;
    return address->bits && inet_pton(address->family, copy, address->bytes) == 1;
}

bool address_parse_bytes(const char *text, size_t length, struct address *address)
{
    char copy[TEXT_MAX] = "";
    if (length >= sizeof copy)
        return false;
    memcpy(copy, text, length);
    return address_parse(copy, address);
}

static bool same_bits(const struct address *a, const struct address *b, unsigned bits)
{
    unsigned whole = bits / 8, rest = bits % 8;
    return a->family == b->family && memcmp(a->bytes, b->bytes, whole) == 0 && (!rest || (a->bytes[whole] ^ b->bytes[whole]) >> (8 - rest) == 0);
}

bool address_is(const struct address *a, const struct address *b)
{
    return same_bits(a, b, a->family == AF_INET6 ? 128 : 32);
}

bool address_is_in(const struct address *address, const struct address *network)
{
    return same_bits(address, network, network->bits);
}

bool address_text_is_in(const char *address, const char *network)
{
    struct address a, b;
    return address_parse(address, &a) && address_parse(network, &b) && address_is_in(&a, &b);
}
