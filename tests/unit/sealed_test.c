/* A program of the guest, sealed in: what it cannot see, reach and take. Each attack is a shell script. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include <cmocka.h>

#include "apply/chroot.h"
#include "base/cleanup.h"

/* Runs a shell sealed in, with this machine's own root as the guest's. */
static int sealed(const char *script, unsigned timeout_seconds, struct text *output, struct error *err)
{
    cleanup_close int root_fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct guest guest = {.root_fd = root_fd};
    cleanup_strings struct strings argv = {0};
    strings_add(&argv, "sh");
    strings_add(&argv, "-c");
    strings_add(&argv, script);
    return chroot_run(&guest, &argv, timeout_seconds, output, NULL, err);
}

/* The script must end well; what it printed is shown when it does not. */
static void assert_sealed(const char *script)
{
    struct error err = {0};
    if (geteuid() != 0)
        skip(); /* name spaces and mounts need root */
    if (sealed(script, 60, NULL, &err) < 0)
        fail_msg("%s", err.message);
}

static void a_sealed_program_sees_no_network(void **state)
{
    (void)state;
    assert_sealed("test \"$(grep -c : /proc/net/dev)\" = 1 && grep -q lo: /proc/net/dev");
}

static void a_sealed_program_sees_none_of_this_machines_firmware(void **state)
{
    (void)state;
    assert_sealed("test -z \"$(ls -A /sys/firmware)\"");
}

static void a_sealed_program_cannot_change_the_kernel(void **state)
{
    (void)state;
    assert_sealed("! (echo x >/proc/sys/kernel/core_pattern) 2>/dev/null && ! (echo s >/proc/sysrq-trigger) 2>/dev/null && ! (echo 1 >/sys/kernel/mm/ksm/run) 2>/dev/null");
}

static void a_sealed_program_cannot_mount_or_make_nodes(void **state)
{
    (void)state;
    assert_sealed("! mount -t tmpfs none /tmp 2>/dev/null && ! mknod /dev/x b 8 0 2>/dev/null && ! mknod /tmp/x b 8 0 2>/dev/null && ! chroot / true 2>/dev/null");
}

static void a_sealed_program_has_no_descriptor_of_ours(void **state)
{
    (void)state;
    struct error err = {0};
    cleanup_text struct text output = {0};
    cleanup_close int inherited = open("/", O_RDONLY | O_DIRECTORY); /* not O_CLOEXEC: a careless library's */
    if (geteuid() != 0)
        skip();
    assert_int_equal(sealed("ls /proc/$$/fd", 60, &output, &err), 0);
    assert_string_equal(output.data, "0\n1\n2\n");
}

static void a_sealed_program_sees_the_usual_devices(void **state)
{
    (void)state;
    assert_sealed("echo x >/dev/null && head -c 4 /dev/urandom >/dev/null && test -c /dev/tty && test -d /dev/pts && test -L /dev/fd && test -w /tmp && test -w /run");
}

static void a_sealed_program_sees_no_other_process_and_a_clean_environment(void **state)
{
    (void)state;
    setenv("REHOST_SECRET", "leaked", 1);
    assert_sealed("test -z \"$REHOST_SECRET\" && test \"$LANG\" = C && test \"$(ls -d /proc/[0-9]* | wc -l)\" -lt 8");
    unsetenv("REHOST_SECRET");
}

static void a_sealed_program_ends_in_time_with_all_its_children(void **state)
{
    (void)state;
    struct error err = {0};
    if (geteuid() != 0)
        skip();
    time_t start = time(NULL);
    assert_int_equal(sealed("setsid sleep 1234 & sleep 1234", 2, NULL, &err), -1);
    assert_non_null(strstr(err.message, "did not end within 2 seconds"));
    assert_true(time(NULL) - start < 600);
}

static void a_daemon_that_a_sealed_program_leaves_is_ended(void **state)
{
    (void)state;
    time_t start = time(NULL);
    assert_sealed("setsid sleep 1234 & exit 0");
    assert_true(time(NULL) - start < 600);
}

