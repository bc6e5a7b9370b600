#include "tests/daemon/vault_stage.h"

#include <string.h>

#include "daemon/vault_clock.h"

/* --- straight into the store --- */

struct stage {
	struct world *w;
	const uint8_t *id;
	const struct life *l;
	uint16_t person;
	unsigned access;
};

static void
case_now(struct world *w, const struct reporter *r, struct store_case *c)
{
	assert_int_equal(ERR_OK,
	    store_case_find(w->vault->store, r->keys.case_id, c));
}

void
stage_life(struct world *w, const struct reporter *r, struct life *ret)
{
	struct store_case c;

	case_now(w, r, &c);
	assert_int_equal(ERR_OK, case_life(&c, ret));
}

enum case_state
state_now(struct world *w, const struct reporter *r)
{
	struct life l;

	stage_life(w, r, &l);
	return l.state;
}

uint8_t
access_now(struct world *w, const struct reporter *r, uint16_t person)
{
	const struct store_reader *at;
	struct store_case c;

	case_now(w, r, &c);
	at = store_case_reader(&c, person);
	return at == NULL ? 0 : at->access;
}

static enum err
set_life(struct store_txn *txn, void *ctx)
{
	struct stage *s = ctx;
	struct store_case c;
	enum err e = txn_case_get(txn, s->id, &c);

	return e == ERR_OK ? clock_settle(txn, s->w->vault, &c, s->l) : e;
}

void
stage_set_life(struct world *w, const struct reporter *r, const struct life *l)
{
	struct stage s = { .w = w, .id = r->keys.case_id, .l = l };

	assert_int_equal(ERR_OK, vault_run(w->vault, set_life, &s));
}

void
stage_state(struct world *w, const struct reporter *r, enum case_state s,
    unsigned flags, uint16_t first)
{
	struct life l;

	life_begin(&l, 3, w->policy->serial, w->now);
	l.state = s;
	l.flags = (uint16_t)flags;
	l.first = first;
	stage_set_life(w, r, &l);
}

static enum err
set_access(struct store_txn *txn, void *ctx)
{
	const struct stage *s = ctx;

	return s->access != 0
	    ? txn_reader_put(txn, s->id, s->person, (uint8_t)s->access)
	    : txn_reader_drop(txn, s->id, s->person);
}

void
stage_access(struct world *w, const struct reporter *r, uint16_t person,
    unsigned access)
{
	struct stage s = {
		.id = r->keys.case_id, .person = person, .access = access
	};

	assert_int_equal(ERR_OK, vault_run(w->vault, set_access, &s));
}

/* --- entries --- */

struct entry
entry_of(enum message_kind kind, uint16_t author)
{
	const unsigned params = message_form(kind)->params;
	struct entry e = { .kind = kind, .author = author };

	if (params & PARAM_BAND)
		e.band = 3;
	if (params & PARAM_ROUTE)
		e.route = ROUTE_BOARD;
	if (params & PARAM_INVESTIGATE)
		e.investigates = true;
	if (params & PARAM_FROM)
		e.from = author;
	if (params & PARAM_PERSON)
		e.person =
		    kind == MESSAGE_GRANT ? ADVISER : SECOND_INVESTIGATOR;
	if (params & PARAM_GRANTS)
		assert_int_equal(ERR_OK, grants_digest(NULL, 0, e.grants));
	return e;
}

enum answer
try_entry(struct world *w, const struct reporter *r, const struct entry *e,
    const uint16_t *to, size_t n)
{
	CLEAN_DRAFT struct draft d = { 0 };

	draft_entry(w, r, e, to, n, &d);
	return world_request(w, &d.request);
}

/* --- envelopes sent ahead --- */

struct sending {
	struct bundle_request request;
	struct buf envelope[BUNDLE_GRANTS_MAX];
	size_t used;
};

static enum answer
flush(struct world *w, struct sending *s)
{
	enum answer a = ANSWER_OK;

	if (s->request.envelopes.n > 0)
		a = world_request(w, &s->request);
	for (size_t i = 0; i < s->request.envelopes.n; i++)
		buf_free(&s->envelope[i]);
	s->request.envelopes.n = s->used = 0;
	s->request.envelopes.is_fresh = false;
	return a;
}

static enum answer
add(struct world *w, struct sending *s, uint16_t maker, enum chain chain,
    const struct answer_head *h, struct sent *sent)
{
	struct request_envelopes *q = &s->request.envelopes;
	struct buf *out = &s->envelope[q->n];
	struct grant *g = &sent->at[sent->n++];

	*out = (struct buf)BUF_INIT(AGE_HEADER_MAX);
	assert_int_equal(AGE_OK,
	    message_add_envelope(&w->env, h->envelope, &w->person[maker].id, 1,
		&w->person[q->person].key, out));
	q->at[q->n++] = (struct bundle_grant){ chain, h->seq, buf_bytes(out) };
	g->chain = chain;
	g->seq = h->seq;
	assert_int_equal(ERR_OK, sha256(buf_bytes(out), g->envelope));
	s->used += out->n + 64;
	return q->n == BUNDLE_GRANTS_MAX || s->used > BUNDLE_MESSAGE_MAX / 2
	    ? flush(w, s)
	    : ANSWER_OK;
}

/* One answer's messages; it is copied, since sending gets another. */
static enum answer
add_page(struct world *w, const struct reporter *r, struct sending *s,
    uint16_t maker, enum chain chain, uint32_t *after, size_t n,
    struct sent *sent)
{
	CLEAN_BUF struct buf body = BUF_INIT(BUNDLE_PIECE_LEN);
	static struct bundle_answer page;
	enum answer a = open_case(w, maker, r, chain, *after);

	if (a != ANSWER_OK)
		return a;
	buf_put_bytes(&body, buf_bytes(&w->body));
	assert_int_equal(ERR_OK, bundle_answer_parse(buf_bytes(&body), &page));
	for (size_t i = 0; i < page.open.heads.n && a == ANSWER_OK; i++) {
		const struct answer_head *h = &page.open.heads.at[i];

		*after = h->seq + 1;
		if (h->envelope.n > 0 && sent->n < n)
			a = add(w, s, maker, chain, h, sent);
	}
	return a;
}

enum answer
send_ahead(struct world *w, const struct reporter *r, uint16_t maker,
    uint16_t person, size_t n, bool is_fresh, struct sent *sent)
{
	static struct sending s;
	enum answer a = ANSWER_OK;

	memset(&s, 0, sizeof(s));
	s.request.kind = REQUEST_ENVELOPES;
	s.request.envelopes.person = person;
	s.request.envelopes.is_fresh = is_fresh;
	memcpy(s.request.envelopes.session, w->person[maker].session,
	    BUNDLE_SESSION_LEN);
	memcpy(s.request.envelopes.case_id, r->keys.case_id, CASE_ID_LEN);
	for (int chain = 0; chain < 2 && a == ANSWER_OK; chain++) {
		const uint32_t count = chain == 0 ? r->talk : r->staff;

		for (uint32_t at = 0; at < count && a == ANSWER_OK;)
			a = add_page(w, r, &s, maker, (enum chain)chain, &at, n,
			    sent);
	}
	return a == ANSWER_OK ? flush(w, &s) : a;
}

void
sent_digest(const struct sent *s, uint8_t out[static SHA256_LEN])
{
	assert_int_equal(ERR_OK, grants_digest(s->at, s->n, out));
}
