#include "daemon/vault_state.h"

#include <string.h>

/*
 * Applying a batch and answering it. The store may run a batch twice, so
 * everything here sets its results anew.
 */

_Static_assert(sizeof(struct op) <= 2048, "it is zeroed for every request");

struct op *
batch_next(struct vault *v)
{
	struct op *op;

	if (vault_is_full(v))
		vault_commit(v);
	op = &v->batch.op[v->batch.n];
	memset(op, 0, sizeof(*op));
	return op;
}

void
batch_keep(struct vault *v, size_t bytes)
{
	v->batch.n++;
	v->batch.bytes += bytes;
}

/* --- one operation --- */

/* Errors that leave the transaction as it was. */
static bool
is_refusal(enum err e)
{
	return e == ERR_NOT_FOUND || e == ERR_EXISTS || e == ERR_CONFLICT ||
	    e == ERR_DENIED || e == ERR_LIMIT;
}

enum store_chain
op_chain(const struct op *op)
{
	return message_kind_chain(op->message_kind) == CHAIN_TALK ? STORE_TALK
								  : STORE_STAFF;
}

struct store_message_new
message_of(const struct op *op)
{
	return (struct store_message_new){
		.chain = op_chain(op),
		.kind = (uint8_t)op->message_kind,
		.author = op->author,
		.day = op->day,
		.head = op->head,
		.envelope = op->envelope,
		.n_envelopes = op->n_envelopes,
		.payload = op->payload,
		.upload = op->is_upload ? op->upload_id : NULL,
		.payload_digest = op->payload_digest,
		.content = op->has_content ? op->content : NULL,
		.link = op->link,
	};
}

static enum err
apply_concern(struct store_txn *txn, struct vault *v, struct op *op)
{
	struct store_case_new new = {
		.id = op->case_id,
		.mailbox = op->mailbox,
		.pub = op->case_kind == STORE_PLAIN ? NULL : op->pub,
		.kind = op->case_kind,
		.route = op->route,
		.filed_day = op->day,
		.policy_serial = op->policy_serial,
		.marks = { .band = op->band },
		.reader = op->reader,
		.n_readers = op->n_readers,
		.first = message_of(op),
	};
	struct store_case c;
	enum err e;

	case_begin(v, &new);
	e = txn_case_add(txn, &new);
	op->begins = e == ERR_OK;
	op->begun_day = op->day;
	if (e == ERR_OK && txn_case_get(txn, op->case_id, &c) == ERR_OK)
		notify_message(v, &c, MESSAGE_CONCERN, PERSON_REPORTER, 0);
	if (e == ERR_EXISTS && txn_case_get(txn, op->case_id, &c) == ERR_OK &&
	    op_is_head(&c, op))
		return ERR_OK;
	return e;
}

static enum err
apply_on_case(struct store_txn *txn, struct vault *v, struct op *op)
{
	bool waited = case_waits(txn, op->case_id, &op->settled_day), waits;
	enum err e = apply_message(txn, v, op);

	if (e != ERR_OK)
		return e;
	waits = case_waits(txn, op->case_id, &op->begun_day);
	op->begins = waits && !waited;
	op->settles = waited && !waits;
	return e;
}

static enum err
apply_piece(struct store_txn *txn, struct op *op)
{
	enum err e = txn_upload_piece(txn, &op->piece);

	/* Their share of the space is used up: the others in the batch do not
	 * pay for it. Where it is the map that is full, the transaction says so
	 * again, and is run anew in a larger one. */
	if (e == ERR_FULL) {
		op->result = ANSWER_FULL;
		return ERR_OK;
	}
	if (e == ERR_DENIED) { /* others are still coming in */
		op->result = ANSWER_BUSY;
		return ERR_OK;
	}
	return e != ERR_OK ? e
			   : txn_upload_get(txn, op->piece_upload, &op->upload);
}

static enum err
apply_one(struct store_txn *txn, struct vault *v, struct op *op)
{
	enum err e = ERR_OK;

	op->result = op->refusal = ANSWER_OK;
	op->has_written = op->begins = op->settles = false;
	switch (op->kind) {
	case OP_CONCERN:
		e = apply_concern(txn, v, op);
		break;
	case OP_MESSAGE:
		e = apply_on_case(txn, v, op);
		break;
	case OP_PIECE:
		e = apply_piece(txn, op);
		break;
	case OP_ENVELOPES:
		e = apply_envelopes(txn, op);
		break;
	case OP_AGAIN:
		break;
	}
	/* With something of it written, it takes the transaction with it. */
	if (is_refusal(e) && !op->has_written) {
		op->result =
		    op->refusal != ANSWER_OK ? op->refusal : answer_of(e);
		e = ERR_OK;
	}
	return e;
}

/* --- the transaction --- */

struct span {
	struct vault *v;
	struct op *op;
	size_t n;
};

static enum err
apply_span(struct store_txn *txn, void *ctx)
{
	struct span *span = ctx;
	enum err e;

	for (size_t i = 0; i < span->n; i++)
		if ((e = apply_one(txn, span->v, &span->op[i])) != ERR_OK)
			return e;
	return ERR_OK;
}

static enum err
run_span(struct vault *v, struct op *op, size_t n)
{
	struct span span = { .v = v, .op = op, .n = n };
	enum err e = vault_run(v, apply_span, &span);

	v->batch.has_written |= store_has_written(v->store);
	if (e == ERR_OK)
		return e;
	/* What was stored before is, however full it is now. */
	for (size_t i = 0; i < n; i++)
		if (e != ERR_FULL || op[i].kind != OP_AGAIN)
			op[i].result = answer_of(e);
	return e;
}

