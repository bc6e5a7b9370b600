#pragma once

#include "policy/policy.h"

/* The line of management, over sets of people. A person is their place in
 * policy->people. */

struct people_set {
	uint64_t bits[POLICY_PEOPLE_MAX / 64];
};

/* By number; a number that is nobody's is passed over. */
void people_add(const struct policy *p, struct people_set *s, uint16_t number);
bool people_has(const struct people_set *s, size_t place);
/* Adds all to whom somebody in the set reports, and so on up. */
void people_add_managers(const struct policy *p, struct people_set *s);
/* Adds all who report to somebody in the set, and so on down. */
void people_add_reports(const struct policy *p, struct people_set *s);
