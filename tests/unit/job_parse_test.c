/* A job's text: what is understood, and that everything else is refused with its place and the nearest right key. */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/download.h"
#include "job/fetch.h"
#include "job/job.h"

static int parse(const char *text, struct job *job, struct error *err)
{
    *err = (struct error){0};
    return job_parse_file(text, strlen(text), "web1.job", job, err);
}

static void refuses(const char *text, const char *words)
{
    struct job job = {0};
    struct error err;
    if (parse(text, &job, &err) != -1)
        fail_msg("it was accepted: %s", text);
    if (!strstr(err.message, words))
        fail_msg("\"%s\" is not in: %s", words, err.message);
    assert_null(job.disks[0].source);
    assert_int_equal(job.given, 0);
    job_free(&job);
}

static void refuses_words(const char *line, const char *words)
{
    struct job job = {0};
    struct error err = {0};
    if (job_parse_command_line(line, &job, &err) != -1)
        fail_msg("it was accepted: %s", line);
    if (!strstr(err.message, words))
        fail_msg("\"%s\" is not in: %s", words, err.message);
    job_free(&job);
}

static void takes_every_key(void **state)
{
    (void)state;
    struct job job = {0};
    struct error err;
    assert_int_equal(parse("# a comment\r\n\r\n source = nbd://10.0.2.2:10809/disk \r\ndisk=auto\nnic=52:54:00:aa:bb:cc\n"
                           "ip=192.0.2.10/24,192.0.2.1\nmap=lan0=52:54:00:00:00:01\nmap=lan1=52:54:00:00:00:02\nconfirm=yes\nrestart=yes\n"
                           "after=poweroff\npatience=90\nall=yes\nverify=yes\nread-errors=zero", &job, &err), 0);
    assert_string_equal(job.disks[0].source, "nbd://10.0.2.2:10809/disk");
    assert_string_equal(job.disks[0].disk, "auto");
    assert_string_equal(job.nic, "52:54:00:aa:bb:cc");
    assert_string_equal(job.ip, "192.0.2.10/24,192.0.2.1");
    assert_int_equal(job.nic_choice_count, 2);
    assert_string_equal(job.nic_choices[1].old, "lan1");
    assert_string_equal(job.nic_choices[1].mac, "52:54:00:00:00:02");
    assert_true(job.confirmed);
    assert_true(job.restart);
    assert_true(job.all);
    assert_true(job.verify);
    assert_true(job.zero_unreadable);
    assert_int_equal(job.after, AFTER_POWEROFF);
    assert_int_equal(job.patience_seconds, 90);
    job_free(&job);
    job = (struct job){0};
    assert_int_equal(parse("patience=forever\n", &job, &err), 0);
    assert_int_equal(job.patience_seconds, UINT_MAX);
    job_free(&job);
}

static void a_wrong_key_is_named_with_its_line_and_the_nearest(void **state)
{
    (void)state;
    refuses("disk=auto\n\nsorce=nbd://h\n", "job web1.job: line 3: there is no key \"sorce\"; the nearest is \"source\"");
    refuses("comfirm=yes\n", "the nearest is \"confirm\"");
    refuses("Disk=auto\n", "the nearest is \"disk\"");
    refuses("rehost.after=halt\n", "the nearest is \"after\"");
    refuses("=x\n", "there is no key \"\"");
    refuses("0123456789012345678901234567890123456789=x\n", "there is no key");
    refuses_words("quiet rehost.pachience=3", "there is no key \"rehost.pachience\"; the nearest is \"rehost.patience\"");
}

static void a_repeated_key_is_refused(void **state)
{
    (void)state;
    refuses("disk=a\nip=dhcp\ndisk=b\n", "line 3: the key \"disk\" is given twice");
    refuses("disk=a\ndisk=a\n", "given twice");
    refuses("map=lan0=52:54:00:00:00:01\nmap=lan0=52:54:00:00:00:02\n", "mapped twice");
    refuses_words("rehost.disk=a rehost.disk=b", "the key \"rehost.disk\" is given twice");
}

