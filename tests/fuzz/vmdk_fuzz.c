/* The descriptor of a VMDK, from a server. What is written from it holds the same parts, under our names alone. */
#include <string.h>

#include "base/text.h"
#include "fuzz.h"
#include "source/vmdk.h"

#define OURS "/run/rehost/part"

static void check_written(const struct vmdk *vmdk)
{
    const char *paths[VMDK_PARTS_MAX];
    struct vmdk again;
    for (size_t i = 0; i < vmdk->part_count; i++)
        paths[i] = OURS;
    cleanup_free char *text = vmdk_write(vmdk, paths);
    must(vmdk_parse(text, &again, NULL) == 0 && !again.is_snapshot && again.type == vmdk->type && again.part_count == vmdk->part_count);
    for (size_t i = 0; i < vmdk->part_count; i++) {
        const struct vmdk_part *part = &vmdk->parts[i], *written = &again.parts[i];
        must(string_is(written->name, OURS) && written->sectors == part->sectors && written->type == part->type);
        must(!string_is(part->type, "FLAT") || written->offset_sectors == part->offset_sectors);
    }
    vmdk_free(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct vmdk vmdk;
    cleanup_free char *text = fuzz_text(data, size);
    if (vmdk_parse(text, &vmdk, NULL) < 0)
        return 0;
    check_written(&vmdk);
    vmdk_free(&vmdk);
    return 0;
}
