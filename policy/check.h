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
 *    recipients' line of management (a warning where only the exclusion of
 *    somebody marked makes it end within);
 *  - no deadline runs backwards, within a ladder, from one stage to the next
 *    or from one band to the next;
 *  - no case gets stuck: from every state that a case can come to, those who
 *    read it, or could be given it, can bring it to its end, past a review of
 *    findings of conduct and with a second person where its band needs one;
 *  - at least two people stand on each rung (a warning);
 *  - no concern would need more than 15 envelopes, or tell more than 32
 *    people;
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

enum check_what {
	CHECK_READERS,	/* fewer than two: route, band, person, answered */
	CHECK_STUCK,	/* nobody may move it on: the same */
	CHECK_RULE,	/* never the first that holds: rule */
	CHECK_END,	/* where the ladder ends: route, band, rung; where one
			   person marked makes it so: person */
	CHECK_ORDER,	/* rungs run backwards: route, rung (that can come
			   before an earlier one) */
	CHECK_DEADLINE, /* times that run backwards: band, or none */
	CHECK_LIMIT,	/* of the whole policy: band, or none */
	CHECK_SIZE,	/* too many people: route */
	CHECK_PERSON,	/* cannot do what a rung wants: route, person */
	CHECK_RUNG,	/* fewer than two living on it: route, rung */
	CHECK_PLAIN,	/* of the plain route: route, rung */
	CHECK_TELLS,	/* what is given away: route or band */
	CHECK_CHANGE,	/* beside another policy: route, person; or a route that
			   is gone */
};

/* What was found, and where: what a finding is not about is 0 or NULL. */
struct check_finding {
	enum check_level level;
	enum check_what what;
	const struct policy_route *route;
	uint8_t band;
	unsigned rung;		  /* from 1 */
	uint16_t person;	  /* marked, or who it is about */
	size_t rule;		  /* index */
	const uint64_t *answered; /* by field of the form: a counter-example */
	const char *sentence;	  /* one, without a newline */
};

/* The finding is borrowed for the call. */
typedef void check_report(void *ctx, const struct check_finding *f);

struct check_summary {
	unsigned errors, warnings;
	uint64_t combinations; /* of answers and marked people, all tried */
};

/* ERR_OK when the check could be made, whatever it found. ERR_LIMIT: more
 * combinations than can be tried. */
enum err policy_check(const struct policy *p, check_report *report, void *ctx,
    struct check_summary *ret) MUST_CHECK;
/*
 * Beside the policy that it follows: cases go on naming people and routes by
 * their numbers. Somebody of an old route who is not in the new policy any
 * more, or whose number somebody else has, is an error; who leaves is given an
 * `until`. Adds to *sum.
 */
void policy_check_change(const struct policy *old, const struct policy *new,
    check_report *report, void *ctx, struct check_summary *sum);
