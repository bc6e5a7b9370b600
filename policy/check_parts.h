#pragma once

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
#define FOUND(l, w, ...) \
	((struct check_finding){ .level = (l), .what = (w), __VA_ARGS__ })

/* Current on the day of issue; for readers, with a key of the route's kind. */
bool check_lives(const struct checker *c, const struct policy_route *r,
    enum rung_verb verb, uint16_t person);

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

/* check_ladder.c: routes one by one, and the table of deadlines. */
void check_routes(struct checker *c);
void check_deadlines(struct checker *c);
/* check_reach.c: every combination of answers and marked people. */
enum err check_combinations(struct checker *c) MUST_CHECK;
/* check_words.c: what each route and band gives away. */
void check_giveaways(struct checker *c);

/* "element is bullying or attitudes and one of executive is marked"; cut to
 * fit, NUL-terminated. */
void check_describe_rule(const struct policy *p,
    const struct policy_rule *rule, char *out, size_t cap);
