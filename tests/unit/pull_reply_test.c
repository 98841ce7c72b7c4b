/* Replies over a socket pair: what is right is taken, what is wrong is named; and the small pieces around them. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/extents.h"
#include "base/text.h"
#include "nbd/nbd.h"
#include "pull/pool.h"

struct fixture {
    struct nbd nbd;
    int server;
    struct text reply;
    unsigned char taken[8192]; /* what the sink was given, by offset */
    unsigned taken_bytes, zero_bytes, extents;
    uint64_t extent_bytes;
};

static int sink_data(void *context, unsigned tag, uint64_t offset, const void *bytes, uint32_t length, struct error *err)
{
    (void)tag, (void)err;
    struct fixture *fixture = context;
    memcpy(fixture->taken + offset, bytes, length);
    fixture->taken_bytes += length;
    return 0;
}

static int sink_zeroes(void *context, unsigned tag, uint64_t offset, uint32_t length, struct error *err)
{
    (void)tag, (void)offset, (void)err;
    ((struct fixture *)context)->zero_bytes += length;
    return 0;
}

static int sink_status(void *context, uint64_t length, uint32_t flags, struct error *err)
{
    (void)flags, (void)err;
    ((struct fixture *)context)->extents++;
    ((struct fixture *)context)->extent_bytes += length;
    return 0;
}

static int open_fixture(void **state)
{
    int pair[2];
    struct fixture *fixture = checked_alloc(sizeof *fixture);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    fixture->nbd = (struct nbd){.stream.fd = pair[0], .buffer_bytes = 4096, .buffer = checked_alloc(4096)};
    fixture->nbd.export = (struct nbd_export){.structured = true, .has_allocation = true, .allocation_id = 3};
    fixture->server = pair[1];
    *state = fixture;
    return 0;
}

static int close_fixture(void **state)
{
    struct fixture *fixture = *state;
    close(fixture->nbd.stream.fd);
    if (fixture->server >= 0)
        close(fixture->server);
    free(fixture->nbd.buffer);
    text_free(&fixture->reply);
    free(fixture);
    return 0;
}

static void add16(struct fixture *fixture, uint16_t value)
{
    unsigned char bytes[2];
    put_be16(bytes, value);
    text_append_bytes(&fixture->reply, bytes, 2);
}

static void add32(struct fixture *fixture, uint32_t value)
{
    unsigned char bytes[4];
    put_be32(bytes, value);
    text_append_bytes(&fixture->reply, bytes, 4);
}

static void add64(struct fixture *fixture, uint64_t value)
{
    unsigned char bytes[8];
    put_be64(bytes, value);
    text_append_bytes(&fixture->reply, bytes, 8);
}

static void add_bytes(struct fixture *fixture, char byte, size_t length)
{
    while (length--)
        text_append_bytes(&fixture->reply, &byte, 1);
}

static void add_chunk(struct fixture *fixture, uint16_t flags, uint16_t type, uint64_t cookie, uint32_t length)
{
    add32(fixture, 0x668e33ef);
    add16(fixture, flags);
    add16(fixture, type);
    add64(fixture, cookie);
    add32(fixture, length);
}

static void add_data(struct fixture *fixture, uint16_t flags, uint64_t cookie, uint64_t offset, char byte, uint32_t length)
{
    add_chunk(fixture, flags, 1, cookie, length + 8);
    add64(fixture, offset);
    add_bytes(fixture, byte, length);
}

/* Asks for 4096 bytes at 1024 as tag 0; returns the cookie the request went out with. */
static uint64_t ask(struct fixture *fixture, enum nbd_command command)
{
    unsigned char request[28];
    struct error err = {0};
    assert_int_equal(nbd_send(&fixture->nbd, command, 1024, 4096, 0, &err), NBD_OK);
    assert_int_equal(recv(fixture->server, request, sizeof request, MSG_WAITALL), sizeof request);
    assert_int_equal(get_be32(request), 0x25609513);
    assert_int_equal(get_be16(request + 6), command);
    assert_int_equal(get_be64(request + 16), 1024);
    assert_int_equal(get_be32(request + 24), 4096);
    return get_be64(request + 8);
}

