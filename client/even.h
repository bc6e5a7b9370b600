#pragma once

#include "client/http.h"

/*
 * Sessions of a reporter look alike on the line: the policy, and then two
 * exchanges of text, each a drawn while after the one before it. What this
 * machine computes meanwhile is hidden in that while, and the connection is
 * closed with the second: a poll alone is followed, and a concern preceded, by
 * a poll of a mailbox that does not exist. A session that needs more exchanges
 * (a long mailbox, pieces, somebody who thinks for a minute) shows it.
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
