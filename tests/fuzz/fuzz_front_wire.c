/*
 * A hijacked front: two connections that bytes speak through, beside an honest
 * one, to the vault's real loop (daemon/vault_fronts.h, whose turns are taken
 * here one by one). Frames that are right, nearly right, cut, repeated, out of
 * turn, with any id; bytes that are no frames; more than the credits allow.
 *
 * However they come:
 * - each request of a front that kept the rules gets exactly one answer, with
 *   its id, and one that broke them no more than one;
 * - the honest front is answered all along;
 * - nothing of a case comes that none of the tokens and sessions which pass
 *   through the hijacked front may read;
 * - what was answered `stored` is there, the other case is as it was, and the
 *   store holds together.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/vault_fronts.h"
#include "daemon/vault_pace.h"
#include "daemon/vault_work.h"
#include "daemon/wire_conn.h"
#include "tests/fuzz/requests.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

#define STEPS_MAX 64
#define QUIET 4	 /* filings a minute that need no work */
#define FRONTS 3 /* the first is the honest one */
#define STORED_MAX 64
#define STREAM_MAX (2u << 20)

/* Our end of a connection. What was written is parsed again, as the vault
 * does. */
struct end {
	int fd;
	bool has_broken; /* the rules, or may have */
	bool is_closed;
	struct buf out, in; /* written and not parsed; read and not parsed */
	size_t under_way;   /* asked, and not answered */
	unsigned asked[256], answered[256]; /* by the id's last byte */
};

static struct {
	struct quick *q;
	struct world *w;
	struct reporter own, other; /* whose cases they are */
	struct requests requests;
	struct event_base *base;
	struct fronts *fronts;
	struct end end[FRONTS];
	struct buf poll; /* of the other case */
	size_t n_polls;
	struct buf hidden[8]; /* what no answer may have in it */
	size_t n_hidden;
	uint8_t other_head[LINK_LEN];
	uint8_t challenge[WORK_CHALLENGE_LEN]; /* the last that was asked */
	size_t n_stored;
	struct statement stored[STORED_MAX];
} fuzz;

/* --- the cases --- */

static void
hide(struct bytes x)
{
	struct buf *b = &fuzz.hidden[fuzz.n_hidden++];

	*b = (struct buf)BUF_INIT(4096);
	buf_put_bytes(b, x);
	assert(b->err == ERR_OK);
}

static void
hide_hex(const uint8_t *p, size_t n)
{
	char hex[2 * 32 + 1];

	hex_encode(hex, p, n);
	hide(bytes_str(hex));
}

/* One that a guardian reads, and one of the board's. */
static void
file_cases(void)
{
	struct bundle_request q = { .kind = REQUEST_POLL };
	const struct answer_head *h;

	reporter_new(&fuzz.own, 1);
	file_concern_of(fuzz.w, &fuzz.own);
	reporter_new(&fuzz.other, 3); /* 2 is in the requests */
	fuzz.other.route = ROUTE_BOARD;
	file_concern_of(fuzz.w, &fuzz.other);
	memcpy(fuzz.other_head, fuzz.other.head, LINK_LEN);
	assert(poll_mailbox(fuzz.w, &fuzz.other, 0) == ANSWER_OK);
	h = &fuzz.w->answer.mailbox.heads.at[0];
	hide(h->envelope);
	hide(BYTES(h->payload.p, 64));
	hide_hex(fuzz.other.keys.case_id, CASE_ID_LEN);
	hide_hex(fuzz.other.keys.mailbox, SHA256_LEN);
	hide_hex(fuzz.other.keys.token, TOKEN_LEN);
	memcpy(q.poll.token, fuzz.other.keys.token, TOKEN_LEN);
	fuzz.poll = (struct buf)BUF_INIT(BUNDLE_TEXT_LEN);
	assert(bundle_request_put(&q, &fuzz.poll) == ERR_OK);
}

