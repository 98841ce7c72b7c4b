/* Configuration files made of NAME=value lines that a shell reads, and lists of names, as text. */
#ifndef REHOST_PLAN_SHELL_CONFIG_H
#define REHOST_PLAN_SHELL_CONFIG_H

#include <stdbool.h>

#include "../base/text.h"

/* What stands right of NAME= in a shell-like configuration, the last one, without quotes; NULL. The caller's. */
char *shell_setting(const char *text, const char *name);
/* The text with the value of every NAME= line replaced. The caller's. */
char *shell_setting_replace(const char *text, const char *name, const char *value);

/* Does one of these words name this module? virtio-blk and virtio_blk are one; commas, quotes and parentheses part words too. */
bool words_name_module(const char *words, const char *module);
/* The words, and behind them those modules that they do not name; the caller's. */
char *words_with_modules(const char *words, const struct strings *modules, const char *separator);
/* The text without what this added before, and behind it `body` in a block of its own that says so; no block where `body` is
 * empty. The caller's. */
char *text_with_block(const char *text, const char *body);

#endif
