#include "tests/fuzz/hostile_inside.h"

#include <stdlib.h>
#include <string.h>

#include "client/moment.h"
#include "crypto/proof.h"

#define MUST(x) ((x) ? (void)0 : abort())
#define EXCHANGES_MAX 8192 /* of one command */

/* Parts of messages in an answer, as they were changed. */
static struct buf part[3 * BUNDLE_HEADS_MAX];
static size_t n_parts;

static bool
is_of(const struct edit *e, enum trick trick, size_t i, size_t n)
{
	return trick_is_now(e, trick) && e->put.p[1] % n == i;
}

static struct bytes
changed(const struct edit *e, struct bytes x)
{
	struct buf *b = &part[n_parts++];

	buf_reset(b);
	b->max = BUNDLE_PIECE_LEN;
	buf_put_bytes(b, x);
	trick_change(e, b);
	return buf_bytes(b);
}

/* --- the messages of an answer --- */

static void
fill_head(const struct sent *s, struct answer_head *h)
{
	*h = (struct answer_head){ .seq = s->seq,
		.head = buf_bytes(&s->head),
		.envelope = hostile_envelope(s, HOSTILE_READER) };
	if (h->envelope.n > 0) {
		h->payload = buf_bytes(&s->payload);
		h->payload_len = h->payload.n;
	}
}

static void
swap_parts(const struct edit *e, struct answer_head *h)
{
	struct answer_head other;

	fill_head(&hostile->sent[e->at % hostile->n], &other);
	hostile->is_fooled = true;
	if ((e->drop & 1) != 0)
		h->head = other.head;
	if ((e->drop & 2) != 0)
		h->envelope = other.envelope;
	if ((e->drop & 4) != 0) {
		h->payload = other.payload;
		h->payload_len = other.payload_len;
	}
}

static void
others_envelope(const struct edit *e, const struct sent *s,
    struct answer_head *h)
{
	if (s->n_to == 0)
		return;
	h->envelope = buf_bytes(&s->envelope[e->at % s->n_to]);
	hostile->is_fooled = true;
}

/* What is changed in message i of n. */
static void
trick_message(const struct edit *e, size_t i, size_t n, const struct sent *s,
    struct answer_head *h)
{
	if (is_of(e, TRICK_HEAD, i, n))
		h->head = changed(e, h->head);
	if (is_of(e, TRICK_ENVELOPE, i, n))
		h->envelope = changed(e, h->envelope);
	if (is_of(e, TRICK_PAYLOAD, i, n)) {
		h->payload = changed(e, h->payload);
		h->payload_len = h->payload.n;
	}
	if (is_of(e, TRICK_SWAP, i, n))
		swap_parts(e, h);
	if (is_of(e, TRICK_OTHERS, i, n))
		others_envelope(e, s, h);
	if (is_of(e, TRICK_PLACE, i, n)) {
		h->seq = e->at;
		hostile->is_fooled = true;
	}
	if (is_of(e, TRICK_PIECES, i, n) && h->envelope.n > 0) {
		h->pieces = 1 + e->drop % 3u;
		h->payload_len = h->payload.n;
		h->payload = BYTES(NULL, 0);
		hostile->is_fooled = true;
	}
}

static bool
is_dropped(size_t i, size_t n)
{
	for (size_t k = 0; k < hostile->tricks->n; k++) {
		const struct edit *e = &hostile->tricks->at[k];

		if (is_of(e, TRICK_DROP, i, n) ||
		    (trick_is_now(e, TRICK_PAGE) && i > e->put.p[1] % n)) {
			hostile->is_fooled = true;
			return true;
		}
	}
	return false;
}

static void
fill_heads(const struct request_case *q, struct answer_heads *heads)
{
	const size_t n = hostile->w->count[q->chain];
	struct answer_head one;
	bool has_room = true;
	const char *text;

	n_parts = 0;
	for (size_t seq = q->after; has_room && seq < n; seq++) {
		const struct sent *s =
		    hostile_find(q->chain, (uint32_t)seq, &text);
		size_t i = seq - q->after;

		MUST(s != NULL);
		if (is_dropped(i, n - q->after))
			continue;
		fill_head(s, &one);
		for (size_t k = 0; k < hostile->tricks->n; k++)
			trick_message(&hostile->tricks->at[k], i, n - q->after,
			    s, &one);
		has_room = answer_heads_add(heads, &one);
	}
}