static void
finish_all(void)
{
	requests_free(&fuzz.requests);
	for (size_t i = 0; i < fuzz.n_hidden; i++)
		buf_free(&fuzz.hidden[i]);
	for (size_t i = 0; i < FRONTS; i++) {
		buf_free(&fuzz.end[i].in);
		buf_free(&fuzz.end[i].out);
	}
	buf_free(&fuzz.poll);
	fronts_free(fuzz.fronts);
	event_base_free(fuzz.base);
}

static void
make(void)
{
	fuzz.q = quick_new();
	fuzz.w = fuzz.q->w;
	quick_begin(fuzz.q);
	file_cases();
	fuzz.w->config.quiet = QUIET;
	quick_keep(fuzz.q);
	fuzz.base = pace_loop();
	assert(fuzz.base != NULL);
	fuzz.fronts = fronts_new(fuzz.base);
	assert(fuzz.fronts != NULL);
	assert(atexit(finish_all) == 0);
}

/* For the other case, with what passes through the hijacked front. */
static void
ask_for_other(void)
{
	const uint8_t *session = fuzz.w->person[GUARDIAN].session;
	const uint8_t *id = fuzz.other.keys.case_id;
	struct bundle_request q = { .kind = REQUEST_CASE };

	memcpy(q.open.session, session, BUNDLE_SESSION_LEN);
	memcpy(q.open.case_id, id, CASE_ID_LEN);
	requests_add(&fuzz.requests, WIRE_STAFF, &q);
	q = (struct bundle_request){ .kind = REQUEST_GET,
		.get.is_staff = true };
	memcpy(q.get.session, session, BUNDLE_SESSION_LEN);
	memcpy(q.get.case_id, id, CASE_ID_LEN);
	requests_add(&fuzz.requests, WIRE_PIECE, &q);
	q = (struct bundle_request){ .kind = REQUEST_INVESTIGATORS };
	memcpy(q.investigators.session, session, BUNDLE_SESSION_LEN);
	memcpy(q.investigators.case_id, id, CASE_ID_LEN);
	requests_add(&fuzz.requests, WIRE_STAFF, &q);
	q = (struct bundle_request){ .kind = REQUEST_QUEUE, .queue.limit = 9 };
	memcpy(q.queue.session, session, BUNDLE_SESSION_LEN);
	requests_add(&fuzz.requests, WIRE_STAFF, &q);
}

/* --- connections --- */

static void
connect_end(struct end *e)
{
	int fd[2];

	assert(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fd) == 0);
	assert(fronts_add(fuzz.fronts, fd[0]) == ERR_OK);
	e->fd = fd[1];
	e->has_broken = e->is_closed = false;
	e->under_way = 0;
	e->out.max = e->in.max = STREAM_MAX;
	buf_reset(&e->out);
	buf_reset(&e->in);
	memset(e->asked, 0, sizeof(e->asked));
	memset(e->answered, 0, sizeof(e->answered));
}

static void
drop_front(struct buf *b, size_t n)
{
	memmove(b->p, b->p + n, b->n - n);
	b->n -= n;
}

/* What the vault will make of what was written so far. */
static void
expect(struct end *e)
{
	struct wire_head h;
	uint32_t max = 0;

	while (!e->has_broken && e->out.n >= WIRE_HEAD_LEN) {
		wire_head_get(e->out.p, &h);
		if (!wire_allowed(PEER_FRONT, PEER_VAULT, h.type, &max) ||
		    h.length > max) {
			e->has_broken = true;
			return;
		}
		if (e->out.n - WIRE_HEAD_LEN < h.length)
			return;
		e->asked[h.id & 0xff]++;
		drop_front(&e->out, WIRE_HEAD_LEN + h.length);
		if (++e->under_way > WIRE_CREDITS)
			e->has_broken = true;
	}
}

static void
must_hide(struct bytes x)
{
	for (size_t i = 0; i < fuzz.n_hidden; i++)
		assert(memmem(x.p, x.n, fuzz.hidden[i].p, fuzz.hidden[i].n) ==
		    NULL);
}

