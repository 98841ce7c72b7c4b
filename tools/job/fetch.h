/* The text of a job: a file, or an URL. */
#ifndef REHOST_JOB_FETCH_H
#define REHOST_JOB_FETCH_H

#include "job.h"

/* Replaces ${mac} by the MAC (aa:bb:cc:dd:ee:ff) and ${mac:hexhyp} by the same with hyphens, as iPXE does. The caller's. */
char *job_place_for(const char *place, const char *mac);
/* The whole of a regular file of at most `max_bytes`; one byte more of a larger one, which the caller refuses. The caller's. */
char *job_read_text(const char *file, size_t max_bytes, size_t *length, struct error *err);
/* Reads the job and adds it to `job`. Bounded in size and time. */
int job_fetch(const char *place, struct job *job, struct error *err);

#endif
