/* A disk image that is not raw, made NBD by qemu-nbd. It may be hostile: it has no network, and only files of its own folder. */
#ifndef REHOST_SOURCE_IMAGE_H
#define REHOST_SOURCE_IMAGE_H

#include "format.h"
#include "source.h"

/* Over source->file, or over the transport's socket, with the two ends read from there as well. Fills source->image. */
int image_open(struct source *source, enum format format, struct error *err);

#endif
