#pragma once

#include "daemon/wire.h"

/*
 * docs/PROTOCOL.md, "Errors": what a client is told when a request is not
 * answered. Every text is a constant; nothing of a request comes back.
 */

struct error_text {
	unsigned status; /* HTTP's */
	const char *code;
	const char *text; /* one or two sentences for a person */
};

/* Of what the vault said; never NULL, also for ANSWER_OK, which has none of
 * its own and gets ANSWER_DOWN's. */
const struct error_text *error_of_answer(enum answer a);
/* Of what HTTP itself went wrong with: 400, 404, 405, 408, 411, 413, 414, 417,
 * 431, 501 or 505. Any other gets 400's. */
const struct error_text *error_of_status(unsigned status);

/* ANSWER_UNKNOWN for somebody who asks for the answer to a plain concern. */
extern const struct error_text error_no_answer;

/* The JSON object with its newline, not padded. */
void error_put_json(struct buf *out, const struct error_text *e);
