/* grub.cfg and, behind a zero byte, grubenv. */
#include <string.h>

#include "fuzz.h"
#include "guest/grub2_config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cleanup_free char *text = fuzz_text(data, size);
    size_t config_bytes = strlen(text);
    struct grub2_entry entry;
    int found = grub2_default_entry(text, config_bytes < size ? text + config_bytes + 1 : NULL, &entry);
    must(found == 0 ? entry.kernel && entry.arguments && entry.title : !entry.kernel);
    grub2_entry_free(&entry);
    return 0;
}
