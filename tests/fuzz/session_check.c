#include "tests/fuzz/session.h"

#include <assert.h>
#include <string.h>

#include "crypto/codec.h"

/* What the vault has and gives, held against the model. */

int64_t
run_today(const struct run *r)
{
	return r->w->now / DAY_SECONDS;
}

enum answer
run_ask(struct run *r, const struct bundle_request *q)
{
	return world_request(r->w, q);
}

bool
session_lives(const struct run *r, uint16_t person)
{
	const struct session_of *s = &r->session[person];

	return s->is_known && r->w->now - s->used < 15 * 60 &&
	    r->w->now - s->begun < 12 * 3600 &&
	    !model_has_left(r->serial, person) &&
	    (person != QUICK_REKEYED ||
		s->is_new_key == (r->serial == QUICK_POLICIES));
}

/* --- what is stored --- */

static unsigned
access_of(const struct model_reader *m)
{
	return (m->has_envelopes ? READER_MEMBER : 0) |
	    (m->reads ? READER_RELEASED : 0) |
	    (m->is_given ? READER_GIVEN : 0) |
	    (m->is_awaited ? READER_PENDING : 0) |
	    (m->may_be_told ? READER_TELL : 0);
}

static bool
readers_match(const struct model_case *m, const struct store_case *c)
{
	for (uint16_t i = 1; i < MODEL_PEOPLE; i++) {
		const struct store_reader *r = store_case_reader(c, i);
		unsigned is = r == NULL ? 0 : r->access & ~READER_TOLD;

		if (is != access_of(&m->reader[i]))
			return false;
	}
	return true;
}

/* The instance's entries that the model does not know. */
static void
hear(struct run *r, struct model_case *m, struct store_view *v,
    enum store_chain chain)
{
	uint32_t count = view_case(v)->chain[chain].count;

	while (m->count[chain] < count) {
		CLEAN_BUF struct buf head = BUF_INIT(STORE_HEAD_MAX);
		struct store_message x;
		struct entry e;

		assert(view_message(v, chain, m->count[chain], &x) == ERR_OK);
		assert(x.author == PERSON_INSTANCE);
		assert(view_head(v, chain, m->count[chain], &head) == ERR_OK);
		assert(entry_parse(buf_bytes(&head), &e) == ERR_OK);
		assert(entry_verify_instance(buf_bytes(&head),
			   r->w->root.instance_keys,
			   r->w->root.n_instance_keys) == ERR_OK);
		model_hear(m, &e, r->serial, run_today(r), x.link);
	}
}

static bool
chain_matches(const struct model_case *m, const struct store_case *c,
    enum store_chain chain)
{
	uint32_t n = m->count[chain];

	return n == c->chain[chain].count &&
	    (n == 0 ||
		memcmp(m->message[chain][n - 1].link, c->chain[chain].head,
		    LINK_LEN) == 0);
}

static bool
life_matches(const struct model_case *m, const struct store_case *c)
{
	struct life l;

	assert(life_get(c->marks.life, &l) == ERR_OK);
	return l.state == m->state && l.band == m->band &&
	    (l.flags & ~CASE_IS_BREACHED) == m->flags && c->route == m->route &&
	    c->filed_day == m->filed && (c->kind == STORE_PLAIN) == m->is_plain;
}

static void
hear_case(struct run *r, struct model_case *m)
{
	struct store_view *v = NULL;

	assert(store_view_open(r->w->vault->store, m->id, &v) == ERR_OK);
	hear(r, m, v, STORE_STAFF);
	hear(r, m, v, STORE_TALK);
	store_view_close(v);
}

bool
check_matches(struct run *r, size_t which)
{
	struct model_case *m = &r->c[which];
	struct store_case c;
	enum err e;

	if (!m->is_there) {
		if (which >= SEALED_CASES)
			return true;
		e = store_case_find(r->w->vault->store,
		    r->q->reporter[which].keys.case_id, &c);
		return e == ERR_NOT_FOUND;
	}
	if (store_case_find(r->w->vault->store, m->id, &c) != ERR_OK)
		return false;
	if (c.chain[0].count > m->count[0] || c.chain[1].count > m->count[1])
		hear_case(r, m);
	return chain_matches(m, &c, STORE_TALK) &&
	    chain_matches(m, &c, STORE_STAFF) && life_matches(m, &c) &&
	    readers_match(m, &c);
}

