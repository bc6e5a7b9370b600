#include "daemon/vault_state.h"

#include <string.h>

/* --- messages of a case --- */

/* Bytes appended to v->read since `at`; they stay where they are. */
static struct bytes
since(const struct vault *v, size_t at)
{
	return BYTES(v->read.p + at, v->read.n - at);
}

/* The reader's envelope; none is no error. */
static enum err
load_envelope(struct vault *v, struct store_view *view,
    const struct store_message *m, uint16_t person, struct answer_head *head)
{
	size_t at = v->read.n;
	enum err e = view_envelope(view, m->chain, m->seq, person, &v->read);

	if (e == ERR_DENIED || e == ERR_NOT_FOUND)
		return ERR_OK;
	head->envelope = since(v, at);
	return e;
}

/* Here, or a count of pieces where it does not fit an answer by itself. */
static enum err
load_payload(struct vault *v, struct store_view *view,
    const struct store_message *m, struct answer_head *head)
{
	size_t at = v->read.n;
	enum err e;

	head->payload_len = m->payload_size;
	if (m->payload_size + head->head.n + head->envelope.n >
	    BUNDLE_MESSAGE_MAX) {
		head->pieces =
		    (uint32_t)((m->payload_size + PIECE_LEN - 1) / PIECE_LEN);
		return ERR_OK;
	}
	e = view_piece(view, m->chain, m->seq, 0, &v->read);
	head->payload = since(v, at);
	return e;
}

/* A payload without an envelope would be of no use, and is not given. */
static enum err
load_message(struct vault *v, struct store_view *view,
    const struct store_message *m, uint16_t person, struct answer_head *ret)
{
	struct answer_head head = { .seq = m->seq };
	size_t at = v->read.n;
	enum err e;

	if ((e = view_head(view, m->chain, m->seq, &v->read)) != ERR_OK)
		return e;
	head.head = since(v, at);
	if (m->payload_size > 0) {
		e = load_envelope(v, view, m, person, &head);
		if (e == ERR_OK && head.envelope.n > 0)
			e = load_payload(v, view, m, &head);
	}
	if (e == ERR_OK)
		*ret = head;
	return e;
}

/* As many messages as an answer takes, from `after` on. */
static enum err
collect(struct vault *v, struct store_view *view, enum store_chain chain,
    uint16_t person, uint32_t after, struct answer_heads *heads)
{
	uint32_t count = view_case(view)->chain[chain].count;
	struct store_message m;
	struct answer_head one;
	enum err e;

	buf_reset(&v->read);
	heads->n = 0;
	for (uint32_t seq = after; seq < count; seq++) {
		if ((e = view_message(view, chain, seq, &m)) != ERR_OK)
			return e;
		if (heads->n > 0 &&
		    v->read.n + m.head_len + m.payload_size > BUNDLE_TEXT_LEN)
			break;
		e = load_message(v, view, &m, person, &one);
		if (e != ERR_OK)
			return e;
		if (!answer_heads_add(heads, &one))
			break;
	}
	return ERR_OK;
}

/* --- the reporter --- */

static enum err
collect_mailbox(struct vault *v, const struct store_case *c, uint32_t after)
{
	struct answer_mailbox *a = &v->reply.mailbox;
	struct store_view *view;
	struct life l;
	enum err e = case_life(c, &l);

	if (e == ERR_OK)
		e = store_view_open(v->store, c->id, &view);
	if (e != ERR_OK)
		return e;
	a->count = c->chain[STORE_TALK].count;
	a->is_withdrawn = l.state == CASE_WITHDRAWN;
	e = collect(v, view, STORE_TALK, STORE_REPORTER, after, &a->heads);
	store_view_close(view);
	return e;
}

/* Looking into a mailbox that does not exist costs what looking into another
 * does, and says that it is empty. */
