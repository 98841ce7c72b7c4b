/* See source.h.
 *
 *     URI → transport (a file, or its bytes over NBD) → what format is it? → raw: as it is; otherwise qemu-nbd over it */
#include "source.h"

#include <ctype.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "../base/cleanup.h"
#include "../base/program.h"
#include "../base/root.h"
#include "../nbd/uri.h"
#include "image.h"
#include "parts.h"
#include "pin.h"
#include "probe.h"
#include "transport.h"

static bool speaks_nbd(const char *uri)
{
    return string_starts(uri, "nbd:") || string_starts(uri, "nbds:") || string_starts(uri, "nbd+") || string_starts(uri, "nbds+");
}

bool source_is_uri(const char *what)
{
    size_t scheme = strspn(what, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ+"); /* small letters alone are understood; that is said */
    return string_starts(what, "file:") || string_starts(what, "nbd:") || (scheme && string_starts(what + scheme, "://"));
}

static int check_nbd(const char *uri, struct error *err)
{
    struct nbd_uri nbd;
    if (nbd_uri_parse(uri, &nbd, err) < 0)
        return -1;
    nbd_uri_free(&nbd);
    return 0;
}

int source_check(const char *uri, struct error *err)
{
    for (const char *at = uri; *at; at++)
        if (isspace((unsigned char)*at) || iscntrl((unsigned char)*at)) {
            error_set(err, "\"%.200s\" is no source: it holds blanks or control characters", uri);
            return error_advise(err, "A blank in a name is written %%20.");
        }
    if (speaks_nbd(uri))
        return check_nbd(uri, err);
    cleanup_source_uri struct source_uri parsed;
    return source_uri_parse(uri, &parsed, err);
}

static bool is_this_machine(const char *host)
{
    return string_is(host, "localhost") || string_is(host, "::1") || (string_starts(host, "127.") && strspn(host, "0123456789.") == strlen(host));
}

bool source_is_local(const char *uri)
{
    struct nbd_uri nbd;
    if (speaks_nbd(uri)) {
        if (nbd_uri_parse(uri, &nbd, NULL) < 0)
            return false;
        bool local = nbd.socket || is_this_machine(nbd.host);
        nbd_uri_free(&nbd);
        return local;
    }
    cleanup_source_uri struct source_uri parsed;
    return source_uri_parse(uri, &parsed, NULL) == 0 && (!parsed.host || is_this_machine(parsed.host));
}

static bool is_in_memory(const char *directory)
{
    struct statfs fs;
    return statfs(directory, &fs) == 0 && (fs.f_type == TMPFS_MAGIC || fs.f_type == RAMFS_MAGIC);
}

/* In memory where that is to be had, and with a path short enough for a Unix socket. */
static int make_directory(struct source *source, struct error *err)
{
    const char *temporary = getenv("TMPDIR");
    const char *const places[] = {"/run", "/dev/shm", temporary && *temporary == '/' ? temporary : "/tmp", "/tmp"};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        cleanup_free char *directory = checked_printf("%s/rehost-XXXXXX", places[i]);
        if ((i >= 2 || is_in_memory(places[i])) && mkdtemp(directory)) {
            source->directory = take_pointer(directory);
            return 0;
        }
    }
    return error_errno(err, "make a directory for the source's sockets");
}

static int file_open(const struct source_uri *uri, const struct source_secrets *secrets, struct source *source, struct error *err)
{
    (void)secrets;
    source->file = realpath(uri->path, NULL);
    return source->file ? 0 : error_errno(err, "look at %s", uri->path);
}

static transport_open *const transports[SCHEME_COUNT] = {
    [SCHEME_FILE] = file_open, [SCHEME_HTTP] = http_open, [SCHEME_HTTPS] = http_open, [SCHEME_SSH] = ssh_open,
    [SCHEME_ISCSI] = iscsi_open, [SCHEME_NFS] = nfs_open, [SCHEME_SMB] = smb_open,
};

/* A raw disk in a file. */
static int serve_file(struct source *source, struct error *err)
{
    cleanup_strings struct strings options = {0};
    cleanup_free char *file = checked_printf("file=%s", source->file);
    strings_add(&options, "file");
    strings_add(&options, file);
    struct adapter_command command = {.directory = source->directory, .name = "image", .options = &options, .secret_fd = -1};
    return adapter_start_nbdkit(&command, &source->image, err);
}

