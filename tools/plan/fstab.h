/* fstab as text. */
#ifndef REHOST_PLAN_FSTAB_H
#define REHOST_PLAN_FSTAB_H

/* Gives what is to stand in the place of the first field, or NULL to leave it. The caller's to free. */
typedef char *fstab_resolver(void *context, const char *spec, const char *file, const char *type);

/* The text with each first field that the resolver knows a better name for replaced; everything else (comments, blanks,
 * line ends) stays byte for byte. The caller's. */
char *fstab_by_uuid(const char *text, fstab_resolver *resolve, void *context);

#endif
