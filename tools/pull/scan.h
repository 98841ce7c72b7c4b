/* What has to travel: everything, less what the server says reads as zeroes. Used-block maps will narrow it further. */
#ifndef REHOST_PULL_SCAN_H
#define REHOST_PULL_SCAN_H

#include "../base/extents.h"
#include "../nbd/nbd.h"

/* The ranges to read, aligned outwards to what the server and the target like. A server without base:allocation, or
 * one that fails to answer for a range, gets everything of it read. */
enum nbd_result scan_source(struct nbd *nbd, struct extents *wanted, struct error *err);

#endif
