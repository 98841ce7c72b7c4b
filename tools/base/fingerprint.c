/* See fingerprint.h. */
#include "fingerprint.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "text.h"

#define PREFIX "SHA256:"

bool fingerprint_parse(const char *text, unsigned char digest[FINGERPRINT_BYTES])
{
    if (strncasecmp(text, PREFIX, strlen(PREFIX)) == 0)
        text += strlen(PREFIX);
    for (unsigned i = 0; i < FINGERPRINT_BYTES; i++) {
        if (!isxdigit((unsigned char)text[0]) || !isxdigit((unsigned char)text[1]))
            return false;
        digest[i] = (unsigned char)strtoul((char[]){text[0], text[1], '\0'}, NULL, 16);
        text += text[2] == ':' && i + 1 < FINGERPRINT_BYTES ? 3 : 2;
    }
    return *text == '\0';
}

char *fingerprint_text(const unsigned char digest[FINGERPRINT_BYTES])
{
    struct text text = {0};
    for (unsigned i = 0; i < FINGERPRINT_BYTES; i++)
        text_printf(&text, "%s%02X", i ? ":" : PREFIX, digest[i]);
    return text_take(&text);
}
