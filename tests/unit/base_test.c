/* The base: errors grow outwards, a guest's root cannot be left, programs end in time. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/json.h"
#include "base/options.h"
#include "base/program.h"
#include "base/root.h"

static void an_error_says_what_was_done_to_what(void **state)
{
    (void)state;
    struct error err = {0};
    errno = ENOSPC;
    assert_int_equal(error_errno(&err, "write %s", "/boot/grub/grub.cfg"), -1);
    error_prefix(&err, "fix %s", "grub2");
    assert_string_equal(err.message, "fix grub2: write /boot/grub/grub.cfg: No space left on device");
    assert_int_equal(err.errno_value, ENOSPC);
}

static void the_innermost_advice_is_kept(void **state)
{
    (void)state;
    struct error err = {0};
    error_advise(&err, "remove old kernels");
    error_advise(&err, "call somebody");
    assert_string_equal(err.advice, "remove old kernels");
}

static void an_error_longer_than_its_room_is_cut(void **state)
{
    (void)state;
    struct error err = {0};
    char big[ERROR_MESSAGE_MAX * 2];
    memset(big, 'x', sizeof big - 1);
    big[sizeof big - 1] = '\0';
    error_set(&err, "%s", big);
    error_prefix(&err, "%s", big);
    assert_int_equal(strlen(err.message), ERROR_MESSAGE_MAX - 1);
}

static void lines_are_walked_without_their_ends(void **state)
{
    (void)state;
    const char *cursor = "a\r\n\nlast", *line;
    size_t length;
    assert_true(next_line(&cursor, &line, &length));
    assert_int_equal(length, 1);
    assert_true(next_line(&cursor, &line, &length));
    assert_int_equal(length, 0);
    assert_true(next_line(&cursor, &line, &length));
    assert_memory_equal(line, "last", length);
    assert_false(next_line(&cursor, &line, &length));
}

static void sizes_are_said_as_people_say_them(void **state)
{
    (void)state;
    cleanup_free char *small = size_for_people(512), *large = size_for_people(3ull << 40);
    assert_string_equal(small, "512 bytes");
    assert_string_equal(large, "3.0 TiB");
}

/* A root with a file beside it that must stay out of reach. */
static int make_hostile_root(char *directory)
{
    assert_non_null(mkdtemp(directory));
    cleanup_close int outside = open(directory, O_DIRECTORY | O_PATH | O_CLOEXEC);
    cleanup_close int secret = openat(outside, "secret", O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    assert_int_equal(write(secret, "out", 3), 3);
    assert_int_equal(mkdirat(outside, "root", 0755), 0);
    int root = openat(outside, "root", O_DIRECTORY | O_CLOEXEC);
    cleanup_close int inside = openat(root, "secret", O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    assert_int_equal(write(inside, "in", 2), 2);
    assert_int_equal(symlinkat("../../../../../../secret", root, "climbs"), 0);
    assert_int_equal(symlinkat("/secret", root, "absolute"), 0);
    assert_int_equal(symlinkat("/proc/self/environ", root, "magic"), 0);
    assert_int_equal(mkfifoat(root, "fifo", 0600), 0);
    return root;
}

static void no_link_of_a_guest_leaves_its_root(void **state)
{
    (void)state;
    char directory[] = "/tmp/rehost-base-XXXXXX";
    cleanup_close int root = make_hostile_root(directory);
    cleanup_free char *climbs = root_read(root, "climbs", 100, NULL);
    cleanup_free char *absolute = root_read(root, "/absolute", 100, NULL);
    cleanup_free char *above = root_read(root, "../secret", 100, NULL);
    assert_string_equal(climbs, "in");
    assert_string_equal(absolute, "in");
    assert_string_equal(above, "in");
    assert_null(root_read(root, "magic", 100, NULL));
    cleanup_free char *link = root_readlink(root, "absolute");
    assert_string_equal(link, "/secret");
    const char *rm[] = {"rm", "-rf", directory, NULL};
    assert_int_equal(program_run(&(struct program){.argv = rm, .input_fd = -1}, NULL, NULL), 0);
}

static void reading_is_bounded_and_never_blocks(void **state)
{
    (void)state;
    char directory[] = "/tmp/rehost-base-XXXXXX";
    cleanup_close int root = make_hostile_root(directory);
    assert_null(root_read(root, "secret", 1, NULL));
    assert_int_equal(errno, EFBIG);
    assert_null(root_read(root, "fifo", 100, NULL));
    assert_int_equal(errno, EINVAL);
    const char *rm[] = {"rm", "-rf", directory, NULL};
    assert_int_equal(program_run(&(struct program){.argv = rm, .input_fd = -1}, NULL, NULL), 0);
}

static void a_program_that_fails_shows_its_last_words(void **state)
{
    (void)state;
    const char *argv[] = {"sh", "-c", "echo the disk is on fire >&2; exit 7", NULL};
    struct error err = {0};
    int status;
    assert_int_equal(program_run(&(struct program){.argv = argv, .input_fd = -1, .exit_status = &status}, NULL, &err), -1);
    assert_int_equal(status, 7);
    assert_non_null(strstr(err.message, "status 7"));
    assert_non_null(strstr(err.message, "the disk is on fire"));
}

static void a_program_that_hangs_is_ended_with_its_children(void **state)
{
    (void)state;
    const char *argv[] = {"sh", "-c", "sleep 1234 & sleep 1234", NULL};
    struct error err = {0};
    time_t before = time(NULL);
    assert_int_equal(program_run(&(struct program){.argv = argv, .input_fd = -1, .timeout_seconds = 1}, NULL, &err), -1);
    assert_true(time(NULL) - before < 600);
    assert_non_null(strstr(err.message, "did not end within 1 seconds"));
}

static void a_program_is_waited_for_until_it_ends_and_no_longer_than_said(void **state)
{
    (void)state;
    pid_t quick, slow;
    const char *ends[] = {"sleep", "0.2", NULL}, *stays[] = {"sleep", "60", NULL};
    assert_int_equal(program_start(&(struct program){.argv = ends, .input_fd = -1}, &quick, NULL), 0);
    assert_int_equal(program_start(&(struct program){.argv = stays, .input_fd = -1}, &slow, NULL), 0);
    assert_true(program_ends_within(quick, 30000));
    assert_int_equal(program_wait(quick, ends[0], NULL), 0);
    assert_false(program_ends_within(slow, 50));
    program_end(slow);
    assert_int_equal(kill(slow, 0), -1);
}

static void a_program_that_is_missing_is_named(void **state)
{
    (void)state;
    const char *argv[] = {"rehost-no-such-program", NULL};
    struct error err = {0};
    assert_int_equal(program_run(&(struct program){.argv = argv, .input_fd = -1}, NULL, &err), -1);
    assert_non_null(strstr(err.message, "rehost-no-such-program"));
}

static void output_keeps_its_tail(void **state)
{
    (void)state;
    const char *argv[] = {"sh", "-c", "i=0; while [ $i -lt 5000 ]; do echo line $i; i=$((i+1)); done", NULL};
    cleanup_text struct text output = {0};
    assert_int_equal(program_run(&(struct program){.argv = argv, .input_fd = -1, .output_max = 1000}, &output, NULL), 0);
    assert_true(output.length <= 2000);
    assert_non_null(strstr(output.data, "line 4999\n"));
}

static void what_would_command_a_terminal_is_not_shown(void **state)
{
    (void)state;
    char words[] = "caf\xc3\xa9\t\x1b]0;x\a\r\x7f\n\xc2\x9bH\xc2\xa0\x9b";
    assert_string_equal(string_plain(words), "caf\xc3\xa9\t?]0;x???\n??H\xc2\xa0?");
}

static void an_error_holds_nothing_that_commands_a_terminal(void **state)
{
    (void)state;
    struct error err = {0};
    error_set(&err, "it said \x1b[2J");
    error_prefix(&err, "run \x1b[31mit");
    error_advise(&err, "look at \x1b]0;x\a");
    assert_string_equal(err.message, "run ?[31mit: it said ?[2J");
    assert_string_equal(err.advice, "look at ?]0;x?");
}

static void names_that_no_system_makes_are_not_listed(void **state)
{
    (void)state;
    char path[] = "/tmp/rehost-names-XXXXXX";
    static const char *const names[] = {"plain", "two\nlines", "\x1b[2J"};
    cleanup_strings struct strings listed = {0};
    assert_non_null(mkdtemp(path));
    cleanup_close int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    for (size_t i = 0; i < 3; i++)
        close(openat(fd, names[i], O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    assert_int_equal(root_list(fd, "/", &listed), 0);
    for (size_t i = 0; i < 3; i++)
        unlinkat(fd, names[i], 0);
    rmdir(path);
    assert_int_equal(listed.count, 1);
    assert_string_equal(listed.items[0], "plain");
}

static void bytes_that_are_no_utf8_become_question_marks(void **state)
{
    (void)state;
    cleanup_json cJSON *object = cJSON_CreateObject();
    json_add_string(object, "name", "caf\xc3\xa9 \xff\xc3");
    assert_string_equal(json_string(object, "name"), "caf\xc3\xa9 ??");
}

static void options_and_words_are_told_apart(void **state)
{
    (void)state;
    bool json = false;
    const char *file = NULL;
    const struct option_row rows[] = {
        {.name = "json", .help = "as JSON", .flag = &json},
        {.name = "hardware", .argument = "FILE", .help = "stands in", .value = &file},
        {0},
    };
    const struct usage usage = {"plan", "WHAT", "Plans.", rows, 1, 1};
    char *argv[] = {"plan", "--hardware", "x.json", "disk.img", "--json", NULL};
    int first, status = -1;
    assert_int_equal(options_parse(&usage, 5, argv, &first, &status), 0);
    assert_true(json);
    assert_string_equal(file, "x.json");
    assert_string_equal(argv[first], "disk.img");
    char *wrong[] = {"plan", "--jsn", "disk.img", NULL};
    assert_int_equal(options_parse(&usage, 3, wrong, &first, &status), -1);
    assert_int_equal(status, EXIT_USAGE);
    char *none[] = {"plan", NULL};
    assert_int_equal(options_parse(&usage, 1, none, &first, &status), -1);
    assert_int_equal(status, EXIT_USAGE);
}

static void escapes_of_a_uri_come_back_as_they_were(void **state)
{
    (void)state;
    const char *text = "/run/my disk%2f\xc3\xa4?a&b#c";
    char *encoded = string_percent_encode(text);
    assert_string_equal(encoded, "/run/my%20disk%252f%C3%A4%3Fa%26b%23c");
    char *decoded = string_percent_decode(encoded, strlen(encoded));
    assert_string_equal(decoded, text);
    free(encoded);
    free(decoded);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_error_says_what_was_done_to_what),
        cmocka_unit_test(the_innermost_advice_is_kept),
        cmocka_unit_test(an_error_longer_than_its_room_is_cut),
        cmocka_unit_test(lines_are_walked_without_their_ends),
        cmocka_unit_test(sizes_are_said_as_people_say_them),
        cmocka_unit_test(no_link_of_a_guest_leaves_its_root),
        cmocka_unit_test(reading_is_bounded_and_never_blocks),
        cmocka_unit_test(a_program_that_fails_shows_its_last_words),
        cmocka_unit_test(a_program_that_hangs_is_ended_with_its_children),
        cmocka_unit_test(a_program_is_waited_for_until_it_ends_and_no_longer_than_said),
        cmocka_unit_test(a_program_that_is_missing_is_named),
        cmocka_unit_test(output_keeps_its_tail),
        cmocka_unit_test(what_would_command_a_terminal_is_not_shown),
        cmocka_unit_test(an_error_holds_nothing_that_commands_a_terminal),
        cmocka_unit_test(names_that_no_system_makes_are_not_listed),
        cmocka_unit_test(bytes_that_are_no_utf8_become_question_marks),
        cmocka_unit_test(options_and_words_are_told_apart),
        cmocka_unit_test(escapes_of_a_uri_come_back_as_they_were),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
