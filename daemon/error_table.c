#include "daemon/error_table.h"

#define NOTHING_STORED "Nothing was stored."

static const struct error_text answers[] = {
	[ANSWER_BAD_REQUEST] = { 400, "bad-request",
	    "This is not a request that the service knows." },
	[ANSWER_BAD_BUNDLE] = { 400, "bad-bundle",
	    "The request is not put together as the protocol asks. " NOTHING_STORED },
	[ANSWER_BAD_POLICY] = { 409, "bad-policy",
	    "It was sealed by a policy that is not the current one. Fetch the "
	    "policy and seal it again. " NOTHING_STORED },
	[ANSWER_BAD_SIGNATURE] = { 403, "bad-signature",
	    "The signature does not fit. " NOTHING_STORED },
	[ANSWER_NO_SESSION] = { 403, "no-session", "Please log in again." },
	[ANSWER_DENIED] = { 403, "denied",
	    "This is not open to you, or not possible any more." },
	[ANSWER_UNKNOWN] = { 404, "unknown", "There is no such thing here." },
	[ANSWER_CONFLICT] = { 409, "conflict",
	    "Somebody else wrote first. Fetch the case and try again." },
	[ANSWER_EXISTS] = { 409, "exists",
	    "Something else is stored under this name already." },
	[ANSWER_TOO_LARGE] = { 413, "too-large",
	    "This is larger than the service takes. " NOTHING_STORED },
	[ANSWER_BUSY] = { 503, "busy",
	    "The service is busy. Try again soon. " NOTHING_STORED },
	[ANSWER_DOWN] = { 503, "down",
	    "The store is not answering. Try again later: to send the same "
	    "twice does no harm." },
	[ANSWER_FULL] = { 507, "full",
	    "The service has no space left. " NOTHING_STORED },
	[ANSWER_NOT_NOW] = { 409, "not-now",
	    "This cannot be done as the case stands now. " NOTHING_STORED },
	[ANSWER_NEEDS_REVIEW] = { 409, "needs-review",
	    "The findings are about conduct: a review, chaired by an "
	    "executive, comes first. " NOTHING_STORED },
	[ANSWER_SAME_PERSON] = { 409, "same-person",
	    "A second person must do this. " NOTHING_STORED },
	[ANSWER_NOTHING_ASKED] = { 409, "nothing-asked",
	    "Nothing waits for this in the case. " NOTHING_STORED },
	[ANSWER_ON_HOLD] = { 409, "on-hold",
	    "There is a legal hold on the case. " NOTHING_STORED },
	[ANSWER_INCOMPLETE] = { 409, "incomplete",
	    "The new reader's envelopes are not those that the entry means. "
	    "Send them again. " NOTHING_STORED },
	[ANSWER_WRONG_DAY] = { 409, "wrong-day",
	    "It was signed on another day than today. Is the clock of your "
	    "device right? " NOTHING_STORED },
};

const struct error_text error_no_answer = { 404, "unknown",
	"There is no answer to it yet. Try again another day." };

static const struct error_text statuses[] = {
	{ 400, "bad-request", "This is not HTTP as the service speaks it." },
	{ 404, "unknown", "There is no such page here." },
	{ 405, "bad-request", "This page does not take that method." },
	{ 408, "bad-request", "The request took too long to arrive." },
	{ 411, "bad-request", "The request does not say how long it is." },
	{ 413, "too-large",
	    "The request has not the length that this page "
	    "takes." },
	{ 414, "bad-request", "The address is too long." },
	{ 417, "bad-request", "The request expects what is not done here." },
	{ 431, "bad-request", "The request's head is too long." },
	{ 501, "bad-request", "The service does not know that method." },
	{ 505, "bad-request", "Only HTTP/1.1 is spoken here." },
};

const struct error_text *
error_of_answer(enum answer a)
{
	if (a <= ANSWER_OK || a >= ANSWERS)
		a = ANSWER_DOWN;
	return &answers[a];
}

const struct error_text *
error_of_status(unsigned status)
{
	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
		if (statuses[i].status == status)
			return &statuses[i];
	}
	return &statuses[0];
}

void
error_put_json(struct buf *out, const struct error_text *e)
{
	buf_printf(out, "{\"error\": \"%s\", \"text\": \"%s\"}\n", e->code,
	    e->text);
}
