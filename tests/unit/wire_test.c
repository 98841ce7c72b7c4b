/* Frames as they are on a wire, told what they say; the questions, as another card would receive them. The received ones are files of
 * tests/fuzz/corpus/wire: the tag that the kernel took off, then the frame. */
#include "fixture.h"

#include "base/bytes.h"
#include "base/root.h"
#include "hardware/wire.h"
#include "hardware/wire_frame.h"

static const uint8_t our_mac[] = {0x52, 0x54, 0, 0xbb, 0, 1}, other_mac[] = {0x52, 0x54, 0, 0xaa, 0, 2};

static uint8_t *frame_named(const char *name, size_t *length)
{
    cleanup_close int root_fd = open("tests/fuzz/corpus/wire", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    char *bytes = root_read(root_fd, name, 4096, length);
    assert_non_null(bytes);
    return (uint8_t *)bytes;
}

static void each_kind_of_frame_says_what_is_there(void **state)
{
    (void)state;
    static const struct {
        const char *file;
        const char *says;
    } frames[] = {
        {"arp-answer", "10.0.2.2 answers"},
        {"arp-of-others-in-a-vlan", "10.0.2.9 speaks in VLAN 7"},
        {"arp-in-a-tagged-frame", "10.2.0.9 answers in VLAN 100"},
        {"dhcp-offer", "DHCP offers 10.3.0.60/24"},
        {"router", "a router announces 2001:db8:7::/64"},
        {"neighbour", "2001:db8:7::9 speaks"},
    };
    for (size_t i = 0; i < sizeof frames / sizeof *frames; i++) {
        struct wire_sight sight;
        size_t length;
        cleanup_free uint8_t *frame = frame_named(frames[i].file, &length);
        assert_true(wire_frame_read(frame + 2, length - 2, get_be16(frame), our_mac, &sight));
        cleanup_free char *words = wire_sight_words(&sight);
        assert_string_equal(words, frames[i].says);
    }
}

/* The tag alone is left of one in a VLAN. */
static void a_frame_that_is_cut_off_says_nothing(void **state)
{
    (void)state;
    static const char *const files[] = {"arp-answer", "router", "neighbour"};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        size_t length;
        struct wire_sight sight;
        cleanup_free uint8_t *frame = frame_named(files[i], &length);
        for (size_t left = 0; left < length - 2; left++) {
            cleanup_free uint8_t *copy = checked_alloc(left + 1);
            memcpy(copy, frame + 2, left);
            assert_false(wire_frame_read(copy, left, 0, our_mac, &sight));
            assert_true(!left || left < 14 || (wire_frame_read(copy, left, 9, our_mac, &sight) && sight.kind == WIRE_TAGGED && sight.vlan == 9));
        }
    }
}

/* To another card it is a frame of somebody who has no address: RFC 5227's probe, and a client that asks. */
static void a_question_claims_no_address(void **state)
{
    (void)state;
    uint8_t frame[WIRE_FRAME_MAX];
    struct wire_sight sight;
    size_t length = wire_frame_probe(frame, our_mac, 0, htobe32(0x0a000202));
    assert_int_equal(length, 64);
    assert_memory_equal(frame + 28, "\0\0\0\0", 4);
    assert_memory_equal(frame + 38, "\x0a\0\2\2", 4);
    assert_false(wire_frame_read(frame, length, 0, other_mac, &sight));
    length = wire_frame_probe(frame, our_mac, 100, htobe32(0x0a000202));
    assert_true(wire_frame_read(frame, length, 0, other_mac, &sight));
    assert_int_equal(sight.kind, WIRE_TAGGED);
    assert_int_equal(sight.vlan, 100);
    length = wire_frame_discover(frame, our_mac, 7);
    assert_int_equal(length, 14 + 20 + 8 + 300);
    assert_false(wire_frame_read(frame, length, 0, other_mac, &sight));
}

static void what_is_known_of_a_card_has_an_end(void **state)
{
    (void)state;
    struct hardware_nic nic = {0};
    struct wire_sight sight = {.kind = WIRE_SPOKE};
    bool added = true;
    for (unsigned i = 0; i < 100000 && added; i++) {
        snprintf(sight.address, sizeof sight.address, "10.%u.%u.%u", i >> 16, i >> 8 & 255, i & 255);
        added = wire_add_sight(&nic, &sight);
    }
    assert_false(added);
    assert_true(nic.sight_count < 1000);
    free(nic.sights);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_of_frame_says_what_is_there),
        cmocka_unit_test(a_frame_that_is_cut_off_says_nothing),
        cmocka_unit_test(a_question_claims_no_address),
        cmocka_unit_test(what_is_known_of_a_card_has_an_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