static void the_status_and_output_of_a_sealed_program_come_back(void **state)
{
    (void)state;
    struct error err = {0};
    cleanup_text struct text output = {0};
    if (geteuid() != 0)
        skip();
    assert_int_equal(sealed("echo no space; exit 7", 60, &output, &err), -1);
    assert_non_null(strstr(err.message, "status 7"));
    assert_string_equal(output.data, "no space\n");
}

/* Time 4711 on what a sealed program got hold of: as good as a change of its mode, and harmless. */
static void assert_unmarked(const char *path)
{
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    assert_int_not_equal(st.st_mtime, 4711);
}

static void a_sealed_program_cannot_reach_out_through_what_it_was_given(void **state)
{
    (void)state;
    assert_sealed("touch -d @4711 /proc/self/fd/0; ! touch -d @4711 /proc/1/exe /proc/1/fd/0 2>/dev/null");
    assert_unmarked("/dev/null");
    assert_unmarked("/proc/self/exe");
}

static void a_sealed_program_sees_nothing_of_our_memory_and_environment(void **state)
{
    (void)state;
    assert_sealed("! cat /proc/1/environ /proc/1/maps 2>/dev/null && ! readlink /proc/1/fd/0 /proc/1/exe /proc/1/cwd && ! perl -e 'open(my $f, \"<\", \"/proc/1/mem\") or exit 1'");
}

static void a_sealed_program_cannot_stop_what_watches_it(void **state)
{
    (void)state;
    assert_sealed("kill -STOP 1; kill -KILL 1; ! perl -e 'syscall(101, 16, 1, 0, 0) == 0 or exit 1'");
}

static void a_sealed_program_gets_no_capability_back(void **state)
{
    (void)state;
    assert_sealed("! unshare --user --map-root-user true 2>/dev/null && ! unshare --mount true 2>/dev/null && ! unshare --user true 2>/dev/null");
}

/* By the number of a file that it may see it would open any other: name_to_handle_at, open_by_handle_at. */
static void a_sealed_program_opens_no_file_by_number(void **state)
{
    (void)state;
    assert_sealed("perl -e 'my $h = pack(\"Ii\", 128, 0) . \"\\0\" x 128; my $m = pack(\"i\", 0); my $p = \"/tmp\"; open(my $f, \">\", \"/tmp/x\") or exit 2;"
                  " syscall(303, -100, $p, $h, $m, 0) == 0 or exit 3; exit(syscall(304, fileno($f), $h, 0) < 0 && $!{EPERM} ? 0 : 4)'");
}

/* keyctl(KEYCTL_GET_KEYRING_ID, user's keyring); a socket to the host of a virtual machine; io_uring; the loop device's LOOP_CLR_FD. */
static void a_sealed_program_has_none_of_the_kernels_rare_services(void **state)
{
    (void)state;
    assert_sealed("perl -e 'use Errno; exit(syscall(250, 0, -4, 0) < 0 && $!{EPERM} ? 0 : 1)'");
    assert_sealed("perl -e 'use Errno; exit(syscall(41, 40, 1, 0) < 0 && $!{EAFNOSUPPORT} ? 0 : 1)'");
    assert_sealed("perl -e 'use Errno; my $p = \"\\0\" x 120; exit(syscall(425, 1, $p) < 0 && $!{EPERM} ? 0 : 1)'");
    assert_sealed("perl -e 'use Errno; exit(syscall(16, 0, 0x4c01, 0) < 0 && $!{EPERM} ? 0 : 1)'");
    assert_sealed("perl -e 'use Errno; exit(syscall(0x40000000 + 39) < 0 && $!{ENOSYS} ? 0 : 1)'");
}

