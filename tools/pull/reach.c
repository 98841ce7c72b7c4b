/* See reach.h, and pull.h for what it is asked. */
#include "reach.h"

#include <stdlib.h>

#include "../base/bytes.h"
#include "../base/cleanup.h"
#include "../base/text.h"
#include "lone.h"
#include "pull.h"
#include "target/target.h"

int reach_open(struct nbd_source *source, struct nbd *nbd, const char *uri, struct error *err)
{
    nbd->stream.fd = -1;
    nbd->buffer_bytes = REQUEST_BYTES;
    nbd->buffer = aligned_alloc_checked(REQUEST_BYTES);
    return nbd_source_open(source, uri, err);
}

void reach_close(struct nbd_source *source, struct nbd *nbd)
{
    nbd_close(nbd);
    free(nbd->buffer);
    nbd_source_free(source);
}

static enum nbd_result read_first_sector(struct nbd *nbd, void *context, struct error *err)
{
    (void)context;
    size_t length = (size_t)least(most(SECTOR, nbd->export.block_min), nbd->export.size_bytes); /* some servers refuse less than 4096 */
    cleanup_free unsigned char *bytes = checked_alloc(length);
    enum nbd_result result = nbd_read_at(nbd, bytes, 0, length, NULL, err);
    if (result != NBD_OK)
        error_prefix(err, "read its first sector");
    return result;
}

/* What can be known once it has answered. */
static int ask_size(struct nbd_source *source, struct nbd *nbd, uint64_t *size_bytes, struct error *err)
{
    if (nbd_connect(nbd, source, err) != NBD_OK || read_first_sector(nbd, NULL, err) != NBD_OK)
        return -1;
    *size_bytes = nbd->export.size_bytes;
    return 0;
}

int pull_source_size(const char *name, const char *nbd_uri, uint64_t *size_bytes, struct error *err)
{
    struct nbd_source source = {0};
    struct nbd nbd = {0};
    *size_bytes = 0;
    int status = reach_open(&source, &nbd, nbd_uri, err);
    if (status == 0 && ask_size(&source, &nbd, size_bytes, err) < 0)
        status = error_prefix(err, "%s", name);
    reach_close(&source, &nbd);
    return status;
}

int pull_await(const struct pull_options *options, void (*tell)(void *context, const char *trouble), void *context, struct error *err)
{
    struct nbd_source source = {0};
    struct nbd nbd = {0};
    struct lone lone = {.nbd = &nbd, .source = &source, .opened = options->opened, .patience_seconds = options->patience_seconds,
                        .tell = tell, .context = context};
    int status = reach_open(&source, &nbd, options->nbd_uri ? options->nbd_uri : options->source, err);
    if (status == 0 && lone_do(&lone, read_first_sector, NULL, err) != NBD_OK)
        status = error_prefix(err, "%s", options->source);
    reach_close(&source, &nbd);
    return status;
}
