#pragma once

#include "policy/compile.h"

/* Wall clock of a policy's zone, for people: "2026-11-23 10:00". */

#define WALL_TEXT_MAX 20

/* ERR_SYNTAX; ERR_NOT_FOUND: no such zone. */
enum err wall_parse(const struct compile_zone *z, const char *zone,
    struct bytes text, int64_t *ret) MUST_CHECK;
/* To the minute. What the clocks show twice, or where the zone cannot be
 * asked, is given in UTC, with a Z behind it. NUL-terminated. */
void wall_format(const struct compile_zone *z, const char *zone, int64_t t,
    char out[static WALL_TEXT_MAX]);
