/* iscsi://: qemu-nbd with libiscsi, which logs in by itself: the kernel and its initiator are not needed. */
#include <stdlib.h>
#include <string.h>

#include "../base/cleanup.h"
#include "../base/json.h"
#include "secret.h"
#include "transport.h"

#define ISCSI_PORT "3260"
/* What a target that admits initiators by name has to be told (rehost-source(7)). */
#define INITIATOR "iqn.2008-11.org.linux-kvm:rehost"
#define SECRET_ID "chap"

/* "/TARGET/LUN" */
static int split_path(const char *path, char **target, unsigned long *lun, struct error *err)
{
    const char *slash = strrchr(path, '/');
    char *end;
    *lun = strtoul(slash + 1, &end, 10);
    if (slash > path + 1 && slash[1] >= '0' && slash[1] <= '9' && !*end && *lun <= 16383) {
        *target = checked_copy_bytes(path + 1, (size_t)(slash - path - 1));
        return 0;
    }
    error_set(err, "\"%.200s\" names no LUN", path);
    return error_advise(err, "It is iscsi://[USER@]HOST[:PORT]/TARGET/LUN, such as iscsi://192.0.2.1/iqn.2026-11.org.example:web/1");
}

static char *portal_of(const struct source_uri *uri)
{
    return checked_printf(strchr(uri->host, ':') ? "[%s]:%s" : "%s:%s", uri->host, uri->port ? uri->port : ISCSI_PORT);
}

/* The caller's; NULL: error. */
static char *node_text(const struct source_uri *uri, struct error *err)
{
    cleanup_free char *target = NULL, *portal = portal_of(uri);
    unsigned long lun;
    if (split_path(uri->path, &target, &lun, err) < 0)
        return NULL;
    cleanup_json cJSON *node = cJSON_CreateObject();
    cJSON_AddStringToObject(node, "driver", "iscsi");
    cJSON_AddTrueToObject(node, "read-only");
    cJSON_AddStringToObject(node, "transport", "tcp");
    cJSON_AddStringToObject(node, "portal", portal);
    cJSON_AddStringToObject(node, "target", target);
    cJSON_AddNumberToObject(node, "lun", (double)lun);
    cJSON_AddStringToObject(node, "initiator-name", INITIATOR);
    if (uri->user) {
        cJSON_AddStringToObject(node, "user", uri->user);
        cJSON_AddStringToObject(node, "password-secret", SECRET_ID);
    }
    cleanup_free char *text = cJSON_PrintUnformatted(node);
    return checked_printf("json:%s", text);
}

int iscsi_open(const struct source_uri *uri, const struct source_secrets *secrets, struct source *source, struct error *err)
{
    cleanup_strings struct strings options = {0};
    cleanup_close int secret_fd = -1;
    cleanup_free char *node = node_text(uri, err);
    if (!node || (uri->user && secret_open(uri, secrets, SECRET_NEEDED, &secret_fd, err) < 0))
        return -1;
    if (secret_fd >= 0) {
        cleanup_free char *path = secret_path(secret_fd), *object = checked_printf("secret,id=" SECRET_ID ",file=%s", path);
        strings_add(&options, "--object");
        strings_add(&options, object);
    }
    strings_add(&options, node);
    struct adapter_command command = {.directory = source->directory, .name = "transport", .options = &options, .secret_fd = secret_fd};
    return adapter_start_qemu_nbd(&command, &source->transport, err);
}