/* Sends what was put together, hangs up, and receives until the request is finished or something is wrong. */
static enum nbd_result receive(struct fixture *fixture, struct nbd_finished *finished, struct error *err)
{
    struct nbd_sink sink = {.context = fixture, .data = sink_data, .zeroes = sink_zeroes, .status = sink_status};
    assert_int_equal(send(fixture->server, fixture->reply.data, fixture->reply.length, 0), fixture->reply.length);
    close(take_fd(&fixture->server));
    enum nbd_result result;
    do
        result = nbd_receive(&fixture->nbd, &sink, finished, err);
    while (result == NBD_OK && !finished->finished);
    return result;
}

static void expect(struct fixture *fixture, int server_error)
{
    struct nbd_finished finished;
    struct error err = {0};
    enum nbd_result result = receive(fixture, &finished, &err);
    if (result != NBD_OK)
        fail_msg("%s", err.message);
    assert_int_equal(finished.error, server_error);
    assert_int_equal(finished.tag, 0);
    assert_int_equal(fixture->nbd.in_flight, 0);
}

static void expect_wrong(struct fixture *fixture, enum nbd_result expected, const char *why)
{
    struct nbd_finished finished;
    struct error err = {0};
    assert_int_equal(receive(fixture, &finished, &err), expected);
    if (!strstr(err.message, why))
        fail_msg("\"%s\" does not say \"%s\"", err.message, why);
}

static void one_chunk_is_an_answer(void **state)
{
    struct fixture *fixture = *state;
    add_data(fixture, 1, ask(fixture, NBD_READ), 1024, 'a', 4096);
    expect(fixture, 0);
    assert_int_equal(fixture->taken_bytes, 4096);
    assert_int_equal(fixture->taken[1024], 'a');
    assert_int_equal(fixture->taken[5119], 'a');
}

static void chunks_may_come_in_any_order(void **state)
{
    struct fixture *fixture = *state;
    uint64_t cookie = ask(fixture, NBD_READ);
    add_data(fixture, 0, cookie, 4000, 'c', 1120);
    add_data(fixture, 0, cookie, 1024, 'a', 1);
    add_chunk(fixture, 0, 2, cookie, 12);
    add64(fixture, 1025);
    add32(fixture, 1975);
    add_data(fixture, 0, cookie, 3000, 'b', 1000);
    add_chunk(fixture, 1, 0, cookie, 0);
    expect(fixture, 0);
    assert_int_equal(fixture->taken_bytes, 2121);
    assert_int_equal(fixture->zero_bytes, 1975);
}

static void a_missing_byte_is_noticed(void **state)
{
    struct fixture *fixture = *state;
    uint64_t cookie = ask(fixture, NBD_READ);
    add_data(fixture, 0, cookie, 1024, 'a', 100);
    add_data(fixture, 1, cookie, 1125, 'a', 3995);
    expect_wrong(fixture, NBD_WRONG, "ends before all 4096 bytes");
}

static void a_byte_sent_twice_is_noticed(void **state)
{
    struct fixture *fixture = *state;
    uint64_t cookie = ask(fixture, NBD_READ);
    add_data(fixture, 0, cookie, 1024, 'a', 100);
    add_data(fixture, 1, cookie, 1123, 'a', 3997);
    expect_wrong(fixture, NBD_WRONG, "twice");
}

static void an_offset_that_wraps_is_outside(void **state)
{
    struct fixture *fixture = *state;
    add_data(fixture, 1, ask(fixture, NBD_READ), UINT64_MAX - 1, 'a', 4096);
    expect_wrong(fixture, NBD_WRONG, "at offset 18446744073709551614");
}

static void an_answer_to_an_old_request_is_noticed(void **state)
{
    struct fixture *fixture = *state;
    uint64_t cookie = ask(fixture, NBD_READ);
    add_data(fixture, 1, cookie, 1024, 'a', 4096);
    add_data(fixture, 1, cookie, 1024, 'a', 4096);
    struct nbd_finished finished;
    struct error err = {0};
    assert_int_equal(receive(fixture, &finished, &err), NBD_OK);
    struct nbd_sink sink = {.context = fixture, .data = sink_data};
    assert_int_equal(nbd_receive(&fixture->nbd, &sink, &finished, &err), NBD_WRONG);
    assert_non_null(strstr(err.message, "answered already"));
}

