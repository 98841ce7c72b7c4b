/* The JSON document of another machine (`--hardware FILE`). What was read is written again, as `rehost hardware` would. */
#include <fcntl.h>

#include "fuzz.h"
#include "hardware/hardware.h"

static const char *file_of(const uint8_t *data, size_t size)
{
    static char *path;
    static int fd;
    if (!path)
        must((fd = mkstemp(path = fuzz_scratch())) >= 0);
    must(ftruncate(fd, 0) == 0 && pwrite(fd, data, size, 0) == (ssize_t)size);
    return path;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hardware hardware;
    struct error err = {0};
    if (hardware_load(file_of(data, size), &hardware, &err) < 0) {
        must(*err.message);
        return 0;
    }
    cJSON *document = hardware_to_json(&hardware);
    cleanup_free char *text = cJSON_Print(document);
    must(text);
    cJSON_Delete(document);
    hardware_choose_disk(&hardware, NULL, NULL);
    hardware_free(&hardware);
    return 0;
}
