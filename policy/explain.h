#pragma once

#include "policy/members.h"
#include "policy/route.h"

/*
 * Who would get a concern, and when: computed as every client computes it, and
 * put into plain words. Lines end with '\n'; two spaces in front of a line for
 * each level. Names in it come from the policy, and are not cleaned for a
 * terminal.
 */

struct explanation {
	const struct policy *p; /* borrowed */
	int64_t day;
	struct route_choice choice;
	const struct policy_route *route;
	size_t n_members;
	struct member member[MEMBERS_MAX];
	size_t n_told; /* who reads at once is not among them */
	struct member told[POLICY_PEOPLE_MAX];
	size_t n_marked;
	const uint16_t *marked; /* borrowed */
	size_t n_out;		/* marked, or below a marked person */
	uint16_t out[POLICY_PEOPLE_MAX];
};

/* What becomes of these answers (a mask for each field of the form) and marked
 * people, filed on that day. ERR_LIMIT: more readers than a concern can have.
 */
enum err explain(const struct policy *p, const uint64_t *answered,
    const uint16_t *marked, size_t n_marked, int64_t day,
    struct explanation *ret) MUST_CHECK;
void explain_put(const struct explanation *x, struct buf *out);

/* Whether a rung (from 1) can come in the band that the concern starts in. */
bool explain_rung_counts(const struct explanation *x, unsigned rung);
/* Below which marked person somebody left out is: 0 where marked themselves. */
uint16_t explain_below(const struct explanation *x, uint16_t person);

/* Each route: which concerns take it, who reads and hears when. */
void explain_routes(const struct policy *p, struct buf *out);