static void
note_answer(struct bytes body)
{
	static struct bundle_answer a;
	struct bytes text;

	if (bundle_answer_parse(body, &a) != ERR_OK)
		return;
	if (a.kind == ANSWER_WORK) {
		assert(a.work.bits >= 1 && a.work.bits <= WORK_UPLOAD_BITS_MAX);
		memcpy(fuzz.challenge, a.work.challenge, WORK_CHALLENGE_LEN);
	}
	if (a.kind != ANSWER_STORED || fuzz.n_stored == STORED_MAX)
		return;
	assert(proof_verify(a.stored.proof, fuzz.w->root.instance_keys,
		   fuzz.w->root.n_instance_keys, &text) == ERR_OK);
	assert(statement_parse(text, &fuzz.stored[fuzz.n_stored++]) == ERR_OK);
}

static void
take_answer(struct end *e, const struct wire_head *h, struct bytes body)
{
	assert(h->type == WIRE_ANSWER && h->status < ANSWERS);
	assert(h->status == ANSWER_OK || body.n == 0);
	assert(++e->answered[h->id & 0xff] <= e->asked[h->id & 0xff]);
	e->under_way--;
	if (e == &fuzz.end[0]) {
		assert(h->status == ANSWER_OK && body.n > 15904);
		return;
	}
	must_hide(body);
	if (h->status == ANSWER_OK)
		note_answer(body);
}

static void
take_answers(struct end *e)
{
	struct wire_head h;

	while (e->in.n >= WIRE_HEAD_LEN) {
		wire_head_get(e->in.p, &h);
		assert(h.length <= WIRE_PIECE_MAX);
		if (e->in.n - WIRE_HEAD_LEN < h.length)
			return;
		take_answer(e, &h, BYTES(e->in.p + WIRE_HEAD_LEN, h.length));
		drop_front(&e->in, WIRE_HEAD_LEN + h.length);
	}
}

/* Whether something came. */
static bool
read_end(struct end *e)
{
	static uint8_t block[65536];
	bool has = false;
	ssize_t n;

	while (e->fd >= 0 && (n = recv(e->fd, block, sizeof(block), 0)) > 0) {
		buf_put(&e->in, block, (size_t)n);
		assert(e->in.err == ERR_OK);
		has = true;
		take_answers(e);
	}
	if (e->fd >= 0 && n == 0)
		e->is_closed = true;
	return has;
}

/* A turn of the vault's loop, and another while that brings something. */
static void
turns(void)
{
	bool again;

	do {
		again = false;
		fronts_fill(fuzz.fronts);
		fronts_turn(fuzz.fronts);
		fronts_release(fuzz.fronts);
		for (struct end *e = fuzz.end; e < fuzz.end + FRONTS; e++)
			again |= read_end(e);
	} while (again);
	assert(!vault_has_failed(fuzz.w->vault));
	assert(!vault_is_stale(fuzz.w->vault));
}

static void
write_end(struct end *e, struct bytes x)
{
	while (x.n > 0 && !e->is_closed) {
		ssize_t n = send(e->fd, x.p, x.n, MSG_NOSIGNAL);

		if (n < 0) {
			if (errno != EAGAIN)
				return; /* it was ended */
			turns();
			continue;
		}
		buf_put(&e->out, x.p, (size_t)n);
		assert(e->out.err == ERR_OK);
		expect(e);
		if (e->has_broken)
			buf_reset(&e->out);
		x = BYTES(x.p + n, x.n - (size_t)n);
	}
}

static void
poll_honestly(void)
{
	uint8_t head[WIRE_HEAD_LEN];

	wire_head_put(head,
	    &(struct wire_head){ .length = (uint32_t)fuzz.poll.n,
		.type = WIRE_TEXT,
		.id = fuzz.n_polls++ });
	write_end(&fuzz.end[0], BYTES(head, sizeof(head)));
	write_end(&fuzz.end[0], buf_bytes(&fuzz.poll));
}

/* --- what the bytes say --- */