static void
answer_case(const struct request_case *q, struct bundle_answer *a)
{
	struct answer_case *c = &a->open;

	MUST(memcmp(q->case_id, hostile->w->reporter.case_id, CASE_ID_LEN) ==
	    0);
	a->kind = ANSWER_CASE;
	c->chain = q->chain;
	c->count = hostile->w->count[q->chain];
	memcpy(c->link, hostile->w->head[q->chain], LINK_LEN);
	c->filed = today();
	c->band = BAND;
	c->is_plain = hostile->is_plain;
	fill_heads(q, &c->heads);
	for (size_t i = 0; i < hostile->tricks->n; i++) {
		const struct edit *e = &hostile->tricks->at[i];

		if (trick_is_now(e, TRICK_COUNT))
			c->count = e->at;
		if (trick_is_now(e, TRICK_SAYS)) {
			c->state = (enum case_state)(e->drop % CASE_STATES);
			c->is_plain ^= (trick_extra(e, 0) & 1) != 0;
			c->filed = e->at;
			c->flags = trick_extra(e, 1);
			c->due = trick_extra(e, 2);
		}
		hostile->is_fooled |=
		    trick_is_now(e, TRICK_COUNT) || trick_is_now(e, TRICK_SAYS);
	}
}

/* In pieces of the size that there are, the last what is left. */
static void
answer_piece(const struct request_get *q, struct bundle_answer *a)
{
	const char *text;
	const struct sent *s = hostile_find(q->chain, q->seq, &text);

	a->kind = ANSWER_PIECE;
	a->piece.index = q->index;
	a->piece.count = 1;
	a->piece.piece = BYTES((const uint8_t *)"x", 1);
	if (s != NULL && q->index == 0 && s->payload.n > 0)
		a->piece.piece = buf_bytes(&s->payload);
	for (size_t i = 0; i < hostile->tricks->n; i++) {
		const struct edit *e = &hostile->tricks->at[i];

		if (e->part == TRICK_PIECES)
			a->piece.count = 1 + e->drop % 3u;
	}
}

static void
answer_queue(struct bundle_answer *a)
{
	struct answer_row *row = a->queue.row;

	a->kind = ANSWER_QUEUE;
	a->queue.n_rows = 2;
	for (size_t i = 0; i < a->queue.n_rows; i++)
		row[i] = (struct answer_row){ .day = today(),
			.route = 1,
			.band = 3,
			.talk = 1,
			.case_id = { (uint8_t)i } };
	for (size_t i = 0; i < hostile->tricks->n; i++) {
		const struct edit *e = &hostile->tricks->at[i];

		if (!trick_is_now(e, TRICK_QUEUE))
			continue;
		a->queue.n_rows = e->at % (BUNDLE_ROWS_MAX + 1);
		for (size_t k = 0; k < a->queue.n_rows; k++)
			row[k] = row[0];
		row[0].state = (enum case_state)(e->drop % CASE_STATES);
		a->queue.next =
		    BYTES(e->put.p + 2, e->put.n - 2 > 64 ? 64 : e->put.n - 2);
		hostile->is_fooled = true;
	}
}

static void
answer_investigators(struct bundle_answer *a)
{
	a->kind = ANSWER_INVESTIGATORS;
	a->investigators.n = 1;
	a->investigators.at[0].person = INVESTIGATOR;
	for (size_t i = 0; i < hostile->tricks->n; i++) {
		const struct edit *e = &hostile->tricks->at[i];

		if (!trick_is_now(e, TRICK_QUEUE))
			continue;
		a->investigators.n = e->at % (BUNDLE_PEOPLE_MAX + 1);
		for (size_t k = 0; k < a->investigators.n; k++)
			a->investigators.at[k].person =
			    (uint16_t)(1 + (e->drop + k) % 300);
		hostile->is_fooled = true;
	}
}

/* --- in the place of client/http.c --- */

