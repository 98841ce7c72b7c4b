/* A whole guest: every file that is looked for in one, and the plan that is made of them. The input is a text,
 *
 *     === etc/fstab
 *     UUID=… / ext4 defaults 0 1
 *     === sbin/init -> ../lib/systemd/systemd
 *
 * unpacked into a directory in memory, which is then inspected and planned for as a mounted disk would be. */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <string.h>
#include <sys/stat.h>

#include "base/program.h"
#include "fuzz.h"
#include "guest/guest.h"
#include "plan/plan.h"

#define FILES_MAX 64
#define MARK "=== "
#define HARDWARE "tests/hardware/qemu-two-cards-heard.json" /* with what was heard on the wires */

int __wrap_program_start_reading(const struct program *program, pid_t *pid, struct error *err);

static char *root;
static struct hardware hardware;

/* initrd_fuzz looks behind the decompressors; starting one takes a hundred times as long as all else here. */
int __wrap_program_start_reading(const struct program *program, pid_t *pid, struct error *err)
{
    (void)program, (void)pid;
    return error_set(err, "no program is started here");
}

/* Only plain names: the tree must not be left while it is made. What its links say is for the reader to resolve. */
static bool is_plain(const char *path)
{
    if (!*path || *path == '/' || strlen(path) > 200 || strstr(path, ".."))
        return false;
    for (; *path; path++)
        if ((unsigned char)*path <= ' ' || *path == 0x7f)
            return false;
    return true;
}

/* Every directory on the way is a plain one, as it was made here, or there is no file. */
static int open_directory_of(char *path, const char **name)
{
    int directory = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    for (char *slash; directory >= 0 && (slash = strchr(path, '/')); path = slash + 1) {
        *slash = '\0';
        mkdirat(directory, path, 0755);
        int next = openat(directory, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        close(directory);
        directory = next;
    }
    *name = path;
    return directory;
}

static void put(char *path, const char *content, size_t length)
{
    char *link = strstr(path, " -> ");
    if (link)
        *link = '\0';
    if (!is_plain(path))
        return;
    const char *name;
    cleanup_close int directory = open_directory_of(path, &name);
    if (directory < 0 || !*name)
        return;
    if (link && link[4]) {
        (void)!symlinkat(link + 4, directory, name);
        return;
    }
    cleanup_close int fd = openat(directory, name, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0755);
    if (fd >= 0)
        must(write(fd, content, length) == (ssize_t)length);
}

static void unpack(const char *text)
{
    unsigned files = 0;
    for (const char *at = strstr(text, MARK); at && files++ < FILES_MAX;) {
        const char *path = at + strlen(MARK), *content = path + strcspn(path, "\n");
        cleanup_free char *copy = checked_copy_bytes(path, (size_t)(content - path));
        content += *content == '\n';
        const char *next = strstr(content, "\n" MARK);
        put(copy, content, next ? (size_t)(next + 1 - content) : strlen(content));
        at = next ? next + 1 : NULL;
    }
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st, (void)type;
    return ftw->level == 0 ? 0 : remove(path);
}

static void prepare(void)
{
    if (root)
        return;
    must(hardware_load(HARDWARE, &hardware, NULL) == 0); /* from the top of the work tree */
    must(mkdtemp(root = fuzz_scratch()));
}

/* The job gives the first address of the guest, whatever that says, another one. */
static void change_address(const struct guest *guest, struct strings *changes)
{
    if (!guest->nic_count || !guest->nics[0].network_count)
        return;
    const char *address = guest->nics[0].networks[0].address;
    cleanup_free char *change = checked_printf("%.*s=%s", (int)strcspn(address, "/"), address, strchr(address, ':') ? "2001:db8::9/47" : "198.51.100.9/22");
    if (address_change_check(change, NULL) == 0)
        strings_add(changes, change);
}

static void plan_for(const struct guest *guest)
{
    cleanup_strings struct strings changes = {0};
    change_address(guest, &changes);
    struct plan_input input = {.guest = guest, .hardware = &hardware, .address_changes = &changes};
    struct plan plan;
    struct error err = {0};
    must(plan_make(&input, &plan, &err) == 0);
    cleanup_free char *text = plan_to_text(&plan, &input);
    cJSON *document = plan_to_json(&plan, &input);
    must(text && document);
    cJSON_Delete(document);
    plan_free(&plan);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cleanup_free char *text = fuzz_text(data, size);
    struct guest guest;
    struct error err = {0};
    prepare();
    unpack(text);
    if (guest_open(root, GUEST_READ, &guest, &err) == 0) {
        cJSON *document = guest_to_json(&guest);
        must(document);
        cJSON_Delete(document);
        plan_for(&guest);
        must(guest_close(&guest, NULL) == 0);
    } else {
        must(*err.message);
    }
    nftw(root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    return 0;
}
