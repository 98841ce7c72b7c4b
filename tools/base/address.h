/* IP addresses, with the prefix of their network or without. */
#ifndef REHOST_BASE_ADDRESS_H
#define REHOST_BASE_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>

struct address {
    int family;    /* AF_INET, AF_INET6 */
    unsigned bits; /* of its prefix; all of the address where none is given */
    unsigned char bytes[16]; /* in network order */
};

/* "10.0.2.7", "10.0.2.7/24", "2001:db8::7/64"; a prefix is of one bit at least. */
bool address_parse(const char *text, struct address *address);
/* The same of a text that goes on. */
bool address_parse_bytes(const char *text, size_t length, struct address *address);
/* The same address, whatever their prefixes. */
bool address_is(const struct address *a, const struct address *b);
/* Is `address` in the network that `network` is an address of? */
bool address_is_in(const struct address *address, const struct address *network);
/* address_is_in of two texts; false where one of them is no address. */
bool address_text_is_in(const char *address, const char *network);

#endif
