/* See package_files.h. */
#include "package_files.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../base/cleanup.h"
#include "../base/download.h"
#include "../base/root.h"

#define FILES_MAX 64
#define DOWNLOAD_MAX (192u << 20) /* a kernel with all its modules has 70 to 100 MB; it lies in the appliance's memory meanwhile */
#define DOWNLOAD_SECONDS 1800

/* It becomes a file name in the guest, and a word of a command line. */
static bool is_package_name(const char *name)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._+~:%-";
    return (string_ends(name, ".deb") || string_ends(name, ".rpm")) && *name != '-' && *name != '.' && strspn(name, letters) == strlen(name);
}

static int take_file(const char *path, struct package_files *files, struct error *err)
{
    struct stat st;
    const char *name = strrchr(path, '/') + 1;
    if (stat(path, &st) < 0)
        return error_errno(err, "%s", path);
    if (!S_ISREG(st.st_mode) || !is_package_name(name))
        return error_set(err, "%s is no file whose name ends in .deb or .rpm", path);
    if (files->files.count == FILES_MAX)
        return error_set(err, "%s: more than %d packages", path, FILES_MAX);
    strings_add(&files->files, path);
    return 0;
}

static int take_folder(const char *path, struct package_files *files, struct error *err)
{
    cleanup_strings struct strings names = {0};
    cleanup_close int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    size_t before = files->files.count;
    if (fd < 0 || root_list(fd, "/", &names) < 0)
        return error_errno(err, "list %s", path);
    for (size_t i = 0; i < names.count; i++) {
        cleanup_free char *file = checked_printf("%s/%s", path, names.items[i]);
        if (is_package_name(names.items[i]) && take_file(file, files, err) < 0)
            return -1;
    }
    return files->files.count > before ? 0 : error_set(err, "there is no .deb or .rpm file in %s", path);
}

static int take_url(const char *url, struct package_files *files, struct error *err)
{
    char directory[] = "/tmp/rehost-packages-XXXXXX";
    const char *name = strrchr(url, '/') + 1;
    if (!is_package_name(name))
        return error_set(err, "%s does not end in the name of a .deb or .rpm file", url);
    if (!files->directory && !mkdtemp(directory))
        return error_errno(err, "make a directory in /tmp");
    if (!files->directory)
        files->directory = checked_copy(directory);
    cleanup_free char *file = checked_printf("%s/%s", files->directory, name);
    strings_add(&files->downloads, file);
    if (download(url, file, DOWNLOAD_MAX, DOWNLOAD_SECONDS, err) < 0) {
        error_prefix(err, "%s", url);
        return error_advise(err, "See whether the server serves this name, to this network; a package has %u MiB at most.", DOWNLOAD_MAX >> 20);
    }
    return take_file(file, files, err);
}

static int take_place(const char *place, struct package_files *files, struct error *err)
{
    struct stat st;
    if (download_is_url(place))
        return take_url(place, files, err);
    cleanup_free char *path = realpath(place, NULL);
    if (!path || stat(path, &st) < 0)
        return error_errno(err, "%s", place);
    return S_ISDIR(st.st_mode) ? take_folder(path, files, err) : take_file(path, files, err);
}

int package_files_gather(const struct strings *places, struct package_files *files, struct error *err)
{
    for (size_t i = 0; i < places->count; i++)
        if (take_place(places->items[i], files, err) < 0)
            return -1;
    return 0;
}

void package_files_free(struct package_files *files)
{
    for (size_t i = 0; i < files->downloads.count; i++)
        unlink(files->downloads.items[i]);
    if (files->directory)
        rmdir(files->directory);
    free(files->directory);
    strings_free(&files->files);
    strings_free(&files->downloads);
    *files = (struct package_files){0};
}