static void a_tag_beyond_the_table_is_noticed(void **state)
{
    struct fixture *fixture = *state;
    add_data(fixture, 1, ask(fixture, NBD_READ) | 0xff, 1024, 'a', 4096);
    expect_wrong(fixture, NBD_WRONG, "never sent");
}

static void an_error_is_the_servers_errno(void **state)
{
    struct fixture *fixture = *state;
    uint64_t cookie = ask(fixture, NBD_READ);
    add_data(fixture, 0, cookie, 1024, 'a', 512);
    add_chunk(fixture, 0, 32770, cookie, 6 + 4 + 8);
    add32(fixture, EIO);
    add16(fixture, 4);
    text_append(&fixture->reply, "oops");
    add64(fixture, 1536);
    add_chunk(fixture, 1, 0, cookie, 0);
    expect(fixture, EIO);
}

static void an_error_of_zero_is_an_error(void **state)
{
    struct fixture *fixture = *state;
    add_chunk(fixture, 1, 32769, ask(fixture, NBD_READ), 6);
    add32(fixture, 0);
    add16(fixture, 0);
    expect(fixture, EIO);
}

static void a_cut_off_answer_is_a_lost_connection(void **state)
{
    struct fixture *fixture = *state;
    add_data(fixture, 1, ask(fixture, NBD_READ), 1024, 'a', 4096);
    fixture->reply.length -= 1;
    expect_wrong(fixture, NBD_LOST, "closed the connection");
}

static void a_simple_reply_is_an_answer_where_none_else_was_agreed(void **state)
{
    struct fixture *fixture = *state;
    fixture->nbd.export.structured = false;
    uint64_t cookie = ask(fixture, NBD_READ);
    add32(fixture, 0x67446698);
    add32(fixture, 0);
    add64(fixture, cookie);
    add_bytes(fixture, 's', 4096);
    expect(fixture, 0);
    assert_int_equal(fixture->taken_bytes, 4096);
}

static void a_simple_error_has_no_data(void **state)
{
    struct fixture *fixture = *state;
    uint64_t cookie = ask(fixture, NBD_READ);
    add32(fixture, 0x67446698);
    add32(fixture, EIO);
    add64(fixture, cookie);
    expect(fixture, EIO);
    assert_int_equal(fixture->taken_bytes, 0);
}

static void block_status_is_a_list(void **state)
{
    struct fixture *fixture = *state;
    add_chunk(fixture, 1, 5, ask(fixture, NBD_BLOCK_STATUS), 4 + 3 * 8);
    add32(fixture, 3);
    for (unsigned i = 0; i < 3; i++) {
        add32(fixture, i == 2 ? 1 << 30 : 1024); /* the last may reach beyond the request */
        add32(fixture, i);
    }
    expect(fixture, 0);
    assert_int_equal(fixture->extents, 3);
    assert_int_equal(fixture->extent_bytes, 2048 + (1 << 30));
}

static void block_status_answers_no_read(void **state)
{
    struct fixture *fixture = *state;
    add_chunk(fixture, 1, 5, ask(fixture, NBD_READ), 12);
    add32(fixture, 3);
    add64(fixture, 1);
    expect_wrong(fixture, NBD_WRONG, "chunk of type 5");
}

static void data_larger_than_the_buffer_is_refused_unread(void **state)
{
    struct fixture *fixture = *state;
    add_chunk(fixture, 1, 1, ask(fixture, NBD_READ), 8 + 4097);
    expect_wrong(fixture, NBD_WRONG, "type 1 with 4105 bytes");
}

static void parts_join_and_never_overlap(void **state)
{
    (void)state;
    struct nbd_parts parts = {0};
    assert_true(nbd_parts_add(&parts, 10, 20));
    assert_true(nbd_parts_add(&parts, 30, 40));
    assert_true(nbd_parts_add(&parts, 20, 30));
    assert_int_equal(parts.count, 1);
    assert_int_equal(parts.items[0].start, 10);
    assert_int_equal(parts.items[0].end, 40);
    assert_false(nbd_parts_add(&parts, 5, 11));
    assert_false(nbd_parts_add(&parts, 39, 50));
    assert_false(nbd_parts_add(&parts, 15, 16));
    assert_false(nbd_parts_add(&parts, 5, 50));
    assert_true(nbd_parts_add(&parts, 0, 10));
    for (uint64_t i = 0; i < NBD_PARTS_MAX - 1; i++)
        assert_true(nbd_parts_add(&parts, 100 + i * 2, 101 + i * 2));
    assert_false(nbd_parts_add(&parts, 1000, 1001));
}