void
check_all(struct run *r)
{
	for (size_t i = 0; i < MODEL_CASES; i++)
		assert(check_matches(r, i));
}

/* --- messages --- */

/* As material is named: of a plain case's file, the guardian's. */
static void
check_envelope(const struct model_envelope *x, struct bytes is)
{
	CLEAN_BUF struct buf should = BUF_INIT(QUICK_ENVELOPE_MAX);

	if (x == NULL) {
		assert(is.n == 0);
		return;
	}
	quick_envelope(x->person == MODEL_SHARED ? GUARDIAN : x->person,
	    x->number, &should);
	assert(bytes_equal(is, buf_bytes(&should)));
}

static struct bytes
payload_of(struct run *r, const struct model_case *c,
    const struct model_message *m)
{
	struct bytes x = quick_payload(r->q, m->number, m->is_large);

	return c->is_plain && m->kind == MESSAGE_CONCERN ? BYTES(x.p, 400) : x;
}

static void
check_head(struct run *r, const struct model_case *c, uint16_t person,
    enum chain chain, const struct answer_head *h)
{
	const struct model_message *m = &c->message[chain][h->seq];
	const struct model_envelope *x =
	    model_envelope_for(c, person, chain, h->seq);
	uint8_t link[LINK_LEN];
	struct bytes payload;

	assert(link_digest(h->head, m->has_content ? m->content : NULL, link) ==
	    ERR_OK);
	assert(memcmp(link, m->link, LINK_LEN) == 0);
	check_envelope(m->has_content ? x : NULL, h->envelope);
	if (!m->has_content || x == NULL) {
		assert(h->payload.n == 0 && h->pieces == 0);
		return;
	}
	payload = payload_of(r, c, m);
	assert(h->payload_len == payload.n);
	if (h->pieces == 0)
		assert(bytes_equal(h->payload, payload));
	else
		assert(m->is_large && h->payload.n == 0 && h->pieces == 2);
}

/* Something from `after` on, without a gap, wherever there is something. */
static void
check_heads(struct run *r, const struct model_case *c, uint16_t person,
    enum chain chain, uint32_t after, const struct answer_heads *heads)
{
	assert(after >= c->count[chain] ? heads->n == 0 : heads->n > 0);
	assert(after + heads->n <= c->count[chain] || heads->n == 0);
	for (size_t i = 0; i < heads->n; i++) {
		assert(heads->at[i].seq == after + i);
		check_head(r, c, person, chain, &heads->at[i]);
	}
}

void
check_poll(struct run *r, size_t which, uint32_t after)
{
	const struct model_case *c = &r->c[which];
	const struct answer_mailbox *a = &r->w->answer.mailbox;
	struct bundle_request q = { .kind = REQUEST_POLL, .poll.after = after };

	memcpy(q.poll.token, r->token[which], TOKEN_LEN);
	assert(run_ask(r, &q) == ANSWER_OK);
	assert(r->w->answer.kind == ANSWER_MAILBOX);
	if (!c->is_there) {
		assert(a->count == 0 && !a->is_withdrawn && a->heads.n == 0);
		return;
	}
	assert(a->count == c->count[CHAIN_TALK]);
	assert(a->is_withdrawn == (c->state == CASE_WITHDRAWN));
	check_heads(r, c, PERSON_REPORTER, CHAIN_TALK, after, &a->heads);
}

/* --- staff --- */

static void
put_session(struct run *r, uint16_t person, uint8_t *out)
{
	memcpy(out, r->session[person].token, BUNDLE_SESSION_LEN);
}

static bool
reads(const struct run *r, uint16_t person, size_t which)
{
	return r->c[which].is_there && r->c[which].reader[person].reads;
}

/* The id that somebody would name: of a case that is not there too. */
static const uint8_t *
id_of(const struct run *r, size_t which)
{
	return which < SEALED_CASES ? r->q->reporter[which].keys.case_id
				    : r->c[which].id;
}

