/* See error.h. */
#include "error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "text.h"

int error_set(struct error *err, const char *format, ...)
{
    if (!err)
        return -1;
    va_list args;
    va_start(args, format);
    vsnprintf(err->message, sizeof err->message, format, args);
    va_end(args);
    string_plain(err->message);
    err->errno_value = 0;
    return -1;
}

int error_errno(struct error *err, const char *format, ...)
{
    int saved = errno;
    if (!err)
        return -1;
    va_list args;
    va_start(args, format);
    int length = vsnprintf(err->message, sizeof err->message, format, args);
    va_end(args);
    if (length >= 0 && (size_t)length < sizeof err->message)
        snprintf(err->message + length, sizeof err->message - (size_t)length, ": %s", strerror(saved));
    string_plain(err->message);
    err->errno_value = saved;
    return -1;
}

int error_prefix(struct error *err, const char *format, ...)
{
    if (!err)
        return -1;
    char outer[ERROR_MESSAGE_MAX];
    va_list args;
    va_start(args, format);
    vsnprintf(outer, sizeof outer, format, args);
    va_end(args);
    char inner[ERROR_MESSAGE_MAX];
    memcpy(inner, err->message, sizeof inner);
    size_t length = strnlen(outer, sizeof outer - 1);
    memcpy(err->message, outer, length);
    // Too long a chain of reasons loses its innermost end.
    if (snprintf(err->message + length, sizeof err->message - length, ": %s", inner) < 0)
        err->message[length] = '\0';
    string_plain(err->message);
    return -1;
}

int error_advise(struct error *err, const char *format, ...)
{
    if (!err || err->advice[0])
        return -1;
    va_list args;
    va_start(args, format);
    vsnprintf(err->advice, sizeof err->advice, format, args);
    va_end(args);
    string_plain(err->advice);
    return -1;
}
