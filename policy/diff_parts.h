#pragma once

#include "policy/diff.h"

struct differ {
	const struct policy *old, *new;
	diff_report *report;
	void *ctx;
	struct diff_summary sum;
};

void diff_say(struct differ *d, enum diff_part part, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* "a, b and c", by the slugs of that policy; cut where it does not fit. */
void diff_slugs(const struct policy *p, const uint16_t *who, size_t n,
    char *out, size_t cap);
bool diff_has(const uint16_t *v, size_t n, uint16_t number);
/* Those of v that are not in w. */
size_t diff_minus(const uint16_t *v, size_t n, const uint16_t *w, size_t m,
    uint16_t *out);
#define DIFF_WORDS_MAX 400

void diff_people(struct differ *d);		     /* diff_people.c */
void diff_routes(struct differ *d);		     /* diff_routes.c */
enum err diff_concerns(struct differ *d) MUST_CHECK; /* diff_concerns.c */
void diff_times(struct differ *d);		     /* diff_times.c */
