/* A unified kernel image: heads, a table of sections, and what they lead to. */
#include <sys/mman.h>

#include "fuzz.h"
#include "guest/boot/pe.h"
#include "guest/boot/unified_image.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct boot_entry entry;
    uint64_t offset, bytes;
    cleanup_close int fd = memfd_create("image", MFD_CLOEXEC);
    must(fd >= 0 && write(fd, data, size) == (ssize_t)size);
    if (unified_image_section(fd, ".initrd", &offset, &bytes))
        must(bytes && offset + bytes <= size);
    must(pe_signature(fd) != PE_SIGNED || size > 8);
    if (unified_image_entry(fd, "/x.efi", &entry) == 0)
        boot_entry_free(&entry);
    return 0;
}
