/* See lvm_report.h. */
#include "lvm_report.h"

#include <string.h>

#include "../../base/cleanup.h"
#include "../../base/program.h"

#define ASK_SECONDS 120
#define ANSWER_BYTES_MAX (8u << 20)

char *lvm_config(const struct strings *physicals, const char *more)
{
    cleanup_text struct text filter = {0}, scan = {0};
    text_append(&scan, "\"/dev\"");
    for (size_t i = 0; i < physicals->count; i++) {
        const char *device = physicals->items[i];
        text_printf(&filter, "\"a|^%s$|\",", device);
        if (!string_starts(device, "/dev/")) /* a node of ours, where nobody makes any */
            text_printf(&scan, ",\"%.*s\"", (int)(strrchr(device, '/') - device), device);
    }
    text_append(&filter, "\"r|.*|\"");
    return checked_printf("devices{filter=[%s] use_devicesfile=0 scan=[%s] obtain_device_list_from_udev=0 external_device_info_source=none hints=none} "
                          "backup{backup=0 archive=0} %s",
                          filter.data, scan.data, more);
}

static bool take_answer(void *context, const char *bytes, size_t length)
{
    struct text *answer = context;
    text_append_bytes(answer, bytes, length);
    return answer->length <= ANSWER_BYTES_MAX;
}

const cJSON *lvm_ask(const char *config, const char *command, const char *option, const char *list, const char *fields, cJSON **document, struct error *err)
{
    cleanup_text struct text answer = {0};
    const char *const argv[] = {"lvm", command, "--readonly", "--config", config, "--reportformat", "json", "--units", "b", "--nosuffix", "-o", fields, option, NULL};
    if (program_stream(&(struct program){.argv = argv, .input_fd = -1, .timeout_seconds = ASK_SECONDS}, take_answer, &answer, err) < 0)
        return NULL;
    *document = cJSON_Parse(answer.data ? answer.data : "");
    const cJSON *report = cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(*document, "report"), 0);
    const cJSON *rows = cJSON_GetObjectItemCaseSensitive(report, list);
    if (!cJSON_IsArray(rows))
        error_set(err, "lvm2's answer is not understood");
    return cJSON_IsArray(rows) ? rows : NULL;
}
