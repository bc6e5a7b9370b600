#include "daemon/front_conn_inside.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/bundle.h"
#include "daemon/front_reply.h"
#include "daemon/http_answer.h"
#include "daemon/log.h"

#define LINGER_BYTES (1024 * 1024)
#define HEAD_PEEK_LEN 4096

void
conn_drop_body(struct conn *c)
{
	bytes_wipe(c->body, c->body_have);
	free(c->body);
	c->body = NULL;
	c->body_have = 0;
}

/* --- answers --- */

/* Queues the reply; e: what came of making it. */
static void
begin_answer(struct conn *c, enum err e, size_t length)
{
	conn_drop_body(c);
	conn_leave_queue(c);
	if (e != ERR_OK) { /* no memory: half an answer helps nobody */
		c->is_refused = true;
		length = 0;
	}
	c->state = CONN_ANSWERING;
	stream_reading(&c->stream, false);
	stream_send(&c->stream);
	conn_deadline(c, c->front->config.answer, length);
}

static void
answer(struct conn *c, const struct reply *r, size_t length)
{
	struct evbuffer *out = stream_output(&c->stream);

	begin_answer(c, out == NULL ? ERR_NOMEM : reply_put(out, r), length);
}

void
conn_answer_error(struct conn *c, const struct error_text *e)
{
	struct evbuffer *out = stream_output(&c->stream);

	switch (e->status) {
	case 503:
		log_count(e == error_of_answer(ANSWER_BUSY) ? EV_ANSWERED_BUSY
							    : EV_ANSWERED_DOWN);
		break;
	case 507:
		log_count(EV_ANSWERED_FULL);
		break;
	default:
		break;
	}
	begin_answer(c,
	    out == NULL ? ERR_NOMEM
			: reply_put_error(out, c->endpoint, e, c->is_refused),
	    reply_error_length(c->endpoint));
}

void
conn_refuse(struct conn *c, const struct error_text *e)
{
	c->is_refused = true;
	conn_answer_error(c, e);
}

static void
refuse_status(struct conn *c, unsigned status)
{
	log_count(EV_BAD_REQUEST);
	conn_refuse(c, error_of_status(status));
}

/* False: it is not there. */
static bool
find_page(const struct conn *c, struct reply *r)
{
	const struct front *f = c->front;

	switch (c->endpoint->page) {
	case PAGE_WEB:
		return front_web_find(&f->web, c->parser.request.path, c->flags,
		    r);
	case PAGE_PLAIN:
		r->type = "text/plain; charset=utf-8";
		r->page = f->page_plain;
		return r->page != NULL;
	case PAGE_POLICY:
		r->type = "application/octet-stream";
		r->page = f->page_policy;
		return r->page != NULL;
	case PAGE_NONE:
		break;
	}
	return false;
}

static void
answer_page(struct conn *c)
{
	struct reply r = { .status = 200, .closes = c->is_refused };

	if (find_page(c, &r))
		answer(c, &r,
		    r.page == NULL ? r.body.n : evbuffer_get_length(r.page));
	else
		conn_refuse(c, error_of_status(404));
}

static void
answer_ok(struct conn *c, struct bytes body)
{
	const bool is_text = c->endpoint->is_text;
	struct reply r = { .status = 200,
		.closes = c->is_refused,
		.type = is_text ? "text/plain; charset=utf-8"
				: "application/octet-stream",
		.padding = is_text ? PAD_RETURNS : PAD_ZEROS,
		.body = body,
		.length = c->answer_len };

	if (c->endpoint->wire == WIRE_PLAIN)
		r.body = BYTES_LIT("stored\n");
	answer(c, &r, c->answer_len);
}

void
conn_answered(struct conn *c, enum answer a, struct bytes body, size_t charged)
{
	c->charged = charged;
	c->is_refused |= c->front->is_draining;
	conn_give_back(c, body.n);
	if (a == ANSWER_OK)
		answer_ok(c, body);
	else if (a == ANSWER_UNKNOWN && c->endpoint->wire == WIRE_PLAIN_ANSWER)
		conn_answer_error(c, &error_no_answer);
	else
		conn_answer_error(c, error_of_answer(a));
}