enum answer
read_poll(struct vault *v, const struct request_poll *q, bool is_pressed)
{
	struct answer_mailbox *a = &v->reply.mailbox;
	uint8_t mailbox[SHA256_LEN];
	struct store_case c;
	bool is_unknown;
	enum err e;

	if ((e = sha256(BYTES(q->token, TOKEN_LEN), mailbox)) != ERR_OK)
		return answer_of(e);
	v->reply.kind = ANSWER_MAILBOX;
	e = store_case_find_by_mailbox(v->store, mailbox, &c);
	if ((is_unknown = e == ERR_NOT_FOUND))
		e = store_case_find_by_mailbox(v->store, v->decoy, &c);
	else
		memcpy(v->decoy, mailbox, sizeof(mailbox));
	if (e == ERR_OK)
		e = collect_mailbox(v, &c, q->after);
	if (is_unknown) {
		a->count = 0;
		a->is_withdrawn = false;
		a->heads.n = 0;
		e = ERR_OK;
	}
	return e == ERR_OK ? work_ahead(v, is_pressed) : answer_of(e);
}

/* --- staff --- */

/* What somebody who reads the case is told of it. */
static enum err
put_case(const struct store_case *c, uint16_t person, struct answer_case *a)
{
	const struct store_reader *r = store_case_reader(c, person);
	struct life l;
	enum err e = case_life(c, &l);

	if (e != ERR_OK)
		return e;
	a->state = l.state;
	a->flags = l.flags;
	a->band = l.band;
	a->due = c->marks.deadline;
	a->is_plain = c->kind == STORE_PLAIN;
	a->filed = c->filed_day;
	a->is_given = (r->access & READER_GIVEN) != 0;
	return ERR_OK;
}

enum answer
read_case(struct vault *v, const struct request_case *q, uint16_t person)
{
	enum store_chain chain =
	    q->chain == CHAIN_TALK ? STORE_TALK : STORE_STAFF;
	struct answer_case *a = &v->reply.open;
	const struct store_case *c;
	struct store_view *view;
	enum err e = store_view_open(v->store, q->case_id, &view);

	if (e != ERR_OK)
		return answer_of(e);
	c = view_case(view);
	if (!case_is_read_by(c, person)) {
		store_view_close(view);
		return ANSWER_UNKNOWN;
	}
	v->reply.kind = ANSWER_CASE;
	a->chain = q->chain;
	a->count = c->chain[chain].count;
	memcpy(a->link, c->chain[chain].head, LINK_LEN);
	if ((e = put_case(c, person, a)) == ERR_OK)
		e = collect(v, view, chain, person, q->after, &a->heads);
	store_view_close(view);
	return answer_of(e);
}

static enum err
put_row(const struct store_case *c, uint16_t person, struct answer_row *row)
{
	const struct store_reader *r = store_case_reader(c, person);
	struct life l;
	enum err e = case_life(c, &l);

	if (e != ERR_OK)
		return e;
	memcpy(row->case_id, c->id, sizeof(row->case_id));
	row->is_plain = c->kind == STORE_PLAIN;
	row->is_given = r != NULL && (r->access & READER_GIVEN) != 0;
	row->state = l.state;
	row->flags = l.flags;
	row->band = l.band;
	row->due = c->marks.deadline;
	row->route = c->route;
	row->day = c->filed_day;
	row->talk = c->chain[STORE_TALK].count;
	row->staff = c->chain[STORE_STAFF].count;
	return ERR_OK;
}

/* How much there is, and of what this person is only told. */
static void
put_counts(const struct vault *v, uint16_t person, struct answer_queue *a)
{
	struct store_told told[BUNDLE_ROUTES_MAX];
	struct store_queue_counts counts;

	store_queue_counts(v->store, person, &counts);
	a->open = (uint32_t)counts.open;
	a->breached = (uint32_t)counts.breached;
	store_told(v->store, person, told, BUNDLE_ROUTES_MAX, &a->n_overdue);
	for (size_t i = 0; i < a->n_overdue; i++) {
		a->overdue[i].route = told[i].route;
		a->overdue[i].count = told[i].count;
	}
}

/* A cursor is the id of the page's last case. */
static enum err
read_cursor(struct bytes text, uint8_t id[static CASE_ID_LEN],
    const uint8_t **ret_after)
{
	enum err e;

	*ret_after = NULL;
	if (text.n == 0)
		return ERR_OK;
	if ((e = hex_decode(text, id, CASE_ID_LEN)) == ERR_OK)
		*ret_after = id;
	return e;
}