static int read_ends(const struct source *source, struct format_ends *ends, struct error *err)
{
    return source->file ? probe_file(source->file, ends, err) : probe_adapter(&source->transport, ends, err);
}

static int open_format(const struct source_uri *uri, struct source *source, struct error *err)
{
    struct format_ends ends;
    enum format format;
    if (read_ends(source, &ends, err) < 0 || format_choose(uri->path, uri->settings[SETTING_FORMAT], &ends, &format, err) < 0)
        return -1;
    if (format == FORMAT_RAW && !source->file) {
        source->nbd_uri = probe_uri(source->transport.path);
        return 0;
    }
    if (format == FORMAT_VMDK && parts_are_elsewhere(source, &ends) && parts_open(source, err) < 0)
        return -1;
    if (format == FORMAT_RAW ? serve_file(source, err) < 0 : image_open(source, format, err) < 0)
        return -1;
    source->nbd_uri = probe_uri(source->image.path);
    return probe_adapter(&source->image, &ends, err);
}

/* The adapters say what is wrong, in their own words, and not what can be done here. */
static void advise(enum scheme scheme, struct error *err)
{
    if (scheme == SCHEME_SSH && strstr(err->message, "host key"))
        error_advise(err, "Ask the server itself for its key's fingerprint (ssh-keygen -l -f /etc/ssh/ssh_host_ed25519_key.pub), and write it behind the "
                          "URI: #fingerprint=SHA256:…");
    else if (scheme == SCHEME_HTTPS && strstr(err->message, "ertificate"))
        error_advise(err, "If no public authority has signed the server's certificate, ask the server itself for its fingerprint (openssl x509 -noout "
                          "-fingerprint -sha256 -in FILE), and write it behind the URI: #fingerprint=SHA256:… This machine's clock counts, too.");
    else if (scheme != SCHEME_FILE)
        error_advise(err, "Check the server's name, the path, the user and the password, and that no firewall is in between.");
}

static int open_adapters(const struct source_uri *uri, const struct source_secrets *secrets, struct source *source, struct error *err)
{
    struct error failure = {0};
    if (make_directory(source, &failure) == 0 && transports[uri->scheme](uri, secrets, source, &failure) == 0 && open_format(uri, source, &failure) == 0)
        return 0;
    if (!strstr(failure.message, source->uri))
        error_prefix(&failure, "%.300s", source->uri);
    advise(uri->scheme, &failure);
    source_close(source);
    if (err)
        *err = failure;
    return -1;
}

int source_open(const char *uri, const struct source_secrets *secrets, struct source *source, struct error *err)
{
    *source = (struct source){0};
    if (speaks_nbd(uri)) {
        if (check_nbd(uri, err) < 0)
            return -1;
        source->uri = checked_copy(uri);
        source->nbd_uri = checked_copy(uri);
        return 0;
    }
    cleanup_source_uri struct source_uri parsed;
    if (source_uri_parse(uri, &parsed, err) < 0)
        return -1;
    source->uri = checked_copy(uri);
    return open_adapters(&parsed, secrets, source, err);
}

int source_open_file(const char *file, struct source *source, struct error *err)
{
    cleanup_source_uri struct source_uri uri = {.scheme = SCHEME_FILE, .path = checked_copy(file)};
    *source = (struct source){0};
    source->uri = checked_copy(file);
    return open_adapters(&uri, NULL, source, err);
}

/* Sockets, and what an adapter was given to read. */
static void remove_directory(const char *directory)
{
    cleanup_strings struct strings names = {0};
    cleanup_close int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || root_list(fd, "/", &names) < 0)
        return;
    for (size_t i = 0; i < names.count; i++)
        if (unlinkat(fd, names.items[i], 0) < 0)
            unlinkat(fd, names.items[i], AT_REMOVEDIR); /* a mount point, empty again */
    rmdir(directory);
}

void source_close(struct source *source)
{
    parts_close(source);
    adapter_end(&source->image);
    adapter_end(&source->transport);
    pin_relay_end(&source->relay);
    if (source->reach.count && source->secret_fd >= 0)
        close(source->secret_fd);
    if (source->mount_point)
        umount2(source->mount_point, MNT_DETACH | UMOUNT_NOFOLLOW);
    if (source->directory)
        remove_directory(source->directory);
    free(source->uri);
    free(source->nbd_uri);
    free(source->directory);
    free(source->mount_point);
    free(source->file);
    free(source->descriptor);
    strings_free(&source->reach);
    *source = (struct source){0};
}
