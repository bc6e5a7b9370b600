#include "daemon/vault_state.h"

#include <stdlib.h>
#include <string.h>

/*
 * Envelopes of messages that are there, for somebody who is to read them: sent
 * ahead, and counted once an entry names their digest.
 */

_Static_assert((int)STORE_TALK == (int)CHAIN_TALK &&
	(int)STORE_STAFF == (int)CHAIN_STAFF,
    "one order of the chains");

/* --- what somebody has --- */

struct gather {
	struct grant *at, *settled;
	size_t n, n_settled;
};

static enum err
gather_one(void *ctx, enum store_chain chain, uint32_t seq, bool is_ahead,
    struct bytes header)
{
	struct gather *g = ctx;
	struct grant *one = &g->at[g->n];
	enum err e;

	if (g->n == STORE_MESSAGES_MAX)
		return ERR_CORRUPT;
	one->chain = (enum chain)chain;
	one->seq = seq;
	g->n++;
	e = sha256(header, one->envelope);
	if (!is_ahead)
		g->settled[g->n_settled++] = *one;
	return e;
}

static enum err
match(const struct gather *g, const uint8_t digest[static SHA256_LEN],
    bool *ret_ahead)
{
	uint8_t all[SHA256_LEN], settled[SHA256_LEN];
	enum err e = grants_digest(g->at, g->n, all);

	if (e == ERR_OK)
		e = grants_digest(g->settled, g->n_settled, settled);
	if (e != ERR_OK)
		return e;
	*ret_ahead = bytes_equal_ct(all, digest, SHA256_LEN);
	return *ret_ahead || bytes_equal_ct(settled, digest, SHA256_LEN)
	    ? ERR_OK
	    : ERR_CONFLICT;
}

enum err
grants_match(struct store_txn *txn, const uint8_t id[static CASE_ID_LEN],
    uint16_t person, const uint8_t digest[static SHA256_LEN], bool *ret_ahead)
{
	const size_t n = STORE_MESSAGES_MAX;
	struct grant *at = calloc(2 * n, sizeof(*at));
	struct gather g = { .at = at, .settled = at + n };
	enum err e;

	if (at == NULL)
		return ERR_NOMEM;
	e = txn_envelopes_visit(txn, id, person, gather_one, &g);
	if (e == ERR_OK)
		e = match(&g, digest, ret_ahead);
	free(at);
	return e;
}

/* --- places --- */

/* Where all are taken, one that is kept for somebody whom nobody has named is
 * given up: who sends envelopes ahead keeps nobody else out. */
static enum err
make_room(struct store_txn *txn, const struct store_case *c, uint16_t person)
{
	if (c->n_readers < STORE_READERS_MAX ||
	    store_case_reader(c, person) != NULL)
		return ERR_OK;
	for (size_t i = 0; i < c->n_readers; i++)
		if (c->reader[i].access == READER_PENDING)
			return txn_reader_drop(txn, c->id, c->reader[i].person);
	return ERR_LIMIT;
}

enum err
reader_put(struct store_txn *txn, const uint8_t id[static CASE_ID_LEN],
    uint16_t person, unsigned access)
{
	struct store_case c;
	enum err e = txn_case_get(txn, id, &c);

	if (e == ERR_OK)
		e = make_room(txn, &c, person);
	return e == ERR_OK ? txn_reader_put(txn, id, person, (uint8_t)access)
			   : e;
}

/* --- sending ahead --- */

enum answer
file_envelopes(struct vault *v, const struct bundle_request *q, uint16_t author,
    struct op *op)
{
	const struct request_envelopes *x = &q->envelopes;
	const struct policy_person *p = policy_person(v->now.policy, x->person);
	bool ignored;

	if (p == NULL || !policy_person_is_current(p, vault_day(v)))
		return ANSWER_BAD_BUNDLE;
	for (size_t i = 0; i < x->n; i++)
		if (!envelope_is_sound(x->at[i].envelope, &ignored))
			return ANSWER_BAD_BUNDLE;
	op->kind = OP_ENVELOPES;
	op->author = author;
	op->envelopes = BYTES(q->preamble.p, q->length);
	memcpy(op->case_id, x->case_id, sizeof(op->case_id));
	return ANSWER_OK;
}

/* Whoever is nothing to the case becomes somebody for whom something waits. */
static enum err
make_place(struct store_txn *txn, struct op *op, uint16_t person)
{
	const struct store_reader *r;
	struct store_case c;
	enum err e = txn_case_get(txn, op->case_id, &c);

	if (e != ERR_OK)
		return e;
	if (!case_is_read_by(&c, op->author))
		return ERR_NOT_FOUND;
	r = store_case_reader(&c, person);
	if (r != NULL && (r->access & (READER_MEMBER | READER_PENDING)) != 0)
		return ERR_OK;
	e = reader_put(txn, op->case_id, person,
	    (r == NULL ? 0u : r->access) | READER_PENDING);
	op->has_written = e == ERR_OK;
	return e;
}

static enum err
put_envelopes(struct store_txn *txn, struct op *op,
    const struct request_envelopes *q)
{
	enum err e = ERR_OK;

	if (q->is_fresh) {
		op->has_written = true;
		e = txn_envelopes_forget(txn, op->case_id, q->person);
	}
	for (size_t i = 0; i < q->n && e == ERR_OK; i++) {
		const struct bundle_grant *g = &q->at[i];
		const struct store_envelope x = { q->person, g->envelope };

		e = txn_envelope_put(txn, op->case_id,
		    (enum store_chain)g->chain, g->seq, &x);
		if (e == ERR_OK)
			op->has_written = true;
	}
	return e;
}

enum err
apply_envelopes(struct store_txn *txn, struct op *op)
{
	struct bundle_request q;
	enum err e = bundle_request_parse(op->envelopes, &q);

	if (e == ERR_OK)
		e = make_place(txn, op, q.envelopes.person);
	return e == ERR_OK ? put_envelopes(txn, op, &q.envelopes) : e;
}