/* --- requests --- */

void
conn_begin_idle(struct conn *c)
{
	http_parser_init(&c->parser);
	c->endpoint = NULL;
	c->state = CONN_IDLE;
	c->front->has_freed = true;
	conn_enter_queue(c, &c->front->early);
	front_accept(c->front, true); /* it can make room for another */
	conn_deadline(c, c->front->config.idle, 0);
	stream_reading(&c->stream, true);
}

/* In line for memory or a ticket, and not read from. */
static void
wait_in_line(struct conn *c)
{
	log_count(EV_OVER_BYTES);
	conn_enter_queue(c, &conn_budget(c)->waiting);
}

/* A connection that files and files is pressed, as one of many of one peer is:
 * front_peer.h. Whoever sends a large attachment asks for no work by it. */
static void
count_filing(struct conn *c)
{
	if ((c->flags & LISTENER_PEERS) != 0 &&
	    ++c->filings > PEER_CONN_FILINGS)
		c->is_pressed = true;
}

/* Hands the request to the vault; false: it has to wait. */
static bool
ask(struct conn *c)
{
	struct budget *b = conn_budget(c);
	enum err e = ERR_LIMIT;

	/* The answer to one that is held is small, and far away. */
	if (budget_charge(b, c, &c->charged,
		c->is_held || c->body_len > c->answer_len ? c->body_len
							  : c->answer_len))
		e = front_ask(c->front, c, b, &c->charged,
		    BYTES(c->body, c->body_len), &c->ticket);
	if (e == ERR_LIMIT)
		return false;
	if (e == ERR_OK) {
		c->state = CONN_WAITING;
		conn_leave_queue(c);
		conn_drop_body(c);
		conn_give_back(c, 0); /* the ticket has the charge */
	} else {
		conn_answer_error(c,
		    error_of_answer(e == ERR_NOT_FOUND ? ANSWER_DOWN
						       : ANSWER_BUSY));
	}
	return true;
}

static void
finish_body(struct conn *c)
{
	struct endpoint_body b;

	stream_reading(&c->stream, false);
	if (endpoint_check(c->endpoint, BYTES(c->body, c->body_len), &b) !=
	    ERR_OK) {
		conn_answer_error(c, error_of_answer(ANSWER_BAD_BUNDLE));
		return;
	}
	c->state = CONN_ASKING;
	c->wire = c->endpoint->wire;
	c->body_len = b.length;
	c->answer_len = b.answer;
	c->is_held = endpoint_is_held(c->endpoint, BYTES(c->body, c->body_len));
	if (b.is_filing)
		count_filing(c);
	if (c->is_held) /* others are answered soon, also to who sends no more
			 */
		stream_await_end(&c->stream);
	conn_deadline(c,
	    c->front->config.answer + (c->is_held ? BUNDLE_WATCH_SECONDS : 0),
	    c->answer_len);
	if (!conn_takes_work(c, &b) && !ask(c))
		wait_in_line(c);
}

/* Nothing was read; false, as it is for now. */
static bool
take_nothing(struct conn *c, ssize_t got)
{
	if (got < 0)
		conn_ended(c);
	return false;
}

/* Takes what came of the body, one unit of the budget at a time; false: no
 * more now. */
static bool
take_body(struct conn *c)
{
	size_t n = BUDGET_UNIT - c->body_have % BUDGET_UNIT;
	ssize_t got;

	if (n > c->body_len - c->body_have)
		n = c->body_len - c->body_have;
	if (!budget_charge(conn_budget(c), c, &c->charged, c->body_have + n)) {
		stream_reading(&c->stream, false);
		wait_in_line(c);
		return false;
	}
	got = stream_read(&c->stream, c->body + c->body_have, n);
	if (got <= 0)
		return take_nothing(c, got);
	c->body_have += (size_t)got;
	if (c->body_have == c->body_len)
		finish_body(c);
	return true;
}

