/* The console: the bar's arithmetic, a console that stops does not stop the move, answers from wherever they come. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "face/console.h"

#define GIB ((uint64_t)1 << 30)

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void the_bar_says_bytes_rate_and_time_left(void **state)
{
    (void)state;
    struct bar bar = {0};
    bar_update(&bar, 4 * GIB, GIB, GIB, 10);
    cleanup_text struct text words = {0};
    bar_draw(&bar, BAR_CELLS, &words);
    assert_string_equal(words.data, "[######..................] 25 %  1.0 GiB of 4.0 GiB  102.4 MiB/s  0:30 left");
}

static void what_was_not_sent_counts_for_the_bar_and_not_for_the_rate(void **state)
{
    (void)state;
    struct bar bar = {0};
    bar_update(&bar, 4 * GIB, 3 * GIB, GIB, 10);
    cleanup_text struct text words = {0};
    bar_words(&bar, &words);
    assert_string_equal(words.data, "75 %  3.0 GiB of 4.0 GiB  102.4 MiB/s  0:10 left");
}

static void a_stall_is_not_divided_by(void **state)
{
    (void)state;
    struct bar bar = {0};
    bar_update(&bar, GIB, 0, 0, 5);
    cleanup_text struct text words = {0};
    bar_words(&bar, &words);
    assert_string_equal(words.data, "0 %  0 bytes of 1.0 GiB  0 bytes/s");
    bar_update(&bar, 0, 0, 0, 6);
    assert_int_equal(bar_percent(&bar), 0);
    bar_update(&bar, GIB, GIB - 1, 0, 7);
    assert_int_equal(bar_percent(&bar), 99);
    bar_update(&bar, GIB, GIB, 0, 8);
    assert_int_equal(bar_percent(&bar), 100);
}

static void long_times_have_hours(void **state)
{
    (void)state;
    cleanup_text struct text words = {0};
    bar_time(3723, &words);
    assert_string_equal(words.data, "1:02:03");
}

/* A console that is a pair of pipes: what we write can be read, and the other way round. */
struct ends {
    int typed, shown;
};

static struct console console_on_pipes(struct ends *ends, size_t count)
{
    struct console console = {.terminals = checked_alloc(count * sizeof(struct terminal)), .count = count};
    for (size_t i = 0; i < count; i++) {
        int in[2], out[2];
        assert_int_equal(pipe2(in, O_CLOEXEC | O_NONBLOCK), 0);
        assert_int_equal(pipe2(out, O_CLOEXEC | O_NONBLOCK), 0);
        console.terminals[i] = (struct terminal){.name = checked_copy("test"), .input = in[0], .output = out[1]};
        ends[i] = (struct ends){in[1], out[0]};
    }
    return console;
}

static void close_all(struct console *console, struct ends *ends)
{
    for (size_t i = 0; i < console->count; i++) {
        close(ends[i].typed);
        close(ends[i].shown);
        if (console->terminals[i].input >= 0)
            close(console->terminals[i].input);
        close(console->terminals[i].output);
    }
    console_close(console);
}

static void shows(struct ends ends, const char *words)
{
    static char buffer[65536];
    memset(buffer, 0, sizeof buffer);
    ssize_t got = read(ends.shown, buffer, sizeof buffer - 1);
    if (got < 0 || !strstr(buffer, words))
        fail_msg("\"%s\" is not in: %s", words, buffer);
}

static void an_answer_from_any_console_is_shown_on_all(void **state)
{
    (void)state;
    struct ends ends[2];
    struct console console = console_on_pipes(ends, 2);
    assert_int_equal(write(ends[1].typed, "  yes \r\nmore", 12), 12);
    char *answer;
    struct error err = {0};
    assert_int_equal(console_ask(&console, "Type yes: ", NULL, NULL, &answer, &err), 0);
    assert_string_equal(answer, "yes");
    shows(ends[0], "Type yes: yes\n");
    shows(ends[1], "Type yes: ");
    free(answer);
    close_all(&console, ends);
}

static void a_question_to_nobody_is_an_error_that_names_it(void **state)
{
    (void)state;
    struct ends ends[1];
    struct console console = console_on_pipes(ends, 1);
    close(ends[0].typed);
    ends[0].typed = open("/dev/null", O_WRONLY | O_CLOEXEC);
    char *answer;
    struct error err = {0};
    assert_int_equal(console_ask(&console, "Disk (number): ", NULL, NULL, &answer, &err), -1);
    assert_string_equal(err.message, "nobody is there to answer \"Disk (number)\"");
    assert_null(answer);
    close_all(&console, ends);
}

static bool changes_at_third_look(void *context)
{
    return ++*(int *)context == 3;
}