/* Up to three bytes of it, somewhere, changed. */
static void
change(struct reader *in, struct buf *body)
{
	unsigned changes = reader_u8(in) & 3;

	while (changes-- > 0 && body->n > 0) {
		size_t at = reader_u16(in) % body->n;

		body->p[at] ^= reader_u8(in);
	}
}

/* As one that work came with, which the front says that it has checked: for
 * what the vault asked last. */
static void
with_work(struct reader *in, struct wire_head *h, struct buf *work)
{
	if (h->type == WIRE_TEXT)
		h->type = WIRE_WORKED_TEXT;
	else if (h->type == WIRE_PIECE)
		h->type = WIRE_WORKED_PIECE;
	else
		return;
	buf_put(work, fuzz.challenge, sizeof(fuzz.challenge));
	buf_put_zeros(work, WORK_COUNTER_LEN);
	change(in, work);
	h->length += WORK_LEN;
}

/* A frame: its request, its type, what its head says of its length. */
static void
send_frame(struct reader *in, struct end *e)
{
	CLEAN_BUF struct buf frame = BUF_INIT(WIRE_PIECE_MAX + 128);
	CLEAN_BUF struct buf body = BUF_INIT(WIRE_PIECE_MAX);
	CLEAN_BUF struct buf work = BUF_INIT(WORK_LEN);
	size_t which = reader_u8(in) % REQUESTS_MAX;
	uint8_t how = reader_u8(in), head[WIRE_HEAD_LEN];
	struct wire_head h = { .type = (uint16_t)(WIRE_TEXT + which % 5),
		.id = reader_u8(in) };
	unsigned times = 1;

	if (which < fuzz.requests.n) {
		h.type = (uint16_t)fuzz.requests.at[which].type;
		buf_put_bytes(&body, buf_bytes(&fuzz.requests.at[which].body));
	} else {
		buf_put_bytes(&body, reader_bytes(in, in->n < 99 ? in->n : 99));
	}
	change(in, &body);
	h.length = (uint32_t)body.n;
	if (how >= 240)
		h.type = reader_u16(in) % 32;
	else if (how >= 230)
		h.length += reader_u16(in) - 32768u;
	else if (how >= 220)
		body.n = reader_u16(in) % (body.n + 1);
	else if (how >= 200)
		times = 1 + reader_u8(in) % 64;
	else if (how >= 196 && body.n < 200)
		times = 1100;
	else if (how >= 180)
		h.status = reader_u16(in);
	else if (how >= 140)
		with_work(in, &h, &work);
	wire_head_put(head, &h);
	buf_put(&frame, head, sizeof(head));
	buf_put_bytes(&frame, buf_bytes(&work));
	buf_put_bytes(&frame, buf_bytes(&body));
	assert(frame.err == ERR_OK);
	while (times-- > 0)
		write_end(e, buf_bytes(&frame));
}

static void
send_raw(struct reader *in, struct end *e)
{
	size_t n = reader_u8(in);

	write_end(e, reader_bytes(in, n < in->n ? n : in->n));
}

static void
pass_time(unsigned seconds)
{
	bool has_more;

	fuzz.w->now += seconds;
	do {
		has_more = vault_tick(fuzz.w->vault);
		fronts_flush(fuzz.fronts);
		turns();
	} while (has_more);
}

/* The front is started anew; what it asked before may stay unanswered. */
static void
reconnect(struct end *e)
{
	close(e->fd);
	e->fd = -1;
	turns();
	connect_end(e);
}

static void
step(struct reader *in)
{
	uint8_t what = reader_u8(in);
	struct end *e = &fuzz.end[1 + what % 2];

	what = what / 2 % 16;
	if (what < 10)
		send_frame(in, e);
	else if (what == 10)
		send_raw(in, e);
	else if (what == 11)
		poll_honestly();
	else if (what == 12)
		pass_time(reader_u8(in) * 600u);
	else if (what == 13 && reader_u8(in) % 4 == 0)
		reconnect(e);
	else
		turns();
	if (e->is_closed)
		reconnect(e);
}

/* --- the whole --- */

