#pragma once

#include "crypto/bytes.h"

/*
 * Runs a program with a number as its only argument, an empty environment,
 * and /dev/null for standard input, output and error, in a process group of
 * its own. True: it ended with 0 within so many seconds; after that the group
 * is killed. SIGCHLD must not be ignored.
 */
bool hook_run(const char *path, uint16_t person, unsigned seconds) MUST_CHECK;
