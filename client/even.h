#pragma once

#include "client/http.h"

/*
 * Sessions of a reporter look alike on the line: the policy, and then two
 * exchanges of text, each a drawn while after the one before it. What this
 * machine computes meanwhile is hidden in that while, and the connection is
 * closed with the second: a poll alone is followed, and a concern preceded, by
 * a poll of a mailbox that does not exist. A session that needs more exchanges
 * (a long mailbox, pieces, somebody who thinks for a minute) shows it. Where
 * the first answer asks for work, it is done before the second exchange,
 * whatever that is, and comes with it.
 */

#define EVEN_TEXTS 2

struct even {
	bool is_on;
	unsigned texts;	    /* exchanges of text so far */
	int64_t not_before; /* of the next, ms of the monotonic clock */
};

/* From now on; the policy has just come. */
void even_begin(struct even *e);
/* Before an exchange of text: waits. */
void even_before(struct even *e, struct http *h);
void even_after(struct even *e);
/* So long work was done just now: the while goes on behind it, and hides what
 * it hid. */
void even_worked(struct even *e, int64_t ms);

/* Of covers: when in span number `span` of `every` ms, from the first span's
 * begin on; x: drawn. */
int64_t even_moment(int64_t span, int64_t every, uint32_t x);
/* The span after this one, or the one that it is where some were slept
 * through. */
int64_t even_span(int64_t span, int64_t every, int64_t now);
