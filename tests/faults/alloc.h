#pragma once

#include <stdbool.h>

/*
 * This program's malloc, calloc, realloc and their kin, for every library in
 * it too: what is asked for is counted, and one of them, or all from one on,
 * can be made to fail.
 */

/* Around what is to fail; all else that a test allocates is its own. They
 * nest: pause within it for what the test does on the way. */
void alloc_resume(void);
void alloc_pause(void);
/* At the start of a test: the one before may have ended in the midst. */
void alloc_reset(void);
/* Whether one has failed in this run of an act. */
bool alloc_has_failed(void);

/*
 * Runs `act` until none of its allocations is left to fail: for each of them,
 * once alone and once with all that come behind it. It judges for itself what
 * came of it, and leaves things as they were or as good. What leaves more
 * behind each time is a leak, and the test fails. Returns how many allocations
 * there were.
 *
 * stride: only each stride-th of them fails; 0 is 1.
 */
typedef void alloc_act(void *ctx);
unsigned long alloc_each(const char *name, alloc_act *act, void *ctx,
    unsigned long stride);