static void an_empty_or_wrong_value_is_refused(void **state)
{
    (void)state;
    refuses("source=\n", "the key \"source\" has no value");
    refuses("source\n", "is not of the form key=value");
    refuses("source=10.0.2.2\n", "is no source");
    refuses("source=ftp://10.0.2.2/disk\n", "is no source");
    refuses("source=nbd://\n", "the host is missing");
    refuses("source=nbd:///export\n", "the host is missing");
    refuses("source=nbd://a b\n", "is no source");
    refuses("source=nbd+unix:///x\n", "?socket=PATH is missing");
    refuses("confirm=Yes\n", "it is \"yes\" or \"ask\"");
    refuses("restart=1\n", "it is \"yes\" or \"no\"");
    refuses("all=all\n", "it is \"yes\" or \"no\"");
    refuses("after=later\n", "it is \"reboot\"");
    refuses("ip=192.0.2.10\n", "is no address");
    refuses("ip=192.0.2.10/33\n", "is no address");
    refuses("ip=192.0.2.10/-1\n", "is no address");
    refuses("ip=192.0.2.10/24,gate\n", "is no address");
    refuses("ip=192.0.2.999/24\n", "is no address");
    refuses("map=lan0\n", "is not of the form OLD=MAC");
    refuses("address=lan0=192.0.2.7\n", "is not of the form OLD=ADDRESS/PREFIX");
    refuses("address=lan0=192.0.2.7/33\n", "is not of the form OLD=ADDRESS/PREFIX");
    refuses("address=192.0.2.7/24\n", "is not of the form OLD=ADDRESS/PREFIX");
    refuses("address=lan0=192.0.2.7/24,192.0.2.1\n", "is not of the form OLD=ADDRESS/PREFIX");
    refuses("address=lan0=192.0.2.7/24,gateway=2001:db8::1\n", "is not of the form OLD=ADDRESS/PREFIX");
    refuses("address=lan0=192.0.2.7/24\naddress=lan0=192.0.2.8/24\n", "is given two addresses");
    refuses("patience=-5\n", "a number of seconds");
    refuses("patience=5s\n", "a number of seconds");
    refuses("patience=99999999999999999999\n", "a number of seconds");
    refuses("disk=\x1b[2Jauto\n", "control characters");
    refuses("job=http://depot/x\n", "belongs on the kernel's command line");
    refuses_words("rehost.source", "the key \"rehost.source\" has no value");
    refuses_words("rehost.=1", "there is no key");
    refuses_words("rehost.source=\"nbd://h", "a quote is not closed");
}

static void words_of_others_are_left_alone(void **state)
{
    (void)state;
    struct job job = {0};
    struct error err = {0};
    assert_int_equal(job_parse_command_line("BOOT_IMAGE=/boot/vmlinuz console=ttyS0 quiet rehosted=1 rehost= dyndbg=\"file a.c +p\" \n", &job, &err), 0);
    assert_int_equal(job.given, 0);
    assert_int_equal(job_parse_command_line("", &job, &err), 0);
    job_free(&job);
}

static void quotes_hold_blanks_together(void **state)
{
    (void)state;
    struct job job = {0};
    struct error err = {0};
    assert_int_equal(job_parse_command_line("rehost.disk=\"WD 1\" \"rehost.nic=lan 0\" rehost.map=a=52:54:00:00:00:01 rehost.map=b=52:54:00:00:00:02", &job, &err), 0);
    assert_string_equal(job.disks[0].disk, "WD 1");
    assert_string_equal(job.nic, "lan 0");
    assert_int_equal(job.nic_choice_count, 2);
    job_free(&job);
}

