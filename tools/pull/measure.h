/* The path that a copy would take, measured for some seconds before it: what limits it, and how long it will take. */
#ifndef REHOST_PULL_MEASURE_H
#define REHOST_PULL_MEASURE_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

#include "../base/extents.h"
#include "../nbd/nbd.h"
#include "pull.h"

struct measured {
    uint64_t source_bytes, travels_bytes; /* of the disk; of these, in use and not known to be zero */
    double round_trip_seconds;            /* of a small read that the server has in memory */
    unsigned connections;                 /* as the copy would have */
    double one_connection, network;       /* bytes per second, of what the server has in memory: over one, over all of them */
    double source;                        /* bytes per second, of what was not read before */
    double target;                        /* bytes per second; 0: there is no target */
    bool target_written;                  /* it was written to; else only read */
    const char *limit;                    /* what limits: "network", "source" or "target" */
    double forecast_seconds;
    double compressed_share;              /* of samples of what travels, what gzip -1 would leave: 0.4; negative: not known */
};

/* Takes about eight seconds. The source is only read. With `write` a part of the target is overwritten, unless it holds a copy that can be
 * gone on with; without, it is only read. options->target may be NULL. */
int measure_path(const struct pull_options *options, bool write, struct measured *measured, struct error *err);

/* measure_compress.c: samples of `wanted` are read over a connection that stands. A machine without gzip is no error. */
int measure_compression(struct nbd *nbd, const struct extents *wanted, double *share, struct error *err);

/* Both the caller's. */
char *measured_to_text(const struct pull_options *options, const struct measured *measured);
cJSON *measured_to_json(const struct pull_options *options, const struct measured *measured);

#endif