static void near_extents_are_joined_and_their_number_is_bounded(void **state)
{
    (void)state;
    struct extents extents = {0};
    extents_add(&extents, 4096, 8192);
    extents_add(&extents, 12288, 16384);
    assert_int_equal(extents.count, 1);
    uint64_t last = 0;
    for (uint64_t i = 0; i < 3 * EXTENTS_MAX; i++) {
        last = (1 << 20) + i * 200000 + 4096;
        extents_add(&extents, last - 4096, last);
    }
    assert_true(extents.count <= EXTENTS_MAX);
    assert_int_equal(extents.items[extents.count - 1].end, last);
    assert_int_equal(extents.items[0].start, 4096);
    assert_int_equal(extents_find(&extents, 0), 0);
    assert_int_equal(extents_find(&extents, last), extents.count);
    for (size_t i = 1; i < extents.count; i++)
        assert_true(extents.items[i - 1].end < extents.items[i].start);
    extents_free(&extents);
}

static void every_chunk_is_given_out_once_and_again_when_it_came_back(void **state)
{
    (void)state;
    struct journal journal = {.source_bytes = 200 << 20, .chunk_bytes = 1 << 20};
    journal.settled = checked_alloc(journal_words(&journal) * 8);
    journal.settled[0] = 1ull << 5; /* from an earlier run */
    struct extents wanted = {0};
    extents_add(&wanted, 0, 80 << 20);
    extents_add(&wanted, (150 << 20) + 4096, 200 << 20);
    struct pool pool;
    pool_open(&pool, &journal, &wanted, 1 << 20, 199 << 20);
    uint64_t chunk, first, count, data = 0, zeroes = 0;
    assert_true(pool_take_data(&pool, &chunk));
    assert_int_equal(chunk, 1); /* 0 is held back */
    pool_give_back(&pool, chunk);
    while (pool_take_data(&pool, &chunk)) {
        assert_int_not_equal(chunk, 5);
        pool_settle(&pool, chunk, 1, 0);
        data++;
    }
    assert_int_equal(data, 79 - 1 + 49);
    assert_false(pool_is_done(&pool));
    while (pool_take_zeroes(&pool, 16, &first, &count)) {
        assert_true(first >= 80 && first + count <= 150 && count <= 16);
        pool_settle(&pool, first, count, count << 20);
        zeroes += count;
    }
    assert_int_equal(zeroes, 70);
    assert_true(pool_is_done(&pool));
    uint64_t zero_bytes;
    assert_int_equal(pool_snapshot(&pool, NULL, &zero_bytes), 198 << 20);
    assert_int_equal(zero_bytes, 70 << 20);
    pool_close(&pool);
    extents_free(&wanted);
    journal_free(&journal);
}

#define REPLY_TEST(name) cmocka_unit_test_setup_teardown(name, open_fixture, close_fixture)

int main(void)
{
    const struct CMUnitTest tests[] = {
        REPLY_TEST(one_chunk_is_an_answer),
        REPLY_TEST(chunks_may_come_in_any_order),
        REPLY_TEST(a_missing_byte_is_noticed),
        REPLY_TEST(a_byte_sent_twice_is_noticed),
        REPLY_TEST(an_offset_that_wraps_is_outside),
        REPLY_TEST(an_answer_to_an_old_request_is_noticed),
        REPLY_TEST(a_tag_beyond_the_table_is_noticed),
        REPLY_TEST(an_error_is_the_servers_errno),
        REPLY_TEST(an_error_of_zero_is_an_error),
        REPLY_TEST(a_cut_off_answer_is_a_lost_connection),
        REPLY_TEST(a_simple_reply_is_an_answer_where_none_else_was_agreed),
        REPLY_TEST(a_simple_error_has_no_data),
        REPLY_TEST(block_status_is_a_list),
        REPLY_TEST(block_status_answers_no_read),
        REPLY_TEST(data_larger_than_the_buffer_is_refused_unread),
        cmocka_unit_test(parts_join_and_never_overlap),
        cmocka_unit_test(near_extents_are_joined_and_their_number_is_bounded),
        cmocka_unit_test(every_chunk_is_given_out_once_and_again_when_it_came_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
