#pragma once

#include "policy/policy.h"

#define CALENDAR_QUARTER 900

/*
 * When a duration that starts at t is over, rounded up to the next quarter of
 * an hour. Working time counts within the policy's intervals only: a working
 * hour is 3,600 seconds of them; a working day leads from one interval to the
 * next, at the same distance from its start (its end, where it is shorter).
 * What starts outside every interval starts with the next one.
 * ERR_LIMIT: past the last interval, or a negative t.
 */
enum err calendar_add(const struct policy *p, int64_t t,
    struct policy_duration d, int64_t *ret) MUST_CHECK;

/* Whether t falls within working time. */
bool calendar_is_working(const struct policy *p, int64_t t);
