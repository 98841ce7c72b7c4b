/* A frame as a network card received it: the first two bytes are the tag that the kernel took off. */
#include <arpa/inet.h>
#include <string.h>

#include "base/bytes.h"
#include "fuzz.h"
#include "hardware/wire.h"
#include "hardware/wire_frame.h"

/* An address, with its prefix or without. */
static bool is_address(const char *text)
{
    unsigned char bytes[16];
    cleanup_free char *address = checked_copy_bytes(text, strcspn(text, "/"));
    return inet_pton(strchr(address, ':') ? AF_INET6 : AF_INET, address, bytes) == 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t mac[WIRE_MAC_BYTES] = {0x52, 0x54, 0, 0xbb, 0, 1};
    struct wire_sight sight;
    if (size < 2)
        return 0;
    /* In memory of its own, so that a byte too far is seen. */
    cleanup_free uint8_t *frame = checked_alloc(size - 2 ? size - 2 : 1);
    memcpy(frame, data + 2, size - 2);
    if (!wire_frame_read(frame, size - 2, get_be16(data) & 0xfff, mac, &sight))
        return 0;
    must(sight.vlan <= 0xfff && sight.kind < WIRE_KINDS);
    must(sight.kind == WIRE_TAGGED ? sight.vlan && !*sight.address : is_address(sight.address));
    struct hardware_nic nic = {0};
    cleanup_free char *words = wire_sight_words(&sight);
    must(*words && wire_add_sight(&nic, &sight) && wire_add_sight(&nic, &sight) && nic.sight_count == 1);
    free(nic.sights);
    return 0;
}
