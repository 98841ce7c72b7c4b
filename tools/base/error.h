/* Errors are sentences that grow outwards: the innermost layer says what went wrong, every layer around it adds
 * what it was doing, and to what. Only main prints them:
 *     rehost: fix grub2: write /boot/grub/grub.cfg: No space left on device
 */
#ifndef REHOST_BASE_ERROR_H
#define REHOST_BASE_ERROR_H

#define ERROR_MESSAGE_MAX 2048

struct error {
    char message[ERROR_MESSAGE_MAX]; /* "" while nothing went wrong */
    char advice[ERROR_MESSAGE_MAX];  /* what the operator can do, or "" */
    int errno_value;                 /* the errno at the bottom of it, 0 if none */
};

/* Each returns -1, so that a function can say `return error_set(...)`. `err` may be NULL. */
int error_set(struct error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* As error_set, followed by ": " and the text of the current errno. */
int error_errno(struct error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Puts "doing what: " in front of the message that is there. */
int error_prefix(struct error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Says the way out; the innermost advice is kept, as it knows most. */
int error_advise(struct error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
