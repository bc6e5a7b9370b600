#include "daemon/vault_state.h"

/* What work is asked for, and before what: daemon/vault_work.h says how much.
 */

static unsigned
bits_of_piece(struct vault *v, const struct op *op, bool is_pressed)
{
	const struct work_load load = work_load(&v->work, is_pressed);
	struct work_share share = { .size = op->piece.size };
	struct store_upload known;
	struct store_counts counts;
	unsigned bits;

	store_counts(v->store, &counts);
	share.held = counts.incoming;
	share.max = counts.incoming_max;
	bits = work_bits_of_upload(&load, &share);
	/* Only the first piece asks: who has begun may go on. */
	if (bits > 0 &&
	    store_upload_find(v->store, op->piece_upload, &known) == ERR_OK)
		return 0;
	return bits;
}

/* One for all text: what a mailbox says of it is true of whatever is filed. */
static unsigned
bits_of_text(struct vault *v, bool is_pressed)
{
	const struct work_load load = work_load(&v->work, is_pressed);

	return work_bits_of_text(&load);
}

static unsigned
bits_before(struct vault *v, const struct bundle_request *q,
    const struct op *op, bool is_pressed)
{
	if (!request_needs_work(q->kind))
		return 0;
	if (q->kind == REQUEST_PUT)
		return bits_of_piece(v, op, is_pressed);
	/* it was stored: that it is said again costs nothing */
	return op->kind == OP_AGAIN ? 0 : bits_of_text(v, is_pressed);
}

/* Of what is refused all the same none is spent. */
static bool
has_worked(struct vault *v, struct bytes work,
    const uint8_t purpose[static WORK_PURPOSE_LEN], bool is_refused)
{
	if (work.n != WORK_LEN)
		return false;
	return is_refused ? work_counts(&v->work, work.p, purpose)
			  : work_spend(&v->work, work.p, purpose);
}

enum answer
work_before(struct vault *v, const struct bundle_request *q,
    const struct op *op, struct bytes work, bool is_pressed, bool is_refused,
    bool *ret_asked)
{
	const unsigned bits = bits_before(v, q, op, is_pressed);
	uint8_t purpose[WORK_PURPOSE_LEN];

	*ret_asked = false;
	if (bits == 0)
		return ANSWER_OK;
	request_purpose(q, purpose);
	if (has_worked(v, work, purpose, is_refused))
		return ANSWER_OK;
	*ret_asked = true;
	v->reply.kind = ANSWER_WORK;
	v->reply.work.bits = bits;
	return answer_of(
	    work_ask(&v->work, bits, purpose, v->reply.work.challenge));
}

enum answer
work_ahead(struct vault *v, bool is_pressed)
{
	struct answer_work *a = &v->reply.mailbox.ahead;
	uint8_t purpose[WORK_PURPOSE_LEN];

	if ((a->bits = bits_of_text(v, is_pressed)) == 0)
		return ANSWER_OK;
	work_purpose_of_text(purpose);
	return answer_of(work_ask(&v->work, a->bits, purpose, a->challenge));
}

void
work_measure(struct vault *v)
{
	struct store_counts counts;

	store_counts(v->store, &counts);
	v->work.used_percent = counts.used * 100 / counts.size_max;
}

bool
case_waits(struct store_txn *txn, const uint8_t id[static CASE_ID_LEN],
    uint32_t *ret_day)
{
	struct store_case c;
	struct life l;

	if (txn_case_get(txn, id, &c) != ERR_OK ||
	    case_life(&c, &l) != ERR_OK || l.state != CASE_RECEIVED)
		return false;
	*ret_day = l.flags & CASE_IS_REOPENED
	    ? (uint32_t)(l.since[SINCE_MOVED] / DAY_SECONDS)
	    : c.filed_day;
	return true;
}

/* What is counted by its rate: all for which work may be asked. */
static bool
is_filing(const struct op *op)
{
	switch (op->kind) {
	case OP_CONCERN:
		return op->begins;
	case OP_MESSAGE:
		return op->author == PERSON_REPORTER &&
		    op->message_kind != MESSAGE_WITHDRAW;
	case OP_PIECE:
		return op->upload.received == 1;
	case OP_AGAIN:
	case OP_ENVELOPES:
		break;
	}
	return false;
}

void
work_count(struct vault *v)
{
	const struct op *op = v->batch.op;

	for (const struct op *end = op + v->batch.n; op < end; op++) {
		if (op->result != ANSWER_OK)
			continue;
		if (is_filing(op))
			work_filed(&v->work);
		if (op->begins)
			work_waits(&v->work, op->begun_day);
		else if (op->settles)
			work_settled(&v->work, op->settled_day);
	}
}