/* Whatever stops a batch that is neither space nor the disk is one request's
 * own: the others do not pay for it. */
static void
run_batch(struct vault *v)
{
	struct batch *b = &v->batch;
	enum err e = run_span(v, b->op, b->n);

	if (e == ERR_OK || e == ERR_FULL || v->has_failed || b->n == 1)
		return;
	for (size_t i = 0; i < b->n && !v->has_failed; i++)
		(void)run_span(v, &b->op[i], 1);
}

/* --- answers --- */

static bool
wants_proof(const struct op *op)
{
	return op->result == ANSWER_OK && op->kind != OP_PIECE &&
	    op->kind != OP_ENVELOPES && op->case_kind != STORE_PLAIN;
}

/* Those of one tree. */
struct leaves {
	struct proof_batch tree;
	struct buf text;	      /* their statements */
	size_t end[PROOF_LEAVES_MAX]; /* of each, in text */
	size_t answered;
};

static struct bytes
leaf_text(const struct leaves *l, size_t i)
{
	size_t from = i == 0 ? 0 : l->end[i - 1];

	return BYTES(l->text.p + from, l->end[i] - from);
}

static enum err
leaf_add(struct leaves *l, const struct op *op)
{
	struct statement s = { .kind = op->message_kind,
		.day = op->day,
		.policy = op->policy_serial };
	size_t i = l->tree.n, from = l->text.n;
	enum err e;

	memcpy(s.case_id, op->case_id, sizeof(s.case_id));
	memcpy(s.link, op->link, sizeof(s.link));
	statement_put(&s, &l->text);
	l->end[i] = l->text.n;
	e = l->text.err;
	if (e == ERR_OK)
		e = proof_batch_add(&l->tree, leaf_text(l, i));
	if (e != ERR_OK)
		l->text.n = from;
	return e;
}

/* Adds leaves from op i on, while the tree has room; returns where it ends. */
static size_t
gather_leaves(struct vault *v, size_t i, struct leaves *l)
{
	for (; i < v->batch.n; i++) {
		struct op *op = &v->batch.op[i];

		if (!wants_proof(op))
			continue;
		if (l->tree.n == PROOF_LEAVES_MAX)
			break;
		if (leaf_add(l, op) != ERR_OK)
			op->result = ANSWER_DOWN;
	}
	return i;
}

static enum err
put_proof(struct vault *v, struct leaves *l, struct bytes checkpoint)
{
	size_t i = l->answered++;
	enum err e;

	buf_reset(&v->read);
	e = proof_put(&l->tree, i, leaf_text(l, i), checkpoint, &v->read);
	v->reply.kind = ANSWER_STORED;
	v->reply.stored.proof = buf_bytes(&v->read);
	return e;
}

static void
answer_one(struct vault *v, struct op *op, struct leaves *l,
    struct bytes checkpoint)
{
	bool has_leaf = wants_proof(op), has_reply = true;

	if (has_leaf && put_proof(v, l, checkpoint) != ERR_OK)
		op->result = ANSWER_DOWN;
	if (op->kind == OP_PIECE)
		reply_pieces(v, &op->upload);
	else if (op->kind == OP_ENVELOPES)
		v->reply.kind = ANSWER_KEPT;
	else if (!has_leaf)
		has_reply = false;
	if (op->result == ANSWER_OK && has_reply)
		vault_reply(v, op->id, op->answer, op->ctx);
	else
		op->answer(op->ctx, op->id, op->result, BYTES(NULL, 0));
}

/* Signs one tree and answers the ops that have their leaves in it, and those
 * between that have none. */
static size_t
answer_from(struct vault *v, size_t from)
{
	CLEAN_BUF struct buf checkpoint = BUF_INIT(PROOF_MAX);
	struct leaves l = { .text =
				BUF_INIT(PROOF_LEAVES_MAX * STATEMENT_MAX) };
	size_t end = gather_leaves(v, from, &l);
	enum err e = ERR_OK;

	if (l.tree.n > 0)
		e = proof_batch_sign(&l.tree, &v->instance_key,
		    v->instance_seed, &checkpoint);
	for (size_t i = from; i < end; i++) {
		struct op *op = &v->batch.op[i];

		if (e != ERR_OK && wants_proof(op))
			op->result = ANSWER_DOWN;
		answer_one(v, op, &l, buf_bytes(&checkpoint));
	}
	buf_free(&l.text);
	return end;
}

size_t
vault_waiting(const struct vault *v)
{
	return v->batch.n;
}

bool
vault_is_full(const struct vault *v)
{
	return v->batch.n == BATCH_OPS_MAX || v->batch.bytes >= BATCH_BYTES_MAX;
}

/* A filing says where there is something to be read. */
static void
remember_decoy(struct vault *v)
{
	for (size_t i = 0; i < v->batch.n; i++)
		if (v->batch.op[i].kind == OP_CONCERN &&
		    v->batch.op[i].result == ANSWER_OK)
			memcpy(v->decoy, v->batch.op[i].mailbox, SHA256_LEN);
}

bool
vault_has_written(const struct vault *v)
{
	return v->batch.has_written;
}

void
vault_commit(struct vault *v)
{
	size_t at = 0;

	if (v->batch.n == 0)
		return;
	run_batch(v);
	remember_decoy(v);
	work_count(v);
	while (at < v->batch.n)
		at = answer_from(v, at);
	v->batch.n = v->batch.bytes = 0;
	v->batch.has_written = false;
}
