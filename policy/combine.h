#pragma once

#include "policy/policy.h"

/*
 * Every combination of answers that can make a difference to the rules of a
 * policy, or of two that are compared. Options that stand in the same
 * conditions are alike, so one of each class is tried: for a field with one
 * answer none or one of them, for a field with many every subset. Of two
 * policies the forms are taken together, by slug; what one of them does not
 * ask cannot be answered there.
 */

#define COMBINE_FIELDS_MAX (2 * POLICY_FIELDS_MAX)
#define COMBINE_OPTIONS_MAX (2 * POLICY_OPTIONS_MAX)

/* An option in both forms: a bit of each, 0 where it is not there. */
struct combine_option {
	const char *slug; /* borrowed from a policy */
	uint64_t bit[2];
};

struct combine_field {
	const char *slug; /* borrowed */
	bool many;
	uint8_t place[2]; /* in each form; POLICY_FIELDS_MAX: not there */
	size_t n_options; /* one of each class */
	struct combine_option option[COMBINE_OPTIONS_MAX];
	uint64_t n;  /* how many answers to try */
	uint64_t at; /* the one that is tried */
};

struct combine {
	const struct policy *p[2]; /* the second may be NULL */
	size_t n_fields;
	struct combine_field field[COMBINE_FIELDS_MAX];
};

/* Stands at the combination without any answer. Large: keep it on the heap.
 * ERR_LIMIT: more than max combinations; else how many there are. */
enum err combine_start(struct combine *c, const struct policy *a,
    const struct policy *b, uint64_t max, uint64_t *ret_n) MUST_CHECK;
/* The next one; false after the last. */
bool combine_next(struct combine *c);
/* The answers that are tried, for one of the policies (0 or 1). */
void combine_answers(const struct combine *c, unsigned which,
    uint64_t answered[static POLICY_FIELDS_MAX]);
/* "With element bullying, contract bank and nobody marked"; marked may be
 * NULL. NUL-terminated, cut where it does not fit. */
void combine_words(const struct combine *c, const struct policy_person *marked,
    char *out, size_t cap);