/* Whether it was answered as to somebody who is signed in and reads it. */
static bool
is_let_in(struct run *r, uint16_t person, size_t which)
{
	if (!session_lives(r, person)) {
		assert(r->w->status == ANSWER_NO_SESSION);
		return false;
	}
	r->session[person].used = r->w->now;
	if (!reads(r, person, which)) {
		assert(r->w->status == ANSWER_UNKNOWN);
		return false;
	}
	return true;
}

void
check_case(struct run *r, uint16_t person, size_t which, enum chain chain,
    uint32_t after)
{
	const struct model_case *c = &r->c[which];
	const struct answer_case *a = &r->w->answer.open;
	struct bundle_request q = {
		.kind = REQUEST_CASE, .open.chain = chain, .open.after = after
	};

	put_session(r, person, q.open.session);
	memcpy(q.open.case_id, id_of(r, which), CASE_ID_LEN);
	(void)run_ask(r, &q);
	if (!is_let_in(r, person, which))
		return;
	assert(r->w->status == ANSWER_OK && r->w->answer.kind == ANSWER_CASE);
	assert(a->chain == chain && a->count == c->count[chain]);
	assert(a->state == c->state && a->band == c->band);
	assert((a->flags & ~CASE_IS_BREACHED) == c->flags);
	assert(a->is_plain == c->is_plain && a->filed == c->filed);
	assert(a->is_given == c->reader[person].is_given);
	check_heads(r, c, person, chain, after, &a->heads);
}

void
check_piece(struct run *r, uint16_t person, size_t which, enum chain chain,
    uint32_t seq, uint32_t index)
{
	const struct model_case *c = &r->c[which];
	struct bundle_request q = { .kind = REQUEST_GET,
		.get.is_staff = person != PERSON_REPORTER,
		.get.chain = person != PERSON_REPORTER ? chain : CHAIN_TALK,
		.get.seq = seq,
		.get.index = index };
	const struct model_message *m;
	struct bytes x;

	memcpy(q.get.token, r->token[which], TOKEN_LEN);
	put_session(r, person, q.get.session);
	memcpy(q.get.case_id, id_of(r, which), CASE_ID_LEN);
	(void)run_ask(r, &q);
	if (q.get.is_staff && !is_let_in(r, person, which))
		return;
	if (!c->is_there || seq >= c->count[q.get.chain] ||
	    !c->message[q.get.chain][seq].has_content ||
	    model_envelope_for(c, person, q.get.chain, seq) == NULL) {
		assert(r->w->status == ANSWER_UNKNOWN);
		return;
	}
	m = &c->message[q.get.chain][seq];
	x = payload_of(r, c, m);
	if ((uint64_t)index * PIECE_LEN >= x.n) {
		assert(r->w->status == ANSWER_UNKNOWN);
		return;
	}
	x = BYTES(x.p + index * PIECE_LEN, x.n - index * PIECE_LEN);
	x.n = x.n < PIECE_LEN ? x.n : PIECE_LEN;
	assert(r->w->status == ANSWER_OK);
	assert(bytes_equal(r->w->answer.piece.piece, x));
}

void
check_investigators(struct run *r, uint16_t person, size_t which)
{
	const struct model_case *c = &r->c[which];
	const struct answer_investigators *a = &r->w->answer.investigators;
	struct bundle_request q = { .kind = REQUEST_INVESTIGATORS };
	size_t n = 0;

	put_session(r, person, q.investigators.session);
	memcpy(q.investigators.case_id, id_of(r, which), CASE_ID_LEN);
	(void)run_ask(r, &q);
	if (!is_let_in(r, person, which))
		return;
	if (r->w->status == ANSWER_DENIED) {
		assert(!model_handles(c, person, false));
		return;
	}
	assert(r->w->status == ANSWER_OK && model_handles(c, person, true));
	for (uint16_t i = 1; i < PEOPLE; i++)
		n += model_is_investigator(i) && model_can_read(r->serial, i) &&
		    !c->reader[i].reads;
	assert(a->n == n);
	for (size_t i = 0; i < n; i++)
		assert(model_is_investigator(a->at[i].person) &&
		    !a->at[i].is_full && !c->reader[a->at[i].person].reads);
}

