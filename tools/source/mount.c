/* nfs:// and smb://: the kernel mounts the folder, read-only and in a place that nobody else sees, by mount(2) alone. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../base/cleanup.h"
#include "../base/namespace.h"
#include "secret.h"
#include "transport.h"

#ifndef MS_NOSYMFOLLOW
#define MS_NOSYMFOLLOW 256 /* Linux 5.10; musl does not name it */
#endif
/* The server may be hostile: its links lead nowhere, its devices are none. */
#define FLAGS (MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_NOATIME | MS_NOSYMFOLLOW)
/* A server that is silent makes reads fail after two minutes; `hard` would hold us for ever. In tenths of a second. */
#define NFS_OPTIONS "softerr,timeo=300,retrans=3,proto=tcp"

static int say_no_driver(const char *protocol, struct error *err)
{
    error_set(err, "this machine's kernel cannot mount %s", protocol);
    return error_advise(err, "The appliance's can. Elsewhere load the module, or name the file by another way: https, ssh, or a copy.");
}

static int make_mount_point(struct source *source, struct error *err)
{
    if (namespace_enter(err) < 0)
        return -1;
    source->mount_point = checked_printf("%s/mnt", source->directory);
    return mkdir(source->mount_point, 0700) == 0 ? 0 : error_errno(err, "make %s", source->mount_point);
}

/* The file below the mount point, which nothing on the server leads out of. */
static int find_file(struct source *source, const char *path, struct error *err)
{
    cleanup_free char *below = checked_printf("%s/%s", source->mount_point, path);
    source->file = realpath(below, NULL);
    if (!source->file)
        return error_errno(err, "look at %s on the server", path);
    size_t length = strlen(source->mount_point);
    if (strncmp(source->file, source->mount_point, length) != 0 || source->file[length] != '/')
        return error_set(err, "%s leads out of what the server shares", path);
    return 0;
}

static int mount_nfs(const struct source *source, const char *what, const char *version, const char *address, const char *port)
{
    cleanup_free char *options = checked_printf(NFS_OPTIONS ",%s,addr=%s%s%s", version, address, port ? ",port=" : "", port ? port : "");
    return mount(what, source->mount_point, "nfs", FLAGS, options);
}

/* The folder itself is mounted: where the export ends need not be known. The newest version that the server has. */
int nfs_open(const struct source_uri *uri, const struct source_secrets *secrets, struct source *source, struct error *err)
{
    (void)secrets;
    static const char *const versions[] = {"vers=4.2", "vers=4.1", "vers=4.0", "vers=3,mountproto=tcp,nolock"};
    const char *name = strrchr(uri->path, '/') + 1;
    cleanup_free char *address = transport_address(uri, err);
    cleanup_free char *folder = checked_copy_bytes(uri->path, name - uri->path > 1 ? (size_t)(name - uri->path - 1) : 1);
    cleanup_free char *what = checked_printf(strchr(uri->host, ':') ? "[%s]:%s" : "%s:%s", uri->host, folder);
    if (!address || make_mount_point(source, err) < 0)
        return -1;
    for (size_t i = 0; i < sizeof versions / sizeof *versions; i++)
        if (mount_nfs(source, what, versions[i], address, uri->port) == 0)
            return find_file(source, name, err);
    if (errno == ENODEV)
        return say_no_driver("NFS", err);
    error_errno(err, "mount %s by NFS 4 or 3", what);
    return error_advise(err, "Check that the server exports the folder to this machine (showmount -e there), and that no firewall is in between.");
}

/* "DOMAIN;USER" or USER. A comma in a value is written twice. */
static void add_value(struct text *options, const char *name, const char *value, size_t length)
{
    text_printf(options, ",%s=", name);
    for (size_t i = 0; i < length; i++)
        text_append_bytes(options, value[i] == ',' ? ",," : value + i, value[i] == ',' ? 2 : 1);
}

static int add_login(const struct source_uri *uri, const struct source_secrets *secrets, struct text *options, struct error *err)
{
    cleanup_close int fd = -1;
    char password[1024];
    if (!uri->user) {
        text_append(options, ",guest");
        return 0;
    }
    if (secret_open(uri, secrets, SECRET_NEEDED, &fd, err) < 0)
        return -1;
    const char *semicolon = strchr(uri->user, ';'), *user = semicolon ? semicolon + 1 : uri->user;
    ssize_t length = pread(fd, password, sizeof password, 0);
    if (length < 0)
        return error_errno(err, "read the password");
    if (semicolon)
        add_value(options, "domain", uri->user, (size_t)(semicolon - uri->user));
    add_value(options, "user", user, strlen(user));
    add_value(options, "pass", password, (size_t)length);
    explicit_bzero(password, sizeof password);
    return 0;
}

static int mount_smb(const struct source_uri *uri, const struct source_secrets *secrets, const char *what, struct source *source, struct error *err)
{
    cleanup_free char *address = transport_address(uri, err);
    cleanup_text struct text options = {0};
    if (!address)
        return -1;
    text_printf(&options, "ip=%s", address);
    if (uri->port)
        text_printf(&options, ",port=%s", uri->port);
    if (add_login(uri, secrets, &options, err) < 0)
        return -1;
    int result = mount(what, source->mount_point, "cifs", FLAGS, options.data);
    if (result < 0 && errno == EACCES)
        error_set(err, "mount %s: the server does not accept the user or the password", what);
    else if (result < 0 && errno == ENODEV)
        say_no_driver("SMB", err);
    else if (result < 0)
        error_errno(err, "mount %s", what);
    explicit_bzero(options.data, options.length);
    return result;
}

int smb_open(const struct source_uri *uri, const struct source_secrets *secrets, struct source *source, struct error *err)
{
    size_t share_length = strcspn(uri->path + 1, "/");
    const char *path = uri->path + 1 + share_length;
    cleanup_free char *share = checked_copy_bytes(uri->path + 1, share_length), *what = checked_printf("//%s/%s", uri->host, share);
    if (!share_length || !*path || !path[1]) {
        error_set(err, "\"%.200s\" names no file of a share", uri->path);
        return error_advise(err, "It is smb://[[DOMAIN;]USER@]HOST/SHARE/PATH.");
    }
    if (make_mount_point(source, err) < 0 || mount_smb(uri, secrets, what, source, err) < 0)
        return -1;
    return find_file(source, path + 1, err);
}