static void
answer_to(const struct bundle_request *r, struct buf *proof,
    struct bundle_answer *a)
{
	switch ((int)r->kind) {
	case REQUEST_CASE:
		answer_case(&r->open, a);
		return;
	case REQUEST_GET:
		answer_piece(&r->get, a);
		return;
	case REQUEST_ENVELOPES:
		hostile_take_envelopes(&r->envelopes);
		a->kind = ANSWER_KEPT;
		return;
	case REQUEST_POST:
		hostile_take_post(&r->post, proof, a);
		return;
	case REQUEST_QUEUE:
		answer_queue(a);
		return;
	case REQUEST_INVESTIGATORS:
		answer_investigators(a);
		return;
	default:
		abort(); /* nothing else was asked for */
	}
}

static bool
is_error(struct buf *answer, unsigned *ret_status, enum http_result *ret)
{
	static const char *const codes[] = { "conflict", "unknown", "denied",
		"busy", "no-session", "incomplete", "bad-policy", "x" };

	for (size_t i = 0; i < hostile->tricks->n; i++) {
		const struct edit *e = &hostile->tricks->at[i];

		if (!trick_is_now(e, TRICK_ERROR))
			continue;
		hostile->is_fooled = true;
		*ret = (enum http_result)(e->drop % (HTTP_NO_MEMORY + 1u));
		*ret_status = 400 + e->at % 200u;
		buf_printf(answer, "{\"error\":\"%s\"}",
		    codes[trick_extra(e, 0) % 8]);
		return true;
	}
	return false;
}

static void
put_answer(const struct bundle_answer *a, struct buf *answer)
{
	struct buf honest CLEAN_BUF = BUF_INIT(BUNDLE_PIECE_LEN);

	if (bundle_answer_put(a, answer) != ERR_OK ||
	    bundle_pad(answer, answer_length(a->kind)) != ERR_OK) {
		buf_reset(answer);
		buf_put_zeros(answer, answer_length(a->kind));
	}
	buf_put_bytes(&honest, buf_bytes(answer));
	for (size_t i = 0; i < hostile->tricks->n; i++) {
		if (trick_is_now(&hostile->tricks->at[i], TRICK_RAW))
			trick_change(&hostile->tricks->at[i], answer);
	}
	if (!bytes_equal(buf_bytes(answer), buf_bytes(&honest)))
		hostile->got.is_proved = false;
}

enum http_result
http_exchange(struct http *h, const char *path, struct bytes body,
    struct buf *answer, unsigned *ret_status)
{
	static struct bundle_answer a;
	struct buf proof CLEAN_BUF = BUF_INIT(PROOF_MAX);
	enum http_result result = HTTP_ANSWERED;
	struct bundle_request r;

	(void)h;
	MUST(bundle_request_parse(body, &r) == ERR_OK);
	MUST(body.n == request_length(r.kind));
	MUST(strcmp(path,
		 request_path(r.kind) == BUNDLE_PATH_PIECE ? "/v1/piece"
							   : "/v1/staff") == 0);
	*ret_status = 200;
	if (!is_error(answer, ret_status, &result)) {
		a = (struct bundle_answer){ 0 };
		answer_to(&r, &proof, &a);
		put_answer(&a, answer);
	}
	MUST(++hostile->exchanges < EXCHANGES_MAX);
	return answer->err == ERR_OK ? result : HTTP_TOO_LARGE;
}

enum http_result
http_open(const struct http_config *config, struct http **ret)
{
	(void)config, (void)ret;
	return HTTP_BAD_CONFIG;
}

struct http *
http_close(struct http *h)
{
	(void)h;
	return NULL;
}

enum http_result
http_patience(struct http *h, unsigned seconds)
{
	(void)h, (void)seconds;
	return HTTP_ANSWERED;
}

bool
http_was_sent_twice(const struct http *h)
{
	(void)h;
	return (hostile->exchanges & 4) != 0;
}

void
http_last(struct http *h, bool is_last)
{
	(void)h, (void)is_last;
}

const char *
http_result_text(enum http_result r)
{
	(void)r;
	return "No answer.";
}

/* --- in the place of client/moment.c: no time goes by --- */

int64_t
moment_now(void)
{
	return 0;
}

void
moment_wait(int64_t ms)
{
	(void)ms;
}
