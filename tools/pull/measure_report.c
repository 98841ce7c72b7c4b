/* What was measured, for people and for programs. See measure.h. */
#include "../base/cleanup.h"
#include "../base/json.h"
#include "../base/text.h"
#include "../face/bar.h"
#include "measure.h"

static void append_target(struct text *out, const struct pull_options *options, const struct measured *measured)
{
    if (!options->target)
        text_append(out, "target      none was given: it may be slower than all this\n");
    else if (measured->target_written)
        text_printf(out, "target      writes %.0f MB/s\n", measured->target / 1e6);
    else
        text_printf(out, "target      reads %.0f MB/s; how fast it writes is not known without --write\n", measured->target / 1e6);
}

char *measured_to_text(const struct pull_options *options, const struct measured *measured)
{
    struct text out = {0};
    cleanup_free char *size = size_for_people(measured->source_bytes), *travels = size_for_people(measured->travels_bytes);
    text_printf(&out, "disk        %s, of which %s will travel\n", size, travels);
    text_printf(&out, "network     %.0f MB/s over %u connection%s, %.0f MB/s over one; %.1f ms there and back\n", measured->network / 1e6, measured->connections,
                measured->connections == 1 ? "" : "s", measured->one_connection / 1e6, measured->round_trip_seconds * 1e3);
    text_printf(&out, "source      reads %.0f MB/s of what it has not in memory\n", measured->source / 1e6);
    append_target(&out, options, measured);
    if (measured->compressed_share < 0)
        text_append(&out, "data        how well it compresses is not known: there is no gzip here\n");
    else
        text_printf(&out, "data        gzip -1 would leave %.0f %% of it, by samples; rehost sends it as it is\n", measured->compressed_share * 100);
    double rate = measured->forecast_seconds > 0 ? (double)measured->travels_bytes / measured->forecast_seconds : 0;
    text_append(&out, "forecast    ");
    bar_time(measured->forecast_seconds, &out);
    text_printf(&out, ", limited by the %s: %.0f MB/s\n", measured->limit, rate / 1e6);
    return text_take(&out);
}

cJSON *measured_to_json(const struct pull_options *options, const struct measured *measured)
{
    cJSON *line = cJSON_CreateObject();
    cJSON_AddNumberToObject(line, "version", 1);
    cJSON_AddStringToObject(line, "event", "measured");
    json_add_string(line, "source", options->source);
    json_add_string(line, "target", options->target);
    json_add_size(line, "total_bytes", measured->source_bytes);
    json_add_size(line, "travels_bytes", measured->travels_bytes);
    cJSON_AddNumberToObject(line, "round_trip_seconds", measured->round_trip_seconds);
    json_add_size(line, "connections", measured->connections);
    json_add_size(line, "network_bytes_per_second", (uint64_t)measured->network);
    json_add_size(line, "one_connection_bytes_per_second", (uint64_t)measured->one_connection);
    json_add_size(line, "source_bytes_per_second", (uint64_t)measured->source);
    json_add_size(line, "target_bytes_per_second", (uint64_t)measured->target);
    cJSON_AddBoolToObject(line, "target_written", measured->target_written);
    if (measured->compressed_share < 0)
        cJSON_AddNullToObject(line, "compressed_share");
    else
        cJSON_AddNumberToObject(line, "compressed_share", measured->compressed_share);
    json_add_string(line, "limit", measured->limit);
    cJSON_AddNumberToObject(line, "forecast_seconds", measured->forecast_seconds);
    return line;
}
