#pragma once

#include "policy/check.h"

struct checker {
	const struct policy *p;
	check_report *report;
	void *ctx;
	int64_t day; /* of issue */
	struct check_summary sum;
};

void check_say(struct checker *c, enum check_level level, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Current on the day of issue; for readers, with a key of the route's kind. */
bool check_lives(const struct checker *c, const struct policy_route *r,
    enum rung_verb verb, uint16_t person);

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
