#pragma once

/* Sanitizers and coverage open files and start processes of their own: builds
 * with them have no sandbox, and its test says so. */
#ifdef SANDBOX_LEFT_OUT
#define SANDBOX_IS_LEFT_OUT 1
#else
#define SANDBOX_IS_LEFT_OUT 0
#endif