static void a_question_is_asked_anew_when_a_disk_comes(void **state)
{
    (void)state;
    struct ends ends[1];
    struct console console = console_on_pipes(ends, 1);
    char *answer = (char *)"x";
    int looks = 0;
    assert_int_equal(console_ask(&console, "Disk: ", changes_at_third_look, &looks, &answer, NULL), 0);
    assert_null(answer);
    assert_int_equal(looks, 3);
    close_all(&console, ends);
}

static void a_console_that_takes_nothing_does_not_stop_the_move(void **state)
{
    (void)state;
    struct ends ends[2];
    struct console console = console_on_pipes(ends, 2);
    char filler[4096];
    memset(filler, '.', sizeof filler);
    while (write(console.terminals[0].output, filler, sizeof filler) > 0)
        ;
    double began = now();
    for (int i = 0; i < 1000; i++)
        console_say(&console, "line %d\n", i);
    if (now() - began > 3)
        fail_msg("a thousand lines took %.1f s", now() - began);
    assert_true(console.terminals[0].stalled);
    shows(ends[1], "line 999");
    while (read(ends[0].shown, filler, sizeof filler) > 0)
        ;
    console_say(&console, "back\n");
    shows(ends[0], "some lines are missing here)\nback\n");
    close_all(&console, ends);
}

/* 4 KiB and more without a line end: cut, not overrun. */
static void an_endless_line_is_bounded(void **state)
{
    (void)state;
    struct ends ends[1];
    struct console console = console_on_pipes(ends, 1);
    char endless[5000];
    memset(endless, 'a', sizeof endless);
    assert_int_equal(write(ends[0].typed, endless, sizeof endless), sizeof endless);
    char *answer;
    assert_int_equal(console_ask(&console, "Disk: ", NULL, NULL, &answer, NULL), 0);
    assert_int_equal(strlen(answer), sizeof console.terminals->line);
    free(answer);
    close_all(&console, ends);
}

static void a_file_gets_a_line_for_every_tenth(void **state)
{
    (void)state;
    struct ends ends[1];
    struct console console = console_on_pipes(ends, 1);
    console.terminals[0].is_log = true;
    console_progress_start(&console);
    for (unsigned percent = 0; percent <= 100; percent++)
        console_progress(&console, &(struct console_row){.total_bytes = 100 * GIB, .done_bytes = percent * GIB, .seconds = percent + 1}, 1, NULL);
    char buffer[8192] = "";
    assert_true(read(ends[0].shown, buffer, sizeof buffer - 1) > 0);
    unsigned lines = 0;
    for (char *at = buffer; (at = strchr(at, '\n')); at++)
        lines++;
    assert_int_equal(lines, 10);
    assert_null(strchr(buffer, '\r'));
    close_all(&console, ends);
}

static void several_disks_get_a_line_each_and_one_for_all(void **state)
{
    (void)state;
    struct ends ends[1];
    struct console console = console_on_pipes(ends, 1);
    console.terminals[0].is_log = true;
    console_progress_start(&console);
    for (unsigned percent = 0; percent <= 10; percent += 5)
        console_progress(&console, (struct console_row[]){{.name = "vda", .total_bytes = GIB, .done_bytes = 0, .seconds = percent},
                                                          {.name = "vdb", .total_bytes = GIB, .done_bytes = percent * (GIB / 49), .seconds = percent},
                                                          {.name = "all", .total_bytes = 2 * GIB, .done_bytes = percent * (GIB / 49) + 1, .seconds = percent}}, 3, NULL);
    char buffer[8192] = "";
    assert_true(read(ends[0].shown, buffer, sizeof buffer - 1) > 0);
    assert_non_null(strstr(buffer, "vda: 0 %"));
    assert_non_null(strstr(buffer, "\nvdb: 20 %"));
    assert_non_null(strstr(buffer, "\nall: 10 %"));
    close_all(&console, ends);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_bar_says_bytes_rate_and_time_left),
        cmocka_unit_test(what_was_not_sent_counts_for_the_bar_and_not_for_the_rate),
        cmocka_unit_test(a_stall_is_not_divided_by),
        cmocka_unit_test(long_times_have_hours),
        cmocka_unit_test(several_disks_get_a_line_each_and_one_for_all),
        cmocka_unit_test(an_answer_from_any_console_is_shown_on_all),
        cmocka_unit_test(a_question_to_nobody_is_an_error_that_names_it),
        cmocka_unit_test(a_question_is_asked_anew_when_a_disk_comes),
        cmocka_unit_test(a_console_that_takes_nothing_does_not_stop_the_move),
        cmocka_unit_test(an_endless_line_is_bounded),
        cmocka_unit_test(a_file_gets_a_line_for_every_tenth),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
