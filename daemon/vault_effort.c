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

static unsigned
bits_before(struct vault *v, const struct op *op, bool is_pressed)
{
	struct work_load load;

	switch (op->kind) {
	case OP_CONCERN:
		load = work_load(&v->work, is_pressed);
		return work_bits_of_concern(&load);
	case OP_PIECE:
		return bits_of_piece(v, op, is_pressed);
	case OP_MESSAGE:
	case OP_AGAIN: /* it was stored: that it is said again costs nothing */
	case OP_ENVELOPES:
		break;
	}
	return 0;
}

enum answer
work_before(struct vault *v, const struct bundle_request *q,
    const struct op *op, struct bytes work, bool is_pressed, bool *ret_asked)
{
	const unsigned bits = bits_before(v, op, is_pressed);
	uint8_t purpose[WORK_PURPOSE_LEN];

	*ret_asked = false;
	if (bits == 0)
		return ANSWER_OK;
	request_purpose(q, purpose);
	if (work.n == WORK_LEN && work_spend(&v->work, work.p, purpose))
		return ANSWER_OK;
	*ret_asked = true;
	v->reply.kind = ANSWER_WORK;
	v->reply.work.bits = bits;
	return answer_of(
	    work_ask(&v->work, bits, purpose, v->reply.work.challenge));
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
	*ret_day = c.filed_day;
	return true;
}

void
work_count(struct vault *v)
{
	const struct op *op = v->batch.op;

	for (const struct op *end = op + v->batch.n; op < end; op++) {
		if (op->result != ANSWER_OK)
			continue;
		if (op->begins) {
			work_filed(&v->work);
			work_waits(&v->work, op->day);
		} else if (op->settles) {
			work_settled(&v->work, op->settled_day);
		} else if (op->kind == OP_PIECE && op->upload.received == 1) {
			work_filed(&v->work);
		}
	}
}
