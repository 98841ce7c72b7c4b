/* See packages.h.
 *
 *     /var/lib/rehost/packages/installed.json   the package manager, the packages that it is to take away again, and their files' names
 *     /var/lib/rehost/packages/NAME.deb         a package while it is installed */
#include "packages.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "../base/cleanup.h"
#include "../base/json.h"
#include "../base/root.h"
#include "chroot.h"
#include "package_files.h"
#include "replace.h"

#define DIRECTORY "/var/lib/rehost/packages"
#define RECORD DIRECTORY "/installed.json"
#define RECORD_MAX 65536
#define INSTALL_SECONDS 3600 /* a kernel's package makes its initrd too */
#define ASK_SECONDS 120
#define NOT_THERE 1

/* How each package manager is asked; the packages follow. */
static const struct manager {
    const char *program, *ending;
    const char *names[5];   /* of the packages in files, one line each */
    const char *present[4]; /* ends well when it is installed already, in whatever version the name means; otherwise with NOT_THERE */
    const char *install[4], *remove[4];
} managers[] = {
    {"dpkg", ".deb", {"dpkg-deb", "--show", "--showformat=${Package}\n"}, {"dpkg-query", "--status"}, {"dpkg", "--force-confold", "--install"}, {"dpkg", "--purge"}},
    /* Not an update: an old kernel stays beside the new one. */
    {"rpm", ".rpm", {"rpm", "--query", "--queryformat=%{NAME}-%{VERSION}-%{RELEASE}\n", "--package"}, {"rpm", "--query"}, {"rpm", "--install"}, {"rpm", "--erase"}},
};

static const struct manager *manager_of(const char *file)
{
    for (size_t i = 0; i < sizeof managers / sizeof *managers; i++)
        if (string_ends(file, managers[i].ending))
            return &managers[i];
    return NULL;
}

static int ask_manager(const struct guest *guest, const char *const *command, const struct strings *words, unsigned seconds, struct text *output, int *exit_status,
                       struct error *err)
{
    cleanup_strings struct strings argv = {0};
    for (; *command; command++)
        strings_add(&argv, *command);
    for (size_t i = 0; i < words->count; i++)
        strings_add(&argv, words->items[i]);
    return chroot_run(guest, &argv, seconds, output, exit_status, err);
}

static cJSON *read_record(const struct guest *guest)
{
    cleanup_free char *text = root_read(guest->root_fd, RECORD, RECORD_MAX, NULL);
    return text ? cJSON_Parse(text) : NULL;
}

static int write_record(const struct guest *guest, const struct manager *manager, const struct strings *names, const struct strings *files, struct error *err)
{
    cleanup_json cJSON *record = cJSON_CreateObject();
    json_add_string(record, "manager", manager->program);
    json_add_strings(record, "packages", names);
    json_add_strings(record, "files", files);
    char *text = cJSON_Print(record);
    int result = text ? replace_file(guest->root_fd, RECORD, text, strlen(text), 0600, err) : error_set(err, "no memory for %s", RECORD);
    cJSON_free(text);
    return result;
}

bool packages_are_installed(const struct guest *guest)
{
    return guest->root_fd >= 0 && root_is_file(guest->root_fd, RECORD);
}

static int ask_present(const struct guest *guest, const struct manager *manager, const char *name, int *status, struct error *err)
{
    char *item = (char *)name;
    struct strings word = {.items = &item, .count = 1};
    return ask_manager(guest, manager->present, &word, ASK_SECONDS, NULL, status, err);
}

/* A package that is only taken for absent would be left behind, or, when it was there before us, be taken away with ours. To an rpm that cannot open its
 * database every package is absent: that it knows itself shows that it could. */
static int find_presence(const struct guest *guest, const struct manager *manager, const char *name, bool *present, struct error *err)
{
    int status;
    struct error unclear = {0};
    *present = ask_present(guest, manager, name, &status, &unclear) == 0;
    if (*present || (status == NOT_THERE && ask_present(guest, manager, manager->program, &status, &unclear) == 0))
        return 0;
    return error_set(err, "ask %s whether %s is installed: %s", manager->program, name, unclear.message);
}

static int find_present(const struct guest *guest, const struct manager *manager, const struct strings *names, struct strings *present, struct error *err)
{
    for (size_t i = 0; i < names->count; i++) {
        bool is_present;
        if (find_presence(guest, manager, names->items[i], &is_present, err) < 0)
            return -1;
        if (is_present)
            strings_add(present, names->items[i]);
    }
    return 0;
}

/* The record lies in the guest and is not trusted: the manager is one of ours, and no name is an option. What was to be installed and never was is left
 * out, as rpm refuses all of a list that has one of these. */
int packages_remove(const struct guest *guest, struct error *err)
{
    cleanup_json cJSON *record = read_record(guest);
    cleanup_strings struct strings names = {0}, present = {0};
    const struct manager *manager = NULL;
    for (size_t i = 0; i < sizeof managers / sizeof *managers; i++)
        if (string_is(json_string(record, "manager"), managers[i].program))
            manager = &managers[i];
    json_strings(record, "packages", &names);
    for (size_t i = 0; i < names.count; i++)
        if (*names.items[i] == '-')
            manager = NULL;
    if (!manager)
        return error_set(err, "%s is damaged", RECORD);
    if (find_present(guest, manager, &names, &present, err) < 0 ||
        (present.count && ask_manager(guest, manager->remove, &present, INSTALL_SECONDS, NULL, NULL, err) < 0))
        return error_prefix(err, "take the packages away that were handed in");
    return remove_file(guest->root_fd, RECORD, err);
}

