/* A program for UEFI: the head of its format (Microsoft's "PE Format"), of which nothing is believed, as it comes from the guest. */
#ifndef REHOST_GUEST_BOOT_PE_H
#define REHOST_GUEST_BOOT_PE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PE_COFF_BYTES 24 /* "PE\0\0" and the COFF header */

/* Reads that of the open file; `*optional` is where the optional header begins behind it. False: it is no such program. */
bool pe_head(int fd, unsigned char coff[PE_COFF_BYTES], uint64_t *optional);

/* These bytes of the file, all of them. */
bool pe_read(int fd, uint64_t offset, void *bytes, size_t length);

enum pe_signature { PE_NO_PROGRAM, PE_UNSIGNED, PE_SIGNED };
/* Did anybody sign it? Who that was, and whether a machine's firmware trusts them, is not looked at. */
enum pe_signature pe_signature(int fd);

#endif