enum answer
read_queue(struct vault *v, const struct request_queue *q, uint16_t person)
{
	struct answer_queue *a = &v->reply.queue;
	uint8_t id[CASE_ID_LEN];
	char cursor[2 * CASE_ID_LEN + 1];
	const uint8_t *after;
	size_t n = 0;
	enum err e;

	if ((e = read_cursor(q->after, id, &after)) == ERR_OK)
		e = store_queue_page(v->store, person, after, v->row, q->limit,
		    &n);
	v->reply.kind = ANSWER_QUEUE;
	put_counts(v, person, a);
	a->n_rows = n;
	for (size_t i = 0; i < n && e == ERR_OK; i++)
		e = put_row(&v->row[i], person, &a->row[i]);
	buf_reset(&v->read);
	if (n > 0 && n == q->limit) {
		hex_encode(cursor, v->row[n - 1].id, CASE_ID_LEN);
		buf_put_str(&v->read, cursor);
	}
	a->next = buf_bytes(&v->read);
	return answer_of(e);
}

/* --- pieces --- */

/* Which case, as whom; ANSWER_UNKNOWN for whoever may not know. */
static enum answer
piece_reader(struct vault *v, const struct request_get *q,
    uint8_t ret_case[static CASE_ID_LEN], uint16_t *ret_person)
{
	uint8_t mailbox[SHA256_LEN];
	struct store_case c;
	enum err e;

	if (q->is_staff) {
		memcpy(ret_case, q->case_id, CASE_ID_LEN);
		return vault_staff(v, q->session, ret_person);
	}
	if ((e = sha256(BYTES(q->token, TOKEN_LEN), mailbox)) != ERR_OK ||
	    (e = store_case_find_by_mailbox(v->store, mailbox, &c)) != ERR_OK)
		return answer_of(e);
	memcpy(ret_case, c.id, CASE_ID_LEN);
	*ret_person = STORE_REPORTER;
	return ANSWER_OK;
}

/* Whoever has an envelope of the message may have its payload. */
static enum err
load_piece(struct vault *v, struct store_view *view,
    const struct request_get *q, uint16_t person)
{
	enum store_chain chain =
	    q->is_staff && q->chain == CHAIN_STAFF ? STORE_STAFF : STORE_TALK;
	struct answer_piece *a = &v->reply.piece;
	struct store_message m;
	uint32_t ignored;
	enum err e;

	if ((e = view_message(view, chain, q->seq, &m)) != ERR_OK)
		return e;
	e = view_envelope_len(view, chain, q->seq, person, &ignored);
	if (e == ERR_DENIED)
		return ERR_NOT_FOUND;
	if (e != ERR_OK)
		return e;
	a->index = q->index;
	a->count = (uint32_t)((m.payload_size + PIECE_LEN - 1) / PIECE_LEN);
	if (q->index >= a->count)
		return ERR_NOT_FOUND;
	buf_reset(&v->read);
	e = view_piece(view, chain, q->seq, q->index, &v->read);
	a->piece = buf_bytes(&v->read);
	return e;
}

enum answer
read_piece(struct vault *v, const struct request_get *q)
{
	uint8_t case_id[CASE_ID_LEN];
	struct store_view *view;
	uint16_t person = STORE_REPORTER;
	enum answer a = piece_reader(v, q, case_id, &person);
	enum err e;

	if (a != ANSWER_OK)
		return a;
	if ((e = store_view_open(v->store, case_id, &view)) != ERR_OK)
		return answer_of(e);
	v->reply.kind = ANSWER_PIECE;
	e = load_piece(v, view, q, person);
	store_view_close(view);
	return answer_of(e);
}

void
reply_pieces(struct vault *v, const struct store_upload *u)
{
	buf_reset(&v->read);
	for (uint32_t i = 0; i < u->pieces; i++)
		buf_put_u8(&v->read,
		    u->have[i / 8] >> i % 8 & 1 ? (uint8_t)'1' : (uint8_t)'0');
	v->reply.kind = ANSWER_PIECES;
	v->reply.pieces.have = buf_bytes(&v->read);
}

enum answer
read_status(struct vault *v, const struct request_status *q)
{
	struct store_upload u = { 0 };
	enum err e = store_upload_find(v->store, q->upload_id, &u);

	if (e != ERR_OK && e != ERR_NOT_FOUND)
		return answer_of(e);
	if (e == ERR_NOT_FOUND)
		u.pieces = 0;
	reply_pieces(v, &u);
	return ANSWER_OK;
}