static void check_merged(const struct job *job)
{
    assert_string_equal(job->disks[0].disk, "from-line");
    assert_string_equal(job->disks[0].source, "nbd://from-file");
    assert_false(job->confirmed);
    assert_int_equal(job->after, AFTER_HALT);
    assert_int_equal(job->nic_choice_count, 2);
    for (size_t i = 0; i < 2; i++)
        assert_string_equal(job->nic_choices[i].mac, !strcmp(job->nic_choices[i].old, "lan0") ? "52:54:00:00:00:01" : "52:54:00:00:00:03");
    assert_int_equal(job->addresses.count, 2);
    assert_true(strings_contain(&job->addresses, "lan0=192.0.2.9/24"));
    assert_true(strings_contain(&job->addresses, "10.0.0.1=192.0.2.8/24,gateway=192.0.2.1"));
}

static void several_disks_are_numbered_without_a_gap(void **state)
{
    (void)state;
    struct job job = {0};
    struct error err = {0};
    assert_int_equal(parse("source=nbd://a\ndisk=sda\nsource2=nbd://b\ndisk2=auto\nsource3=nbd://c\n", &job, &err), 0);
    assert_int_equal(job_parse_command_line("rehost.disk2=sdb", &job, &err), 0);
    assert_string_equal(job.disks[0].disk, "sda");
    assert_string_equal(job.disks[1].source, "nbd://b");
    assert_string_equal(job.disks[1].disk, "sdb");
    assert_string_equal(job.disks[2].source, "nbd://c");
    assert_null(job.disks[2].disk);
    assert_int_equal(job_check_disks(&job, &err), 0);
    assert_int_equal(parse("disk4=sdd\n", &job, &err), 0);
    assert_int_equal(job_check_disks(&job, &err), -1);
    assert_string_equal(err.message, "disk4 is given, and source4 is not");
    assert_int_equal(parse("source5=nbd://e\nsource4=nbd://a\n", &job, &err), 0);
    assert_int_equal(job_check_disks(&job, &err), -1);
    assert_string_equal(err.message, "nbd://a is named as the source of two disks");
    job_free(&job);
    assert_int_equal(parse("source=nbd://a\nsource16=nbd://p\n", &job, &err), 0);
    assert_int_equal(job_check_disks(&job, &err), -1);
    assert_string_equal(err.message, "source16 is given, and source15 is not: the disks are numbered without a gap");
    job_free(&job);
    refuses("disk2=a\ndisk2=b\n", "the key \"disk2\" is given twice");
    refuses("source2=10.0.2.2\n", "source2: ");
    refuses("disk1=a\n", "there is no key \"disk1\"");
    refuses("disk02=a\n", "there is no key \"disk02\"");
    refuses("disk17=a\n", "there is no key \"disk17\"");
    refuses("disk4294967298=a\n", "there is no key");
    refuses("nic2=a\n", "there is no key \"nic2\"");
}

static void the_command_line_wins_over_the_file_in_either_order(void **state)
{
    (void)state;
    const char *file = "source=nbd://from-file\ndisk=from-file\nconfirm=yes\nafter=halt\nmap=lan0=52:54:00:00:00:02\nmap=lan1=52:54:00:00:00:03\n"
                       "address=lan0=192.0.2.7/24\naddress=10.0.0.1=192.0.2.8/24,gateway=192.0.2.1\n";
    const char *line = "rehost.disk=from-line rehost.confirm=ask rehost.map=lan0=52:54:00:00:00:01 rehost.address=lan0=192.0.2.9/24";
    struct error err = {0};
    struct job job = {0};
    assert_int_equal(job_parse_command_line(line, &job, &err), 0);
    assert_int_equal(parse(file, &job, &err), 0);
    check_merged(&job);
    job_free(&job);
    assert_int_equal(parse(file, &job, &err), 0);
    assert_int_equal(job_parse_command_line(line, &job, &err), 0);
    check_merged(&job);
    job_free(&job);
}

