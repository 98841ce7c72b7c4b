/* What a copy comes to, for people and for programs. Each returns an exit status. */
#ifndef REHOST_PULL_REPORT_H
#define REHOST_PULL_REPORT_H

#include "../used/used.h"
#include "pull.h"

int report_done(const struct pull_options *options, bool json, const struct pull_result *result);
int report_failure(const struct pull_options *options, bool json, const struct error *err);
/* What is in use, before the copy. `several`: of more than one disk, so that the table needs a heading. */
void report_map(const struct pull_options *options, bool json, bool several, const struct used_map *map);

#endif
