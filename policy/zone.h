#pragma once

#include "policy/compile.h"

/* The system's tz database, through TZ and mktime. It changes the process's
 * environment for the time of a call: only speakupctl, which has one thread
 * and compiles, uses it. */
extern const struct compile_zone zone_system;
