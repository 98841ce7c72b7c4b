/* The SHA-256 of a certificate, as people copy it from a browser or from `openssl x509 -fingerprint -sha256`. */
#ifndef REHOST_BASE_FINGERPRINT_H
#define REHOST_BASE_FINGERPRINT_H

#include <stdbool.h>

#define FINGERPRINT_BYTES 32

/* [SHA256:] and 32 bytes in hexadecimal, with or without colons between them. False when the text is none. */
bool fingerprint_parse(const char *text, unsigned char digest[FINGERPRINT_BYTES]);
/* "SHA256:0A:1B:…"; the caller's. */
char *fingerprint_text(const unsigned char digest[FINGERPRINT_BYTES]);

#endif
