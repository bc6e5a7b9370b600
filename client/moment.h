#pragma once

#include <stdint.h>

/* Milliseconds of a clock that nobody sets. */
int64_t moment_now(void);
/* Waits for so many milliseconds, or until a signal comes; not at all for none
 * or less. */
void moment_wait(int64_t ms);
