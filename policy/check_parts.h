#pragma once

#include "crypto/state.h"
#include "policy/check.h"

struct checker {
	const struct policy *p;
	check_report *report;
	void *ctx;
	int64_t day; /* of issue */
	struct check_summary sum;
};

/* The sentence is made here. */
void check_say(struct checker *c, struct check_finding f, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* A level, a kind, and then what it is about. */
#define FOUND(l, ...) \
	((struct check_finding){ .level = (l), .what = __VA_ARGS__ })

/* Current on the day of issue; for readers, with a key of the route's kind. */
bool check_lives(const struct checker *c, const struct policy_route *r,
    enum rung_verb verb, uint16_t person);

/* Whether there is a moment, while the policy is in force, at which a, begun
 * together with b, is over after it. */
bool check_may_be_later(const struct policy *p, struct policy_duration a,
    struct policy_duration b);

enum ladder_end {
	LADDER_EMPTY,
	LADDER_INSIDE, /* nobody outside the line of the first people */
	LADDER_OUTSIDE,
};
/* Where a ladder ends in a band, when these people are left out. ret_rung
 * (from 1) is set unless it is empty. */
enum ladder_end check_ladder_end(const struct checker *c,
    const struct policy_route *r, unsigned band, const uint16_t *excluded,
    size_t n, unsigned *ret_rung);

/* Whether a rung comes in a band when nobody does anything. */
bool check_rung_comes(const struct policy *p, const struct policy_rung *g,
    unsigned band);
/* Whether a reader comes in at once, or by such a rung. */
bool check_comes_in(const struct policy *p, const struct policy_route *r,
    uint8_t band, uint16_t person);
/* Whether a case can come to where nobody may move it on; marked: 0 is nobody.
 * The place is given where it is so. */
bool check_stuck(const struct checker *c, const struct policy_route *r,
    uint8_t band, uint16_t marked, enum case_state *ret_state,
    bool *ret_conduct);

/* check_limits.c: what is neither a route nor a rule. */
void check_limits(struct checker *c);
/* check_ladder.c: routes one by one. */
void check_routes(struct checker *c);
/* check_reach.c: every combination of answers and marked people. */
enum err check_combinations(struct checker *c) MUST_CHECK;
/* check_words.c: what each route and band gives away. */
void check_giveaways(struct checker *c);

/* "element is bullying or attitudes and one of executive is marked"; cut to
 * fit, NUL-terminated. */
void check_describe_rule(const struct policy *p, const struct policy_rule *rule,
    char *out, size_t cap);
