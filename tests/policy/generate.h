#pragma once

#include <stdint.h>

/* A policy in YAML, well formed and of any wisdom; the same seed gives the
 * same. Caller frees. */
char *random_policy(uint64_t seed);
