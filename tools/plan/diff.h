/* What changes in a text, line by line. */
#ifndef REHOST_PLAN_DIFF_H
#define REHOST_PLAN_DIFF_H

/* "@@ -3 +3 @@", "-old line", "+new line": only what differs, without context. Either text may be NULL (no file). The caller's. */
char *text_diff(const char *before, const char *after);

#endif
