#pragma once

#include "crypto/sealed.h"
#include "policy/policy.h"

/* Which route a concern takes, and in which band it starts: a pure function of
 * the policy, the answers and the people marked. */

struct route_choice {
	uint16_t route;
	uint8_t band;
	uint16_t rule; /* index of the rule that matched */
};

/*
 * ERR_NOT_FOUND: an answer to a field or with an option that the policy does
 * not have, or an excluded number that is nobody's. ERR_SYNTAX: a field that
 * takes one answer has two, or one answer is given twice. Answers in any
 * order; an unanswered field meets no condition.
 */
enum err route_pick(const struct policy *p,
    const struct manifest_answer *answers, size_t n, const uint16_t *excluded,
    size_t n_excluded, struct route_choice *ret) MUST_CHECK;

/* The same over answers already resolved: a mask of options for each field of
 * the form. Cannot fail: the last rule always matches. */
struct route_choice route_pick_masks(const struct policy *p,
    const uint64_t *answered, const uint16_t *excluded, size_t n_excluded);
