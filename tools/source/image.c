/* See image.h.
 *
 * What an image says of other files is read first (qemu-img info, which opens no backing file), judged, and then given to qemu-nbd
 * explicitly: a header that changes meanwhile changes nothing. */
#include "image.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "../base/cleanup.h"
#include "../base/json.h"
#include "../base/program.h"
#include "parts.h"
#include "probe.h"

#define LAYERS_MAX 64 /* a chain of snapshots */
#define INFO_SECONDS 120
#define INFO_BYTES_MAX (4u << 20) /* of a split disk all parts are named */

static cJSON *node(const char *driver)
{
    cJSON *object = cJSON_CreateObject();
    cJSON_AddStringToObject(object, "driver", driver);
    cJSON_AddTrueToObject(object, "read-only");
    return object;
}

/* A folder that we mounted read-only takes no locks (NFS 4: "Failed to lock byte 201: Read-only file system"). */
static cJSON *node_of_file(const struct source *source, const char *file)
{
    struct stat st;
    cJSON *object = node(stat(file, &st) == 0 && S_ISBLK(st.st_mode) ? "host_device" : "file");
    cJSON_AddStringToObject(object, "filename", file);
    if (source->mount_point)
        cJSON_AddStringToObject(object, "locking", "off");
    return object;
}

static cJSON *node_of_socket(const char *socket)
{
    cJSON *object = node("nbd"), *server = cJSON_AddObjectToObject(object, "server");
    cJSON_AddStringToObject(server, "type", "unix");
    cJSON_AddStringToObject(server, "path", socket);
    return object;
}

/* As qemu's programs take a node in place of a file name; the caller's. */
static char *node_text(const cJSON *object)
{
    cleanup_free char *text = cJSON_PrintUnformatted(object);
    return checked_printf("json:%s", text);
}

/* What the image says of itself; NULL: error. */
static cJSON *read_info(const cJSON *image, const char *shown, struct error *err)
{
    cleanup_free char *text = node_text(image);
    const char *const argv[] = {"qemu-img", "info", "--output=json", text, NULL};
    cleanup_text struct text output = {0};
    struct program program = {.argv = argv, .input_fd = -1, .timeout_seconds = INFO_SECONDS, .output_max = INFO_BYTES_MAX, .in_child = adapter_go_offline};
    struct error failure = {0};
    if (program_run(&program, &output, &failure) < 0) {
        const char *reason = output.length ? strstr(string_trim(output.data), "}': ") : NULL; /* qemu-img: Could not open 'json:{…}': why */
        error_set(err, "read the image %s: %s", shown, reason ? reason + strlen("}': ") : failure.message);
        if (strstr(err->message, "VMDK descriptor"))
            error_advise(err, "The disk stands in other files, which the server alone knows. If there is one ending in -flat.vmdk, name that.");
        return NULL;
    }
    cJSON *info = cJSON_Parse(output.data);
    if (!info)
        error_set(err, "read the image %s: qemu-img printed no JSON", shown);
    return info;
}

static int refuse_other_file(const char *image, const char *other, const char *why, struct error *err)
{
    error_set(err, "the image %s wants to read %s, and that %s", image, other, why);
    return error_advise(err, "If it really belongs to the image, put both into one folder, or make one image of them: qemu-img convert -O qcow2 OLD NEW.");
}

/* Where `name`, as the image writes it, is: the caller's, resolved. Only files of the image's own folder are its own. */
static char *beside(const char *image, const char *name, struct error *err)
{
    cleanup_free char *folder = checked_copy_bytes(image, (size_t)(strrchr(image, '/') - image));
    cleanup_free char *path = *name == '/' ? checked_copy(name) : checked_printf("%s/%s", folder, name);
    cleanup_free char *resolved = realpath(path, NULL);
    if (!resolved) {
        refuse_other_file(image, name, "does not exist here", err);
        return NULL;
    }
    size_t length = strlen(folder);
    if (strncmp(resolved, folder, length) != 0 || resolved[length] != '/' || strchr(resolved + length + 1, '/')) {
        refuse_other_file(image, name, "is not in the image's own folder", err);
        return NULL;
    }
    return take_pointer(resolved);
}

