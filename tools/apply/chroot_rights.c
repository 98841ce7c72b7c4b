/* See chroot_rights.h. */
#include "chroot_rights.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* What programs that own files need. Not among them: modules, reboot, clock, raw I/O, device nodes, mounts, tracing; nor
 * CAP_DAC_READ_SEARCH, which opens files by number (open_by_handle_at), wherever they lie on a file system. */
static const unsigned kept_capabilities[] = {CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_FOWNER, CAP_FSETID, CAP_KILL, CAP_SETGID, CAP_SETUID};

static bool is_kept(unsigned capability)
{
    for (size_t i = 0; i < sizeof kept_capabilities / sizeof *kept_capabilities; i++)
        if (kept_capabilities[i] == capability)
            return true;
    return false;
}

static int drop_capabilities(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2] = {{0}};
    for (unsigned capability = 0; prctl(PR_CAPBSET_READ, capability) >= 0; capability++)
        if (!is_kept(capability) && prctl(PR_CAPBSET_DROP, capability) < 0)
            return -1;
    for (size_t i = 0; i < sizeof kept_capabilities / sizeof *kept_capabilities; i++)
        data[kept_capabilities[i] / 32].permitted |= 1u << kept_capabilities[i] % 32;
    data[0].effective = data[0].permitted;
    data[1].effective = data[1].permitted;
    return (int)syscall(SYS_capset, &header, data);
}

/* The calls by their numbers, as a program of 32 bits on a kernel of 64 has others (arch/x86/entry/syscalls/ of the kernel). */
struct calls {
    unsigned architecture, socket, ioctl;
    unsigned none[8]; /* no name space keeps keyrings apart; the others are of no use to such programs, and had holes */
};

static const struct calls calls_of_64_bits = {AUDIT_ARCH_X86_64, 41, 16,
    /* add_key, request_key, keyctl, bpf, perf_event_open, userfaultfd, io_uring_setup, ptrace */
    {248, 249, 250, 321, 298, 323, 425, 101}};
static const struct calls calls_of_32_bits = {AUDIT_ARCH_I386, 359, 54, {286, 287, 288, 357, 336, 374, 425, 26}};
#define SOCKETCALL_OF_32_BITS 102 /* hides what kind of socket is asked for */
#define X32_BIT 0x40000000 /* calls of 64 bits under other numbers */
#define LOOP_FIRST 0x4c00  /* LOOP_SET_FD and those after it: the guest's disk may be a loop device of this machine */
#define LOOP_LAST 0x4cff

struct filter {
    struct sock_filter steps[96];
    unsigned short count;
};

static void add(struct filter *filter, struct sock_filter step)
{
    filter->steps[filter->count++] = step;
}

#define LOAD(field) ((struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field)))
#define IF(comparison, value, yes, no) ((struct sock_filter)BPF_JUMP(BPF_JMP | (comparison) | BPF_K, (value), (yes), (no)))
#define ANSWER(action) ((struct sock_filter)BPF_STMT(BPF_RET | BPF_K, (action)))
#define REFUSE(number) ANSWER(SECCOMP_RET_ERRNO | (number))
#define ALLOW ANSWER(SECCOMP_RET_ALLOW)

static void refuse_call(struct filter *filter, unsigned number, unsigned with)
{
    add(filter, IF(BPF_JEQ, number, 0, 1));
    add(filter, REFUSE(with));
}

/* The network name space holds the Internet's sockets back, and not those of a virtual machine to its host (AF_VSOCK). */
static void allow_usual_sockets(struct filter *filter, unsigned number)
{
    static const unsigned usual[] = {AF_UNIX, AF_INET, AF_INET6, AF_NETLINK};
    const unsigned char count = sizeof usual / sizeof *usual;
    add(filter, IF(BPF_JEQ, number, 0, 2 + count));
    add(filter, LOAD(args[0]));
    for (unsigned char i = 0; i < count; i++)
        add(filter, IF(BPF_JEQ, usual[i], count - i, 0));
    add(filter, REFUSE(EAFNOSUPPORT));
    add(filter, LOAD(nr));
}

static void refuse_requests(struct filter *filter, unsigned number, unsigned first, unsigned last)
{
    add(filter, IF(BPF_JEQ, number, 0, 5));
    add(filter, LOAD(args[1]));
    add(filter, IF(BPF_JGE, first, 0, 2));
    add(filter, IF(BPF_JGT, last, 1, 0));
    add(filter, REFUSE(EPERM));
    add(filter, LOAD(nr));
}

static void add_calls(struct filter *filter, const struct calls *calls)
{
    unsigned short start = filter->count;
    add(filter, (struct sock_filter){0}); /* filled in below: on to the next architecture */
    add(filter, LOAD(nr));
    for (size_t i = 0; i < sizeof calls->none / sizeof *calls->none; i++)
        refuse_call(filter, calls->none[i], EPERM);
    if (calls->architecture == AUDIT_ARCH_I386)
        refuse_call(filter, SOCKETCALL_OF_32_BITS, EAFNOSUPPORT);
    else {
        add(filter, IF(BPF_JGE, X32_BIT, 0, 1));
        add(filter, REFUSE(ENOSYS));
    }
    allow_usual_sockets(filter, calls->socket);
    refuse_requests(filter, calls->ioctl, LOOP_FIRST, LOOP_LAST);
    add(filter, ALLOW);
    filter->steps[start] = IF(BPF_JEQ, calls->architecture, 0, (unsigned char)(filter->count - start - 1));
}

static int refuse_rare_calls(void)
{
    struct filter filter = {.count = 0};
    add(&filter, LOAD(arch));
    add_calls(&filter, &calls_of_64_bits);
    add_calls(&filter, &calls_of_32_bits);
    add(&filter, REFUSE(ENOSYS));
    struct sock_fprog program = {.len = filter.count, .filter = filter.steps};
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0);
}

int rights_give_up(const char **doing)
{
    *doing = "drop capabilities";
    if (drop_capabilities() < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return -1;
    *doing = "refuse rare calls of the kernel";
    return refuse_rare_calls();
}
