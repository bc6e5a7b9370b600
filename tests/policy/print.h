#pragma once

#include <jansson.h>

#include "crypto/codec.h"
#include "policy/clock.h"
#include "policy/members.h"
#include "policy/route.h"
#include "tests/policy/generate.h"
#include "tests/policy/support.h"

/* Parts of what print_policies prints; each makes something at random and says
 * what the C makes of it. The caller has the JSON. */

struct dice {
	uint64_t state; /* splitmix64 */
};
unsigned below(struct dice *d, unsigned n);
bool in_a_hundred(struct dice *d, unsigned percent);
struct policy_duration random_duration(struct dice *d);

/* Answers, marked people, a day; and changes of the readers. */
json_t *print_concern(struct dice *d, const struct policy *p);
/* When a time is over. */
json_t *print_sum(struct dice *d, const struct policy *p);
/* Entries, one after the other, and what becomes of the case. */
json_t *print_life(struct dice *d, const struct policy *p);
/* Of each person: parts, and who is above. */
json_t *print_people(const struct policy *p);
/* Each state, kind and part. */
json_t *print_table(void);
