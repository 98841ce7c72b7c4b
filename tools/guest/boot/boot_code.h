/* What stands in the first sector of a disk or of a partition, as far as a BIOS is concerned. */
#ifndef REHOST_GUEST_BOOT_BOOT_CODE_H
#define REHOST_GUEST_BOOT_BOOT_CODE_H

#include "../../base/error.h"

#define BOOT_SECTOR_BYTES 512

enum boot_code {
    BOOT_CODE_UNKNOWN,     /* it was not read */
    BOOT_CODE_NONE,        /* no signature, or nothing before it */
    BOOT_CODE_HELD,        /* a complete copy whose boot code is held back (pull.h) */
    BOOT_CODE_GRUB2,
    BOOT_CODE_GRUB_LEGACY,
    BOOT_CODE_LILO,
    BOOT_CODE_EXTLINUX,    /* the first sector of a partition */
    BOOT_CODE_OTHER,       /* of a disk: mostly what starts the active partition */
};

/* Pure. */
enum boot_code boot_code_of(const unsigned char sector[BOOT_SECTOR_BYTES]);
/* The same of the 440 bytes that a pull holds back. */
enum boot_code boot_code_of_held(const unsigned char *code);
/* Reads the sector at `offset_bytes` of an open disk; BOOT_CODE_UNKNOWN when it cannot be read. */
enum boot_code boot_code_at(int fd, unsigned long long offset_bytes);
/* The code of a disk's first sector that starts the active partition, into BOOT_CODE_BYTES (pull.h). */
int boot_code_of_table(unsigned char *code, struct error *err);

#endif