/* The path of each in the guest. */
static int copy_all(const struct guest *guest, const struct strings *files, struct strings *paths, struct error *err)
{
    for (size_t i = 0; i < files->count; i++) {
        cleanup_close int fd = open(files->items[i], O_RDONLY | O_CLOEXEC);
        cleanup_free char *path = checked_printf("%s/%s", DIRECTORY, strrchr(files->items[i], '/') + 1);
        if (fd < 0)
            return error_errno(err, "open %s", files->items[i]);
        strings_add(paths, path);
        if (restore_file(guest->root_fd, path, fd, err) < 0)
            return -1;
    }
    return 0;
}

static void remove_copies(const struct guest *guest, const struct strings *paths)
{
    for (size_t i = 0; i < paths->count; i++)
        (void)remove_file(guest->root_fd, paths->items[i], NULL); /* what stays does no harm */
}

/* The names of those packages that are not there yet: only these can be taken away again. */
static int find_new(const struct guest *guest, const struct manager *manager, const struct strings *paths, struct strings *names, struct error *err)
{
    for (size_t i = 0; i < paths->count; i++) {
        cleanup_text struct text output = {0};
        struct strings one = {.items = &paths->items[i], .count = 1};
        bool is_present;
        if (ask_manager(guest, manager->names, &one, ASK_SECONDS, &output, NULL, err) < 0)
            return error_prefix(err, "%s is no package", strrchr(paths->items[i], '/') + 1);
        cleanup_free char *printed = text_take(&output);
        char *name = string_trim(printed);
        if (!*name || *name == '-' || strpbrk(name, " \n"))
            return error_set(err, "%s has the name \"%s\", which no package has", strrchr(paths->items[i], '/') + 1, name);
        if (find_presence(guest, manager, name, &is_present, err) < 0)
            return -1;
        if (!is_present)
            strings_add_new(names, name);
    }
    return 0;
}

static int install_copies(const struct guest *guest, const struct manager *manager, const struct strings *paths, const struct strings *files, struct error *err)
{
    cleanup_strings struct strings names = {0};
    cleanup_json cJSON *before = read_record(guest);
    json_strings(before, "packages", &names);
    /* Written first: what a power cut leaves half installed can be taken away, too. */
    if (find_new(guest, manager, paths, &names, err) < 0 || write_record(guest, manager, &names, files, err) < 0)
        return -1;
    if (ask_manager(guest, manager->install, paths, INSTALL_SECONDS, NULL, NULL, err) == 0)
        return 0;
    struct error second = {0};
    if (packages_remove(guest, &second) < 0)
        error_advise(err, "Taking away what was begun failed too: %s", second.message);
    else
        error_advise(err, "What was begun was taken away again. Hand in the packages that it lacks as well, or none.");
    return -1;
}

/* Those whose names do not stand in the record; with them, `all` has every name. */
static void leave_out_known(const struct guest *guest, const struct strings *files, struct strings *fresh, struct strings *all)
{
    cleanup_json cJSON *record = read_record(guest);
    json_strings(record, "files", all);
    for (size_t i = 0; i < files->count; i++) {
        const char *name = strrchr(files->items[i], '/') + 1;
        if (strings_contain(all, name))
            continue;
        strings_add(fresh, files->items[i]);
        strings_add(all, name);
    }
}

static const struct manager *find_manager(const struct guest *guest, const struct strings *files, struct error *err)
{
    const struct manager *manager = manager_of(files->items[0]);
    for (size_t i = 0; i < files->count; i++)
        if (manager_of(files->items[i]) != manager) {
            error_set(err, "%s and %s are not for one package manager", files->items[0], files->items[i]);
            return NULL;
        }
    if (system_has_program(guest->root_fd, manager->program))
        return manager;
    error_set(err, "the system has no %s, which %s is for", manager->program, files->items[0]);
    error_advise(err, "Hand in packages of the system's own kind (Debian: .deb; Red Hat, SUSE: .rpm).");
    return NULL;
}

static int install_files(const struct guest *guest, const struct strings *files, struct strings *installed, struct error *err)
{
    cleanup_strings struct strings fresh = {0}, all = {0}, paths = {0};
    leave_out_known(guest, files, &fresh, &all);
    if (!fresh.count)
        return 0;
    const struct manager *manager = find_manager(guest, &fresh, err);
    if (!manager)
        return -1;
    int result = copy_all(guest, &fresh, &paths, err);
    if (result == 0)
        result = install_copies(guest, manager, &paths, &all, err);
    remove_copies(guest, &paths);
    for (size_t i = 0; result == 0 && installed && i < fresh.count; i++)
        strings_add(installed, strrchr(fresh.items[i], '/') + 1);
    return result;
}

int packages_install(const struct guest *guest, const struct strings *places, struct strings *installed, struct error *err)
{
    struct package_files files = {0};
    int result = package_files_gather(places, &files, err);
    if (result == 0)
        result = install_files(guest, &files.files, installed, err);
    package_files_free(&files);
    return result < 0 ? error_prefix(err, "install the packages that were handed in") : 0;
}