static void
begin(void)
{
	if (fuzz.q == NULL)
		make();
	quick_begin(fuzz.q);
	assert(login(fuzz.w, CHAIR) == ANSWER_OK);
	assert(login(fuzz.w, GUARDIAN) == ANSWER_OK);
	if (fuzz.requests.n == 0) {
		requests_make(&fuzz.requests, fuzz.w, &fuzz.own);
		ask_for_other();
		hide_hex(fuzz.w->person[CHAIR].session, BUNDLE_SESSION_LEN);
	}
	fronts_serve(fuzz.fronts, fuzz.w->vault);
	fuzz.n_stored = fuzz.n_polls = 0;
	memset(fuzz.challenge, 0, sizeof(fuzz.challenge));
	for (size_t i = 0; i < FRONTS; i++)
		connect_end(&fuzz.end[i]);
}

/* All have been answered; a watch too, once its time was over. */
static void
check_answers(const struct end *e)
{
	for (size_t i = 0; i < 256; i++)
		assert(e->has_broken || e->answered[i] == e->asked[i]);
	assert(e->has_broken || !e->is_closed);
}

/* A withdrawal takes a case with all that was stored of it. */
static bool
was_withdrawn(const struct statement *s)
{
	for (size_t i = 0; i < fuzz.n_stored; i++)
		if (fuzz.stored[i].kind == MESSAGE_WITHDRAW &&
		    memcmp(fuzz.stored[i].case_id, s->case_id, CASE_ID_LEN) ==
			0)
			return true;
	return false;
}

static void
check_stored(const struct statement *s)
{
	struct store_view *v = NULL;
	struct store_message m;
	bool found = false;
	enum err e = store_view_open(fuzz.w->vault->store, s->case_id, &v);

	if (e == ERR_NOT_FOUND) {
		assert(was_withdrawn(s));
		return;
	}
	assert(e == ERR_OK);
	for (unsigned chain = 0; chain < STORE_CHAINS; chain++)
		for (uint32_t i = 0; i < view_case(v)->chain[chain].count;
		     i++) {
			assert(view_message(v, (enum store_chain)chain, i,
				   &m) == ERR_OK);
			found |= memcmp(m.link, s->link, LINK_LEN) == 0;
		}
	assert(found || was_withdrawn(s));
	store_view_close(v);
}

/* In the other case nobody has written but the clock. */
static void
check_other(void)
{
	struct store_view *v = NULL;
	struct store_message m;

	assert(store_view_open(fuzz.w->vault->store, fuzz.other.keys.case_id,
		   &v) == ERR_OK);
	assert(view_case(v)->chain[STORE_TALK].count == 1);
	assert(memcmp(view_case(v)->chain[STORE_TALK].head, fuzz.other_head,
		   LINK_LEN) == 0);
	for (uint32_t i = 0; i < view_case(v)->chain[STORE_STAFF].count; i++) {
		assert(view_message(v, STORE_STAFF, i, &m) == ERR_OK);
		assert(m.author == PERSON_INSTANCE);
	}
	store_view_close(v);
}

static void
end_fronts(void)
{
	for (size_t i = 0; i < FRONTS; i++) {
		close(fuzz.end[i].fd);
		fuzz.end[i].fd = -1;
	}
	fronts_serve(fuzz.fronts, NULL);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct reader in = reader_over(BYTES(p, n));
	static unsigned runs;

	begin();
	for (size_t i = 0; i < STEPS_MAX && in.n > 0; i++)
		step(&in);
	poll_honestly();
	turns();
	pass_time(BUNDLE_WATCH_SECONDS);
	for (size_t i = 0; i < FRONTS; i++)
		check_answers(&fuzz.end[i]);
	assert(!fuzz.end[0].has_broken);
	for (size_t i = 0; i < fuzz.n_stored; i++)
		check_stored(&fuzz.stored[i]);
	check_other();
	end_fronts();
	if (runs++ % 16 == 0)
		quick_check(fuzz.q);
	return 0;
}