static void a_sealed_program_still_has_the_usual_sockets_and_requests(void **state)
{
    (void)state;
    assert_sealed("perl -e 'syscall(41, $_, 2, 0) >= 0 or exit $_ for (1, 2, 16); exit(syscall(16, 0, 0x5401, 0) < 0 && $!{ENOTTY} ? 0 : 99)'");
}

static void a_sealed_program_does_not_see_this_machines_command_line(void **state)
{
    (void)state;
    assert_sealed("test -z \"$(cat /proc/cmdline)\" && read -r line </proc/cmdline");
}

/* In a child with a terminal of its own, as a shell would have that the program is started from. 0: the program got at it. */
static int reaches_terminal(const char *script)
{
    int terminal_fd = posix_openpt(O_RDWR | O_NOCTTY);
    assert_true(terminal_fd >= 0 && grantpt(terminal_fd) == 0 && unlockpt(terminal_fd) == 0);
    const char *name = ptsname(terminal_fd);
    assert_non_null(name);
    pid_t child = fork();
    if (child == 0) {
        setsid();
        int fd = open(name, O_RDWR); /* that makes it the session's */
        _exit(fd < 0 || open("/dev/tty", O_RDWR) < 0 ? 2 : sealed(script, 60, NULL, NULL) == 0 ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    close(terminal_fd);
    return WEXITSTATUS(status);
}

static void a_sealed_program_cannot_type_into_our_terminal(void **state)
{
    (void)state;
    if (geteuid() != 0)
        skip();
    assert_int_equal(reaches_terminal(": >/dev/tty"), 1);
    assert_int_equal(reaches_terminal("true"), 0); /* or the first would say nothing */
}

static void what_a_sealed_program_prints_is_bounded_and_plain(void **state)
{
    (void)state;
    struct error err = {0};
    cleanup_text struct text output = {0};
    if (geteuid() != 0)
        skip();
    assert_int_equal(sealed("head -c 50000000 /dev/zero | tr '\\0' x; printf '\\033]0;owned\\007\\033[2J\\302\\233H\\n'; exit 1", 120, &output, &err), -1);
    assert_true(output.length < 200000);
    assert_null(strchr(err.message, '\033'));
    assert_null(strchr(err.message, '\007'));
    assert_null(strstr(err.message, "\302\233"));
    assert_non_null(strstr(err.message, "owned"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sealed_program_sees_no_network),
        cmocka_unit_test(a_sealed_program_sees_none_of_this_machines_firmware),
        cmocka_unit_test(a_sealed_program_cannot_change_the_kernel),
        cmocka_unit_test(a_sealed_program_cannot_mount_or_make_nodes),
        cmocka_unit_test(a_sealed_program_has_no_descriptor_of_ours),
        cmocka_unit_test(a_sealed_program_sees_the_usual_devices),
        cmocka_unit_test(a_sealed_program_sees_no_other_process_and_a_clean_environment),
        cmocka_unit_test(a_sealed_program_ends_in_time_with_all_its_children),
        cmocka_unit_test(a_daemon_that_a_sealed_program_leaves_is_ended),
        cmocka_unit_test(the_status_and_output_of_a_sealed_program_come_back),
        cmocka_unit_test(a_sealed_program_cannot_reach_out_through_what_it_was_given),
        cmocka_unit_test(a_sealed_program_sees_nothing_of_our_memory_and_environment),
        cmocka_unit_test(a_sealed_program_cannot_stop_what_watches_it),
        cmocka_unit_test(a_sealed_program_gets_no_capability_back),
        cmocka_unit_test(a_sealed_program_opens_no_file_by_number),
        cmocka_unit_test(a_sealed_program_has_none_of_the_kernels_rare_services),
        cmocka_unit_test(a_sealed_program_still_has_the_usual_sockets_and_requests),
        cmocka_unit_test(a_sealed_program_does_not_see_this_machines_command_line),
        cmocka_unit_test(a_sealed_program_cannot_type_into_our_terminal),
        cmocka_unit_test(what_a_sealed_program_prints_is_bounded_and_plain),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
