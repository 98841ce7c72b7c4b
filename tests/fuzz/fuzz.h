/* What the fuzzers share. Each is one program: libFuzzer calls it with bytes, it gives them to one reader of hostile
 * bytes, ASan and UBSan watch, and `must` says what has to hold for whatever was read. */
#ifndef REHOST_FUZZ_H
#define REHOST_FUZZ_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define must(claim)                                                                        \
    do                                                                                     \
        if (!(claim)) {                                                                    \
            fprintf(stderr, "%s:%d: this does not hold: %s\n", __FILE__, __LINE__, #claim); \
            abort();                                                                       \
        }                                                                                  \
    while (0)

/* A name for mkstemp or mkdtemp, where files are made in memory when the test says so; the caller's. */
static inline char *fuzz_scratch(void)
{
    const char *directory = getenv("TMPDIR");
    return checked_printf("%s/rehost-fuzz-XXXXXX", directory ? directory : "/tmp");
}

/* The input as a text; the caller's. A zero byte ends it, as it would end a file that root_read gave. */
static inline char *fuzz_text(const uint8_t *data, size_t size)
{
    return checked_copy_bytes(data, size);
}

#endif