/* VMDK names its parts; qemu has found them by the descriptor, and says where. */
static int check_extents(const struct source *source, const char *image, const cJSON *data, struct error *err)
{
    const cJSON *extent;
    cJSON_ArrayForEach(extent, cJSON_GetObjectItem(data, "extents"))
    {
        const char *name = json_string(extent, "filename");
        if (!source->file && name && (parts_have(source, name) || strstr(name, source->descriptor ? source->descriptor : source->transport.path)))
            continue; /* itself */
        if (!source->file)
            return refuse_other_file(source->uri, name ? name : "a part without a name", "cannot be had from there", err);
        cleanup_free char *path = beside(image, name ? name : "", err);
        if (!path)
            return -1;
    }
    return 0;
}

static int add_backing(const struct source *source, cJSON *image, const char *file, const cJSON *info, unsigned depth, struct error *err);

/* The image in `file` with all that it builds on; NULL: error. */
static cJSON *layer(const struct source *source, const char *file, enum format format, unsigned depth, struct error *err)
{
    cleanup_json cJSON *image = node(format_driver(format));
    const char *bytes = file ? file : source->descriptor;
    cJSON_AddItemToObject(image, "file", bytes ? node_of_file(source, bytes) : node_of_socket(source->transport.path));
    if (source->mount_point && file && format == FORMAT_VMDK && parts_unlock(file, image, err) < 0)
        return NULL;
    cleanup_json cJSON *info = format == FORMAT_RAW ? cJSON_CreateObject() : read_info(image, file ? file : source->uri, err);
    bool is_whole = info && (format != FORMAT_VMDK || !bytes || parts_check(bytes, json_size(info, "virtual-size"), err) == 0);
    return is_whole && add_backing(source, image, file, info, depth, err) == 0 ? take_pointer(image) : NULL;
}

/* The layer that an image was a snapshot of. */
static cJSON *parent_of(const struct source *source, const char *file, const char *name, const cJSON *info, unsigned depth, struct error *err)
{
    if (!file || depth >= LAYERS_MAX) {
        refuse_other_file(file ? file : source->uri, name, file ? "is one layer too many" : "cannot be had from there", err);
        return NULL;
    }
    cleanup_free char *path = beside(file, name, err);
    struct format_ends ends;
    enum format format;
    if (!path || probe_file(path, &ends, err) < 0 || format_choose(path, json_string(info, "backing-filename-format"), &ends, &format, err) < 0)
        return NULL;
    return layer(source, path, format, depth + 1, err);
}

/* A part of the image in a file of its own (qcow2's data_file). */
static int add_data_file(const struct source *source, cJSON *image, const char *file, const char *name, struct error *err)
{
    if (!file)
        return refuse_other_file(source->uri, name, "cannot be had from there", err);
    cleanup_free char *path = beside(file, name, err);
    if (path)
        cJSON_AddItemToObject(image, "data-file", node_of_file(source, path));
    return path ? 0 : -1;
}

static int add_backing(const struct source *source, cJSON *image, const char *file, const cJSON *info, unsigned depth, struct error *err)
{
    const cJSON *data = cJSON_GetObjectItem(cJSON_GetObjectItem(info, "format-specific"), "data");
    const char *parent = json_string(info, "backing-filename"), *data_file = json_string(data, "data-file");
    if (json_flag(info, "encrypted"))
        return error_set(err, "%s is encrypted, and rehost has no key to it", file ? file : source->uri);
    if (check_extents(source, file, data, err) < 0 || (data_file && add_data_file(source, image, file, data_file, err) < 0))
        return -1;
    if (!parent)
        return 0;
    cJSON *below = parent_of(source, file, parent, info, depth, err);
    if (below)
        cJSON_AddItemToObject(image, "backing", below);
    return below ? 0 : -1;
}

int image_open(struct source *source, enum format format, struct error *err)
{
    cleanup_json cJSON *image = layer(source, source->file, format, 1, err);
    if (!image)
        return -1;
    cleanup_strings struct strings options = {0};
    cleanup_free char *text = node_text(image);
    strings_add(&options, text);
    struct adapter_command command = {.directory = source->directory, .name = "image", .options = &options, .secret_fd = -1, .offline = true};
    return adapter_start_qemu_nbd(&command, &source->image, err);
}
