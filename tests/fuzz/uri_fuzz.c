/* The source as the job, the console or the command line names it. */
#include <string.h>

#include "fuzz.h"
#include "nbd/uri.h"
#include "source/uri.h"

static void check_source(const char *text)
{
    cleanup_source_uri struct source_uri uri = {0};
    struct error err = {0};
    if (source_uri_parse(text, &uri, &err) < 0)
        must(*err.message);
    else
        must(uri.path && uri.scheme < SCHEME_COUNT && (uri.host || uri.scheme == SCHEME_FILE));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cleanup_free char *text = fuzz_text(data, size);
    struct nbd_uri uri;
    struct error err = {0};
    check_source(text);
    if (nbd_uri_parse(text, &uri, &err) < 0) {
        must(*err.message);
        return 0;
    }
    must(!uri.host != !uri.socket); /* one of them, and not both */
    must(!uri.host || (*uri.host && *uri.port && strspn(uri.port, "0123456789") == strlen(uri.port)));
    must(uri.export_name && strlen(uri.export_name) <= NBD_EXPORT_NAME_MAX);
    must(string_is(uri.text, text));
    nbd_uri_free(&uri);
    return 0;
}
