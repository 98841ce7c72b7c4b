/* Numbers as they stand on the wire (big-endian) and in the journal (little-endian). */
#ifndef REHOST_BASE_BYTES_H
#define REHOST_BASE_BYTES_H

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define DEFINE_BYTES(bits, order, to_host, to_order)                          \
    static inline uint##bits##_t get_##order##bits(const void *at)            \
    {                                                                         \
        uint##bits##_t value;                                                 \
        memcpy(&value, at, sizeof value);                                     \
        return to_host(value);                                                \
    }                                                                         \
    static inline void put_##order##bits(void *at, uint##bits##_t value)      \
    {                                                                         \
        value = to_order(value);                                              \
        memcpy(at, &value, sizeof value);                                     \
    }
DEFINE_BYTES(16, be, be16toh, htobe16)
DEFINE_BYTES(16, le, le16toh, htole16)
DEFINE_BYTES(32, be, be32toh, htobe32)
DEFINE_BYTES(64, be, be64toh, htobe64)
DEFINE_BYTES(32, le, le32toh, htole32)
DEFINE_BYTES(64, le, le64toh, htole64)
#undef DEFINE_BYTES

static inline uint64_t align_down(uint64_t value, uint64_t unit)
{
    return value - value % unit;
}
static inline uint64_t align_up(uint64_t value, uint64_t unit)
{
    return align_down(value + unit - 1, unit);
}
static inline uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}
static inline uint64_t most(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* In steps that a compiler makes vectors of. memcmp with the same bytes one further on is no faster in glibc, and ten times
 * slower in musl, which compares byte by byte. */
static inline bool bytes_are_zero(const void *bytes, size_t length)
{
    const unsigned char *at = bytes;
    for (uint64_t words[8]; length >= sizeof words; at += sizeof words, length -= sizeof words) {
        memcpy(words, at, sizeof words);
        if (words[0] | words[1] | words[2] | words[3] | words[4] | words[5] | words[6] | words[7])
            return false;
    }
    for (; length && !*at; at++)
        length--;
    return length == 0;
}

#endif
