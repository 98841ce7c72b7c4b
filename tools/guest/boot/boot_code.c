/* See boot_code.h. */
#include "boot_code.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "../../base/bytes.h"
#include "../../base/cleanup.h"
#include "../../pull/pull.h"
#include "../../pull/target/journal.h"

/* From Debian's syslinux-common. */
#define CODE_OF_TABLE "/usr/lib/syslinux/mbr/mbr.bin"

/* GRUB legacy, stage1/stage1.h: STAGE1_VER_MAJ_OFFS 0x3e holds 3.2. GRUB 2 has 0x80, its own version, there. */
static bool is_grub_legacy(const unsigned char *code)
{
    return code[0x3e] == 3 && code[0x3f] == 2;
}

static enum boot_code code_of(const unsigned char *code)
{
    if (bytes_are_zero(code, BOOT_CODE_BYTES))
        return BOOT_CODE_NONE;
    if (memmem(code, BOOT_CODE_BYTES, "GRUB ", 5))
        return is_grub_legacy(code) ? BOOT_CODE_GRUB_LEGACY : BOOT_CODE_GRUB2;
    if (memmem(code, 16, "LILO", 4)) /* behind the first jump: at byte 6, in versions before 21 at byte 2 */
        return BOOT_CODE_LILO;
    return memmem(code, 16, "LINUX", 5) ? BOOT_CODE_EXTLINUX : BOOT_CODE_OTHER; /* "SYSLINUX" or "EXTLINUX" at byte 3 */
}

enum boot_code boot_code_of(const unsigned char sector[BOOT_SECTOR_BYTES])
{
    struct journal journal = {0};
    bool held = held_decode(sector, &journal);
    journal_free(&journal);
    return held ? BOOT_CODE_HELD : sector_boots(sector) ? code_of(sector) : BOOT_CODE_NONE;
}

enum boot_code boot_code_of_held(const unsigned char *code)
{
    return code_of(code);
}

enum boot_code boot_code_at(int fd, unsigned long long offset_bytes)
{
    unsigned char sector[BOOT_SECTOR_BYTES];
    return pread(fd, sector, sizeof sector, (off_t)offset_bytes) == (ssize_t)sizeof sector ? boot_code_of(sector) : BOOT_CODE_UNKNOWN;
}

int boot_code_of_table(unsigned char *code, struct error *err)
{
    cleanup_close int fd = open(CODE_OF_TABLE, O_RDONLY | O_CLOEXEC);
    memset(code, 0, BOOT_CODE_BYTES);
    if (fd >= 0 && read(fd, code, BOOT_CODE_BYTES) > 0)
        return 0;
    error_errno(err, "read the boot code in %s", CODE_OF_TABLE);
    return error_advise(err, "It is part of syslinux (Debian: apt-get install syslinux-common); rehost's image has it.");
}