/* --- queues --- */

static size_t
case_by_id(const struct run *r, const uint8_t *id)
{
	for (size_t i = 0; i < MODEL_CASES; i++)
		if (r->c[i].is_there &&
		    memcmp(r->c[i].id, id, CASE_ID_LEN) == 0)
			return i;
	assert(false && "a row of a case that there is not");
	return 0;
}

static void
check_row(const struct run *r, uint16_t person, const struct answer_row *row,
    unsigned *seen)
{
	size_t i = case_by_id(r, row->case_id);
	const struct model_case *c = &r->c[i];

	assert(c->reader[person].reads && !(*seen >> i & 1));
	*seen |= 1u << i;
	assert(row->state == c->state && row->band == c->band);
	assert((row->flags & ~CASE_IS_BREACHED) == c->flags);
	assert(row->route == c->route && row->day == c->filed);
	assert(row->talk == c->count[0] && row->staff == c->count[1]);
	assert(row->is_plain == c->is_plain);
	assert(row->is_given == c->reader[person].is_given);
}

static bool
row_is_open(const struct answer_row *row)
{
	return row->state != CASE_CLOSED && row->state != CASE_WITHDRAWN;
}

/* Ordered by band, then deadline; closed and withdrawn last. */
static void
check_order(const struct answer_row *a, const struct answer_row *b)
{
	assert(row_is_open(a) >= row_is_open(b));
	if (row_is_open(a) != row_is_open(b))
		return;
	assert(a->band <= b->band);
	if (a->band == b->band && b->due != 0)
		assert(a->due != 0 && a->due <= b->due);
}

static void
check_overdue(const struct run *r, uint16_t person,
    const struct answer_queue *a)
{
	for (size_t k = 0; k < a->n_overdue; k++) {
		uint32_t most = 0;

		for (size_t i = 0; i < MODEL_CASES; i++)
			most += r->c[i].is_there &&
			    r->c[i].route == a->overdue[k].route &&
			    r->c[i].reader[person].may_be_told &&
			    !r->c[i].reader[person].reads &&
			    model_is_open(&r->c[i]);
		assert(a->overdue[k].count <= most);
	}
}

struct rows {
	size_t n;
	unsigned seen, open, breached;
	struct answer_row last;
	char cursor[BUNDLE_CURSOR_MAX];
	size_t cursor_len;
};

static void
take_page(const struct run *r, uint16_t person, struct rows *all)
{
	const struct answer_queue *a = &r->w->answer.queue;

	for (size_t i = 0; i < a->n_rows; i++) {
		check_row(r, person, &a->row[i], &all->seen);
		if (all->n++ > 0)
			check_order(&all->last, &a->row[i]);
		all->last = a->row[i];
		all->open += row_is_open(&all->last);
		all->breached += row_is_open(&all->last) &&
		    (all->last.flags & CASE_IS_BREACHED);
	}
	all->cursor_len = a->next.n;
	if (a->next.n > 0)
		memcpy(all->cursor, a->next.p, a->next.n);
	check_overdue(r, person, a);
}

void
check_queue(struct run *r, uint16_t person, unsigned limit)
{
	struct rows all = { 0 };
	unsigned should = 0;

	do {
		struct bundle_request q = { .kind = REQUEST_QUEUE,
			.queue.after =
			    BYTES((const uint8_t *)all.cursor, all.cursor_len),
			.queue.limit = limit };

		put_session(r, person, q.queue.session);
		(void)run_ask(r, &q);
		if (!session_lives(r, person)) {
			assert(r->w->status == ANSWER_NO_SESSION);
			return;
		}
		assert(r->w->status == ANSWER_OK);
		r->session[person].used = r->w->now;
		take_page(r, person, &all);
		assert(all.n <= MODEL_CASES);
	} while (all.cursor_len > 0);
	for (size_t i = 0; i < MODEL_CASES; i++)
		should |= (unsigned)reads(r, person, i) << i;
	assert(all.seen == should);
	assert(r->w->answer.queue.open == all.open);
	assert(r->w->answer.queue.breached == all.breached);
}
