/* What makes NBD of a source and has died (killed for want of memory, by a bug) is started anew. See source.h. */
#include "source.h"

#include "../base/bytes.h"
#include "../base/clock.h"
#include "parts.h"

#define WAIT_FIRST_MS 500
#define WAIT_MAX_MS 30000
#define LIVED_LONG_MS 60000 /* what lived so long died of something else than what it is told to do */

/* The transport, and what is read through it; qemu-nbd above them does not go on with a transport that was exchanged. */
static int start_what_is_down(struct source *source, struct error *err)
{
    bool below = adapter_is_down(&source->transport);
    if (below && adapter_start_again(&source->transport, err) < 0)
        return -1;
    if (parts_revive(source, &below, err) < 0)
        return -1;
    bool above = adapter_is_down(&source->image);
    return source->image.path && (above || below) ? adapter_start_again(&source->image, err) : 0;
}

static bool is_any_down(struct source *source)
{
    return adapter_is_down(&source->transport) || adapter_is_down(&source->image) || parts_are_down(source);
}

int source_revive(struct source *source, struct error *err)
{
    int64_t now = clock_ms();
    if (now < source->revive_at_ms || !is_any_down(source))
        return 0;
    bool lived_long = now - source->revive_at_ms > LIVED_LONG_MS;
    source->revive_wait_ms = lived_long || !source->revive_wait_ms ? WAIT_FIRST_MS : (int64_t)least((uint64_t)source->revive_wait_ms * 2, WAIT_MAX_MS);
    int result = start_what_is_down(source, err);
    source->revive_at_ms = clock_ms() + source->revive_wait_ms;
    return result;
}
