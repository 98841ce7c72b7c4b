/* Numbers as they stand on the wire (big-endian) and in the journal (little-endian). */
#ifndef REHOST_PULL_BYTES_H
#define REHOST_PULL_BYTES_H

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

/* A buffer is zero when its first byte is and every byte equals the one before it: memcmp does that at memory speed. */
static inline bool bytes_are_zero(const void *bytes, size_t length)
{
    const unsigned char *first = bytes;
    return length == 0 || (first[0] == 0 && memcmp(first, first + 1, length - 1) == 0);
}

#endif
