/* The expert's way out of the dialogue: a shell on the console where it was asked for. */
#ifndef REHOST_FACE_SHELL_H
#define REHOST_FACE_SHELL_H

#include "terminal.h"

/* Until it is left; false: none could be started. */
bool shell_run(const struct terminal *terminal);

#endif
