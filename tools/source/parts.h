/* A VMDK whose disk stands in several files: on a web or SSH server, where they have to be brought together, and in a folder. */
#ifndef REHOST_SOURCE_PARTS_H
#define REHOST_SOURCE_PARTS_H

#include <stdbool.h>
#include <stdint.h>

#include "../base/json.h"
#include "format.h"
#include "source.h"

/* Whether this is the descriptor of such a disk, and its parts can be asked for where it lies. */
bool parts_are_elsewhere(const struct source *source, const struct format_ends *ends);
/* Whether qemu takes a VMDK of so many bytes for all of the disk, if `file` is a descriptor with its parts beside it. */
int parts_check(const char *file, uint64_t bytes, struct error *err);
/* Tells qemu's node of an image that it is to lock none of the image's parts, if `file` is such a descriptor. */
int parts_unlock(const char *file, cJSON *image, struct error *err);
/* Opens each part of the descriptor that source->transport serves, as a file, and writes source->descriptor, which names these. */
int parts_open(struct source *source, struct error *err);
/* Whether qemu was told to read this file. */
bool parts_have(const struct source *source, const char *file);
/* Whether a program that shows one of them has died; and all of these started anew. *any is set when there was one. */
bool parts_are_down(struct source *source);
int parts_revive(struct source *source, bool *any, struct error *err);
/* Before what reads the files ends: a read that hangs in one of them ends with it. */
void parts_close(struct source *source);

#endif
