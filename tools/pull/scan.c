/* See scan.h. */
#include "scan.h"

#include "../base/bytes.h"

#define PAGE 4096u
#define STATUS_STEP (UINT32_MAX - 65535u) /* the largest length of a request that every block size divides */

struct scan {
    struct extents *wanted;
    uint64_t at, size; /* at: where the next extent starts */
    uint32_t unit;
};

static void want(struct scan *scan, uint64_t start, uint64_t end)
{
    extents_add(scan->wanted, align_down(start, scan->unit), least(align_up(end, scan->unit), scan->size));
}

static int take_status(void *context, uint64_t length, uint32_t flags, struct error *err)
{
    (void)err;
    struct scan *scan = context;
    uint64_t end = scan->at + least(length, scan->size - scan->at);
    if (!(flags & NBD_STATE_ZERO) && end > scan->at)
        want(scan, scan->at, end);
    scan->at = end;
    return 0;
}

/* Asks once; afterwards scan->at is behind what the answer told. */
static enum nbd_result ask(struct nbd *nbd, const struct nbd_sink *sink, struct scan *scan, struct error *err)
{
    uint32_t length = (uint32_t)least(STATUS_STEP, scan->size - scan->at);
    uint64_t before = scan->at;
    struct nbd_finished finished = {0};
    enum nbd_result result = nbd_send(nbd, NBD_BLOCK_STATUS, before, length, 0, err);
    while (result == NBD_OK && !finished.finished)
        result = nbd_receive(nbd, sink, &finished, err);
    if (result == NBD_OK && scan->at == before)
        take_status(scan, length, 0, err); /* an error, or nothing: read it all */
    return result;
}

enum nbd_result scan_source(struct nbd *nbd, struct extents *wanted, struct error *err)
{
    struct scan scan = {wanted, nbd->front_bytes, nbd->export.size_bytes, (uint32_t)most(PAGE, nbd->export.block_min)};
    struct nbd_sink sink = {.context = &scan, .status = take_status};
    if (!nbd->export.has_allocation)
        want(&scan, scan.at, scan.size);
    while (nbd->export.has_allocation && scan.at < scan.size) {
        enum nbd_result result = ask(nbd, &sink, &scan, err);
        if (result != NBD_OK) {
            error_prefix(err, "ask which blocks are in use");
            return result;
        }
    }
    return NBD_OK;
}
