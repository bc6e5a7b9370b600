#pragma once

#include "tests/fuzz/quick.h"

/*
 * Requests of every kind about one case, as a front would pass them on: right,
 * in the state that the case is in, and to be changed by a fuzzer. A guardian
 * is signed in.
 */

#define REQUESTS_MAX 32

struct requests {
	struct world *w;
	const struct reporter *r; /* whose case it is */
	size_t n;
	struct {
		enum wire_type type;
		struct buf body;
	} at[REQUESTS_MAX];
};

void requests_make(struct requests *q, struct world *w,
    const struct reporter *r);
void requests_add(struct requests *all, enum wire_type type,
    const struct bundle_request *q);
void requests_free(struct requests *q);