static void a_mistake_leaves_the_job_as_it_was(void **state)
{
    (void)state;
    struct job job = {0};
    struct error err = {0};
    assert_int_equal(job_parse_command_line("rehost.disk=sda", &job, &err), 0);
    assert_int_equal(parse("nic=eth0\nnonsense\n", &job, &err), -1);
    assert_string_equal(job.disks[0].disk, "sda");
    assert_null(job.nic);
    job_free(&job);
}

static void a_job_is_a_bounded_text(void **state)
{
    (void)state;
    struct job job = {0};
    struct error err = {0};
    size_t length = JOB_FILE_MAX + 1;
    char *large = malloc(length + 1);
    assert_non_null(large);
    memset(large, '#', length);
    large[length] = '\0';
    assert_int_equal(job_parse_file(large, length, "x", &job, &err), -1);
    assert_non_null(strstr(err.message, "larger than 65536 bytes"));
    assert_int_equal(job_parse_file(large, length - 1, "x", &job, &err), 0);
    assert_int_equal(job_parse_file("disk=a\0b\n", 9, "x", &job, &err), -1);
    assert_non_null(strstr(err.message, "zero bytes"));
    memset(large, 'a', 8192);
    memcpy(large, "disk=", 5);
    large[8192] = '\0';
    assert_int_equal(job_parse_file(large, 8192, "x", &job, &err), -1);
    assert_non_null(strstr(err.message, "longer than"));
    free(large);
    job_free(&job);
}

/* Whatever comes in: an answer, no crash (the tests run under ASan and UBSan), and no half-taken job on an error. */
static void rubbish_is_survived(void **state)
{
    (void)state;
    static const char alphabet[] = "source=disk nicmapjob\"\n\r\t#=.:/,\x01\x7f\xff\xc3rehost.";
    unsigned seed = 20260727;
    for (int round = 0; round < 20000; round++) {
        char text[200];
        size_t length = (seed = seed * 1103515245u + 12345u) / 65536 % sizeof text;
        for (size_t i = 0; i < length; i++)
            text[i] = alphabet[(seed = seed * 1103515245u + 12345u) / 65536 % (sizeof alphabet - 1)];
        text[length ? length - 1 : 0] = '\0';
        struct job job = {0};
        struct error err = {0};
        if (job_parse_file(text, strlen(text), "rubbish", &job, &err) < 0) {
            assert_int_equal(job.given, 0);
            assert_true(err.message[0]);
        }
        job_free(&job);
        if (job_parse_command_line(text, &job, &err) < 0)
            assert_int_equal(job.given, 0);
        job_free(&job);
    }
}

static void the_machine_stands_in_the_name_of_its_job(void **state)
{
    (void)state;
    char *place = job_place_for("http://depot/${mac}/${mac:hexhyp}.job?${other}", "52:54:00:AA:bb:0c");
    assert_string_equal(place, "http://depot/52:54:00:aa:bb:0c/52-54-00-aa-bb-0c.job?${other}");
    free(place);
    assert_true(download_is_url("tftp://h/x"));
    assert_false(download_is_url("/run/x.job"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_every_key),
        cmocka_unit_test(a_wrong_key_is_named_with_its_line_and_the_nearest),
        cmocka_unit_test(a_repeated_key_is_refused),
        cmocka_unit_test(an_empty_or_wrong_value_is_refused),
        cmocka_unit_test(words_of_others_are_left_alone),
        cmocka_unit_test(quotes_hold_blanks_together),
        cmocka_unit_test(several_disks_are_numbered_without_a_gap),
        cmocka_unit_test(the_command_line_wins_over_the_file_in_either_order),
        cmocka_unit_test(a_mistake_leaves_the_job_as_it_was),
        cmocka_unit_test(a_job_is_a_bounded_text),
        cmocka_unit_test(rubbish_is_survived),
        cmocka_unit_test(the_machine_stands_in_the_name_of_its_job),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
