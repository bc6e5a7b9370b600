#pragma once

#include "policy/policy.h"

/*
 * What a change of policy means for people: who comes on or off which route
 * and rung, whose keys are others, whom a mark leaves out, which concerns take
 * another route or start in another band, and what is due when. Everything is
 * said from the new policy's side; people are the same by number, routes by
 * number, questions and answers by slug.
 */

#define DIFF_COMBINATIONS_MAX 2000000

enum diff_part {
	DIFF_PEOPLE,
	DIFF_KEYS,
	DIFF_EXCLUSIONS, /* who is left out when somebody is marked */
	DIFF_FORM,
	DIFF_ROUTES,
	DIFF_CONCERNS, /* combinations that go elsewhere, counted */
	DIFF_TIMES,    /* deadlines, calendar */
	DIFF_LIMITS,
};
#define DIFF_PARTS (DIFF_LIMITS + 1)
const char *diff_part_name(enum diff_part part);

/* One sentence, without a newline; borrowed for the call. */
typedef void diff_report(void *ctx, enum diff_part part, const char *sentence);

struct diff_summary {
	unsigned said;
	uint64_t combinations; /* of answers and marked people, all tried */
	uint64_t moved;	       /* of them, to another route or band */
	unsigned gone;	       /* routes that leave: their cases are stuck */
};

/* ERR_LIMIT: more combinations than can be tried; the rest was said, and
 * ret is filled all the same. */
enum err policy_diff(const struct policy *old, const struct policy *new,
    diff_report *report, void *ctx, struct diff_summary *ret) MUST_CHECK;
