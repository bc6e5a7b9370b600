#pragma once

#include "crypto/bytes.h"

/*
 * An input as changes to what was made correctly: a byte for the part that is
 * changed (with its top bit, counted from the part's end), two for the place,
 * one for how many bytes go, one for how many come, and these. So a fuzzer
 * reaches what lies behind a seal: a part is changed before the next is made
 * around it.
 */

#define EDITS_MAX 8

struct edit {
	unsigned part;
	bool from_end;
	uint16_t at;
	uint8_t drop;
	struct bytes put; /* borrowed from the input */
};
struct edits {
	size_t n;
	struct edit at[EDITS_MAX];
};

/* As many as there are whole; parts are counted from 0 up to n_parts. */
void edits_read(struct bytes in, unsigned n_parts, struct edits *ret);
/* Makes this one change. */
void edit_apply(const struct edit *e, struct buf *x);
/* Changes this part, in the order of the input. Returns whether it is another
 * than before. What would be longer than x->max is left as it is. */
bool edits_apply(const struct edits *e, unsigned part, struct buf *x);
