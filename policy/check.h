#pragma once

#include "policy/policy.h"

/*
 * Proves things about a policy by enumeration, over every combination of
 * answers that can matter to its rules and over nobody and every single person
 * marked:
 *
 *  - every concern reaches at least two living people at once, or at least
 *    within its ladder (a warning then);
 *  - no rule is unreachable;
 *  - every ladder, in every band, ends with somebody outside the first
 *    recipients' line of management;
 *  - no deadline runs backwards, within a ladder, from one stage to the next
 *    or from one band to the next;
 *  - at least two people stand on each rung (a warning);
 *  - nobody would need more than 15 envelopes;
 *  - everybody on a route has a key of the route's kind.
 *
 * Living here means current and with a key on the day of issue. It also
 * reports what each route number and starting band tells somebody who runs the
 * server.
 */

#define CHECK_COMBINATIONS_MAX 2000000

enum check_level {
	CHECK_ERROR,   /* do not sign this */
	CHECK_WARNING, /* somebody should look at it */
	CHECK_NOTE,    /* what a route and band give away */
};

/* One sentence, without a newline; borrowed for the call. */
typedef void check_report(void *ctx, enum check_level level,
    const char *sentence);

struct check_summary {
	unsigned errors, warnings;
	uint64_t combinations; /* of answers and marked people, all tried */
};

/* ERR_OK when the check could be made, whatever it found. ERR_LIMIT: more
 * combinations than can be tried. */
enum err policy_check(const struct policy *p, check_report *report, void *ctx,
    struct check_summary *ret) MUST_CHECK;