/* Unless it is on its way already. Without memory the client waits a little
 * and sends it all the same. */
static void
invite_body(struct conn *c)
{
	struct evbuffer *out;
	uint8_t first;

	if (stream_peek(&c->stream, &first, 1) != 0 ||
	    (out = stream_output(&c->stream)) == NULL)
		return;
	if (evbuffer_add(out, HTTP_CONTINUE, sizeof(HTTP_CONTINUE) - 1) == 0)
		stream_send(&c->stream);
}

static void
begin_body(struct conn *c)
{
	const struct http_request *r = &c->parser.request;

	if (!endpoint_takes(c->endpoint, r->content_length)) {
		refuse_status(c, 413);
		return;
	}
	c->body_len = (size_t)r->content_length;
	if (c->front->vault == NULL) {
		conn_refuse(c, error_of_answer(ANSWER_DOWN));
		return;
	}
	if ((c->body = malloc(c->body_len)) == NULL) {
		conn_refuse(c, error_of_answer(ANSWER_BUSY));
		return;
	}
	c->state = CONN_BODY;
	conn_deadline(c, c->front->config.body, c->body_len);
	if (r->expects_continue)
		invite_body(c);
}

static void
begin_request(struct conn *c)
{
	const struct http_request *r = &c->parser.request;

	c->is_refused = !r->keep_alive || c->front->is_draining;
	switch (endpoint_find(r, c->flags, &c->endpoint)) {
	case ENDPOINT_UNKNOWN:
		refuse_status(c, 404);
		return;
	case ENDPOINT_METHOD:
		refuse_status(c, 405);
		return;
	case ENDPOINT_FOUND:
		break;
	}
	if (c->endpoint->page != PAGE_NONE)
		answer_page(c);
	else
		begin_body(c);
}

/* Feeds the parser what came, and leaves what is behind the head where it is;
 * false: nothing more now. */
static bool
take_head(struct conn *c)
{
	uint8_t *p = c->front->room.plain;
	ssize_t got = stream_peek(&c->stream, p, HEAD_PEEK_LEN);
	enum http_result result;
	size_t used = 0;

	if (got <= 0)
		return take_nothing(c, got);
	if (c->state == CONN_IDLE) {
		c->state = CONN_HEAD;
		conn_enter_queue(c, &c->front->early);
		conn_deadline(c, c->front->config.header, 0);
	}
	result = http_parse(&c->parser, p, (size_t)got, &used);
	if (used > 0 && stream_read(&c->stream, p, used) != (ssize_t)used)
		return take_nothing(c, -1);
	if (result == HTTP_MORE)
		return true;
	conn_leave_queue(c);
	if (result == HTTP_REFUSED)
		refuse_status(c, c->parser.status);
	else
		begin_request(c);
	return true;
}

static bool
throw_away(struct conn *c)
{
	uint8_t *p = c->front->room.plain;
	ssize_t got = stream_read(&c->stream, p, sizeof(c->front->room.plain));

	if (got <= 0)
		return take_nothing(c, got);
	if ((c->thrown_away += (size_t)got) <= LINGER_BYTES)
		return true;
	conn_free(c);
	return false;
}

static bool
take_input(struct conn *c)
{
	switch (c->state) {
	case CONN_IDLE:
	case CONN_HEAD:
		return take_head(c);
	case CONN_BODY:
		return take_body(c);
	case CONN_LINGER:
		return throw_away(c);
	case CONN_HANDSHAKE:
	case CONN_ASKING:
	case CONN_WAITING:
	case CONN_ANSWERING:
		return false;
	}
	return false;
}

void
conn_take_input(struct conn *c)
{
	while (take_input(c))
		;
}

bool
conn_resume(struct conn *c)
{
	if (c->state == CONN_ASKING)
		return ask(c);
	if (!budget_charge(conn_budget(c), c, &c->charged, c->body_have + 1))
		return false;
	conn_leave_queue(c);
	stream_reading(&c->stream, true);
	conn_take_input(c);
	return true;
}
