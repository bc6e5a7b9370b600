#pragma once

#include "policy/policy.h"

/* The words of the policy language, each list in the order of its enum. */
struct names {
	const char *const *name;
	unsigned n;
};

extern const struct names role_names;
extern const struct names unit_names;
extern const struct names when_names;
extern const struct names verb_names;
extern const struct names keys_names;
extern const struct names field_kind_names;
extern const struct names deadline_names;

/* ERR_NOT_FOUND. */
enum err names_find(const struct names *names, struct bytes word, unsigned *ret)
    MUST_CHECK;

/* "4 hours", "1 working day"; minutes are multiples of 15, the amount is at
 * most POLICY_AMOUNT_MAX. ERR_SYNTAX. */
enum err duration_parse(struct bytes text, struct policy_duration *ret)
    MUST_CHECK;
/* NUL-terminated, e.g. "2 working days". */
#define DURATION_TEXT_MAX 32
void duration_format(const struct policy_duration *d,
    char out[static DURATION_TEXT_MAX]);
