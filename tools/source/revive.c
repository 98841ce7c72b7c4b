/* What makes NBD of a source and has died (killed for want of memory, by a bug) is started anew. See source.h. */
#include "source.h"

#include <unistd.h>

#include "../base/bytes.h"
#include "../base/clock.h"
#include "parts.h"
#include "pin.h"

#define WAIT_FIRST_MS 500
#define WAIT_MAX_MS 30000
#define NOTICED_MS 1000 /* who is killed lets go of its sockets a moment before it can be waited for */
#define LOOK_AGAIN_US 20000
#define LIVED_LONG_MS 60000 /* what lived so long died of something else than what it is told to do */

/* The transport, and what is read through it; qemu-nbd above them does not go on with a transport that was exchanged. What the relay serves connects
 * to it anew by itself. */
static int start_what_is_down(struct source *source, struct error *err)
{
    if (pin_relay_is_down(&source->relay) && pin_relay_start_again(&source->relay, err) < 0)
        return -1;
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
    return pin_relay_is_down(&source->relay) || adapter_is_down(&source->transport) || adapter_is_down(&source->image) || parts_are_down(source);
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
    return result < 0 ? -1 : 1;
}

bool source_came_back(struct source *source)
{
    int64_t noticed_ms = clock_ms() + NOTICED_MS;
    while (source->directory && !is_any_down(source)) {
        if (clock_ms() >= noticed_ms)
            return false;
        usleep(LOOK_AGAIN_US);
    }
    while (source->directory && clock_ms() < source->revive_at_ms)
        usleep(LOOK_AGAIN_US);
    return source->directory && source_revive(source, NULL) > 0;
}
