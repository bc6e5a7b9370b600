#pragma once

#include "client/staff_queue.h"

/*
 * One concern that is set aside unread, for commands that do many: signed
 * behind the links that the server names (docs/PROTOCOL.md, "Staff's
 * exchanges"), with nothing fetched and nothing opened. So it works as well
 * where attachments are large, and of what opens for nobody. A wrong link does
 * no harm: what is signed names the case and its place in the chain, and the
 * reporter's own client and every other reader refuse a link that is not the
 * concern's.
 *
 * By itself only where nothing stands in the talk chain but the concern and,
 * for the second person, the dismissal that they agree to: what anybody wrote
 * since is for people to read first (dismissal_is_plain). Where it is said,
 * those too to which their reporters wrote again, or which they brought back: a
 * flood can do that as well. What a colleague has answered, handed on, stepped
 * back from or not agreed to is left alone.
 */

enum dismissal {
	DISMISSAL_STORED,
	DISMISSAL_CHANGED, /* is not any more as it was listed */
	DISMISSAL_HELD,	   /* a legal hold */
	DISMISSAL_OURS,	   /* another person must agree to ours */
	DISMISSAL_FAILED,  /* said, with its code */
};

/* Whether it can be done so; is_second: to agree to somebody's. */
bool dismissal_is_plain(const struct answer_row *row, bool is_second);
/* The same, but for what was written since. */
bool dismissal_is_open(const struct answer_row *row, bool is_second);
/* *ret_code: of DISMISSAL_FAILED. */
enum dismissal dismissal_post(struct staff *s, const struct answer_row *row,
    bool is_second, enum exit_code *ret_code) MUST_CHECK;
