#include "daemon/front_conn.h"

#include <stdlib.h>
#include <sys/socket.h>

#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <event2/event_struct.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include "crypto/bundle.h"
#include "daemon/front_reply.h"
#include "daemon/http_answer.h"
#include "daemon/log.h"

#define LINGER_SECONDS 2
#define LINGER_BYTES (1024 * 1024)

enum conn_state {
	CONN_HANDSHAKE,
	CONN_IDLE,    /* between requests */
	CONN_HEAD,    /* within a request's head */
	CONN_BODY,    /* within its body */
	CONN_ASKING,  /* the body is there; waits for memory or a ticket */
	CONN_WAITING, /* the vault has it */
	CONN_ANSWERING,
	CONN_LINGER, /* we have ended; what still comes is thrown away */
};

struct conn {
	struct front *front;
	TAILQ_ENTRY(conn) all, queued;
	struct conn_list *queue; /* that it stands in: idle or waiting */
	struct bufferevent *bev;
	struct event deadline;
	enum conn_state state;
	unsigned flags;	     /* the listener's */
	bool is_refused;     /* closes after the answer */
	struct http_parser parser;
	const struct endpoint *endpoint; /* NULL: none found (yet) */
	uint8_t *body;
	size_t body_have, body_len; /* ASKING on: body_len without padding */
	size_t answer_len;
	size_t charged;
	size_t thrown_away;
	uint64_t ticket;
};

/* --- small things --- */

static struct budget *
budget_of(struct conn *c)
{
	return c->endpoint->is_piece ? &c->front->pieces : &c->front->text;
}

/* Keeps only what `want` bytes need; the request's body is complete, or not
 * wanted any more. */
static void
give_back(struct conn *c, size_t want)
{
	if (c->endpoint == NULL)
		return;
	budget_release(budget_of(c), &c->charged, want);
	budget_unfavour(budget_of(c), c);
	front_resume_soon(c->front);
}

static void
conn_free(struct conn *c)
{
	struct front *f = c->front;

	if (c->queue != NULL)
		TAILQ_REMOVE(c->queue, c, queued);
	TAILQ_REMOVE(&f->conns, c, all);
	f->n_conns--;
	event_del(&c->deadline);
	if (c->state == CONN_WAITING)
		front_forget(f, c->ticket);
	give_back(c, 0);
	free(c->body);
	bufferevent_free(c->bev);
	free(c);
	front_accept(f, true);
	front_check_drained(f);
}

static void
leave_queue(struct conn *c)
{
	if (c->queue == NULL)
		return;
	TAILQ_REMOVE(c->queue, c, queued);
	c->queue = NULL;
}

static void
enter_queue(struct conn *c, struct conn_list *queue)
{
	leave_queue(c);
	TAILQ_INSERT_TAIL(queue, c, queued);
	c->queue = queue;
}

static void
set_deadline(struct conn *c, uint64_t seconds)
{
	const struct timeval t = { .tv_sec = (time_t)seconds };

	evtimer_add(&c->deadline, &t);
}

/* A phase of fixed length, and the time that n bytes take at the least rate
 * that is allowed. */
static void
set_deadline_for(struct conn *c, uint64_t seconds, uint64_t n)
{
	set_deadline(c, seconds + n / c->front->config.rate);
}

static void
release_body(struct conn *c)
{
	free(c->body);
	c->body = NULL;
	c->body_have = 0;
}

/* --- the end --- */

/*
 * Ends our side cleanly (close_notify, FIN) and keeps reading for a moment:
 * closing with unread bytes would send a reset, and that could take the
 * answer away before the client has read it.
 */
static void
conn_linger(struct conn *c)
{
	SSL *ssl = bufferevent_openssl_get_ssl(c->bev);

	leave_queue(c);
	if (ssl != NULL)
		(void)SSL_shutdown(ssl);
	ERR_clear_error();
	(void)shutdown(bufferevent_getfd(c->bev), SHUT_WR);
	c->state = CONN_LINGER;
	set_deadline(c, LINGER_SECONDS);
	bufferevent_enable(c->bev, EV_READ);
}

static bool
throw_away(struct conn *c)
{
	struct evbuffer *in = bufferevent_get_input(c->bev);

	c->thrown_away += evbuffer_get_length(in);
	evbuffer_drain(in, evbuffer_get_length(in));
	if (c->thrown_away > LINGER_BYTES)
		conn_free(c);
	return false;
}

/* --- answers --- */

/* The reply is in the output. */
static void
begin_answer(struct conn *c, enum err e, size_t length)
{
	release_body(c);
	leave_queue(c);
	if (e != ERR_OK) { /* no memory: half an answer helps nobody */
		c->is_refused = true;
		length = 0;
	}
	c->state = CONN_ANSWERING;
	bufferevent_disable(c->bev, EV_READ);
	set_deadline_for(c, c->front->config.answer, length);
}

static void
answer_error(struct conn *c, const struct error_text *e)
{
	struct evbuffer *out = bufferevent_get_output(c->bev);

	switch (e->status) {
	case 503:
		log_count(e == error_of_answer(ANSWER_BUSY) ?
		    EV_ANSWERED_BUSY : EV_ANSWERED_DOWN);
		break;
	case 507:
		log_count(EV_ANSWERED_FULL);
		break;
	default:
		break;
	}
	begin_answer(c, reply_put_error(out, c->endpoint, e, c->is_refused),
	    reply_error_length(c->endpoint));
}

/* What follows on this connection is not read: it could be anything. */
static void
refuse(struct conn *c, const struct error_text *e)
{
	c->is_refused = true;
	answer_error(c, e);
}

static void
refuse_status(struct conn *c, unsigned status)
{
	log_count(EV_BAD_REQUEST);
	refuse(c, error_of_status(status));
}

static void
answer_page(struct conn *c)
{
	const bool is_plain = c->endpoint->page == PAGE_PLAIN;
	struct reply r = { .status = 200, .closes = c->is_refused,
		.type = is_plain ? "text/plain; charset=utf-8" :
				   "application/octet-stream",
		.page = is_plain ? c->front->page_plain :
				   c->front->page_policy };

	if (r.page == NULL) {
		refuse(c, error_of_status(404));
		return;
	}
	begin_answer(c, reply_put(bufferevent_get_output(c->bev), &r),
	    evbuffer_get_length(r.page));
}

static void
answer_ok(struct conn *c, struct bytes body)
{
	const bool is_text = c->endpoint->is_text;
	struct reply r = { .status = 200, .closes = c->is_refused,
		.type = is_text ? "text/plain; charset=utf-8" :
				  "application/octet-stream",
		.padding = is_text ? PAD_RETURNS : PAD_ZEROS,
		.body = body, .length = c->answer_len };

	if (c->endpoint->wire == WIRE_PLAIN)
		r.body = BYTES_LIT("stored\n");
	begin_answer(c, reply_put(bufferevent_get_output(c->bev), &r),
	    c->answer_len);
}

void
conn_answered(struct conn *c, enum answer a, struct bytes body, size_t charged)
{
	c->charged = charged;
	c->is_refused |= c->front->is_draining;
	give_back(c, body.n);
	if (a == ANSWER_OK)
		answer_ok(c, body);
	else
		answer_error(c, error_of_answer(a));
}

/* --- requests --- */

static void
begin_idle(struct conn *c)
{
	http_parser_init(&c->parser);
	c->endpoint = NULL;
	c->state = CONN_IDLE;
	enter_queue(c, &c->front->idle);
	set_deadline(c, c->front->config.idle);
	bufferevent_enable(c->bev, EV_READ);
}

/* In line for memory or a ticket, and not read from. */
static void
wait_in_line(struct conn *c)
{
	log_count(EV_OVER_BYTES);
	bufferevent_disable(c->bev, EV_READ);
	enter_queue(c, &budget_of(c)->waiting);
}

/* Hands the request to the vault; false: it has to wait. */
static bool
ask(struct conn *c)
{
	struct budget *b = budget_of(c);
	enum err e = ERR_LIMIT;

	if (budget_charge(b, c, &c->charged,
	    c->body_len > c->answer_len ? c->body_len : c->answer_len))
		e = front_ask(c->front, c, c->endpoint->wire, b, &c->charged,
		    BYTES(c->body, c->body_len), &c->ticket);
	if (e == ERR_LIMIT)
		return false;
	if (e == ERR_OK) {
		c->state = CONN_WAITING;
		leave_queue(c);
		release_body(c);
		give_back(c, 0); /* the ticket has the charge */
	} else {
		answer_error(c, error_of_answer(e == ERR_NOT_FOUND ?
		    ANSWER_DOWN : ANSWER_BUSY));
	}
	return true;
}

static void
finish_body(struct conn *c)
{
	bufferevent_disable(c->bev, EV_READ);
	if (endpoint_check(c->endpoint, BYTES(c->body, c->body_len),
	    &c->body_len, &c->answer_len) != ERR_OK) {
		answer_error(c, error_of_answer(ANSWER_BAD_BUNDLE));
		return;
	}
	c->state = CONN_ASKING;
	set_deadline_for(c, c->front->config.answer, c->answer_len);
	if (!ask(c))
		wait_in_line(c);
}

/* Takes what came of the body, one unit of the budget at a time; false: no
 * more now. */
static bool
take_body(struct conn *c)
{
	struct evbuffer *in = bufferevent_get_input(c->bev);
	size_t n = evbuffer_get_length(in);
	int got;

	if (n > c->body_len - c->body_have)
		n = c->body_len - c->body_have;
	if (n > BUDGET_UNIT - c->body_have % BUDGET_UNIT)
		n = BUDGET_UNIT - c->body_have % BUDGET_UNIT;
	if (n == 0)
		return false;
	if (!budget_charge(budget_of(c), c, &c->charged, c->body_have + n)) {
		wait_in_line(c);
		return false;
	}
	got = evbuffer_remove(in, c->body + c->body_have, n);
	if (got <= 0)
		return false;
	c->body_have += (size_t)got;
	if (c->body_have == c->body_len)
		finish_body(c);
	return true;
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
		refuse(c, error_of_answer(ANSWER_DOWN));
		return;
	}
	if ((c->body = malloc(c->body_len)) == NULL) {
		refuse(c, error_of_answer(ANSWER_BUSY));
		return;
	}
	c->state = CONN_BODY;
	set_deadline_for(c, c->front->config.body, c->body_len);
	if (r->expects_continue &&
	    evbuffer_get_length(bufferevent_get_input(c->bev)) == 0)
		bufferevent_write(c->bev, HTTP_CONTINUE,
		    sizeof(HTTP_CONTINUE) - 1);
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

/* Feeds the parser what came; false: the head is not complete. */
static bool
take_head(struct conn *c)
{
	struct evbuffer *in = bufferevent_get_input(c->bev);
	enum http_result result = HTTP_MORE;
	struct evbuffer_iovec v;
	size_t used;

	if (evbuffer_get_length(in) == 0)
		return false;
	if (c->state == CONN_IDLE) {
		c->state = CONN_HEAD;
		leave_queue(c);
		set_deadline(c, c->front->config.header);
	}
	while (result == HTTP_MORE && evbuffer_peek(in, -1, NULL, &v, 1) > 0) {
		result = http_parse(&c->parser, v.iov_base, v.iov_len, &used);
		evbuffer_drain(in, used);
	}
	if (result == HTTP_REFUSED)
		refuse_status(c, c->parser.status);
	else if (result == HTTP_DONE)
		begin_request(c);
	return result == HTTP_DONE;
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

bool
conn_resume(struct conn *c)
{
	if (c->state == CONN_ASKING)
		return ask(c);
	if (!budget_charge(budget_of(c), c, &c->charged, c->body_have + 1))
		return false;
	leave_queue(c);
	bufferevent_enable(c->bev, EV_READ);
	while (take_input(c))
		;
	return true;
}

/* --- libevent's calls --- */

static void
on_input(struct bufferevent *bev, void *ctx)
{
	struct conn *c = ctx;

	(void)bev;
	while (take_input(c))
		;
}

/* All that was to be sent has left. */
static void
on_output_empty(struct bufferevent *bev, void *ctx)
{
	struct conn *c = ctx;

	(void)bev;
	if (c->state != CONN_ANSWERING)
		return;
	give_back(c, 0);
	if (c->is_refused || c->front->is_draining) {
		conn_linger(c);
		return;
	}
	begin_idle(c);
	while (take_input(c))
		;
}

static void
on_event(struct bufferevent *bev, short what, void *ctx)
{
	struct conn *c = ctx;

	(void)bev;
	if (what & BEV_EVENT_CONNECTED) {
		begin_idle(c);
		return;
	}
	if (c->state == CONN_HANDSHAKE)
		log_count(EV_BAD_TLS);
	ERR_clear_error();
	conn_free(c);
}

static void
on_deadline(evutil_socket_t fd, short what, void *ctx)
{
	struct conn *c = ctx;

	(void)fd, (void)what;
	switch (c->state) {
	case CONN_IDLE:
		conn_linger(c);
		return;
	case CONN_HEAD:
		log_count(EV_LATE_HEADER);
		refuse(c, error_of_status(408));
		return;
	case CONN_BODY:
		log_count(EV_LATE_BODY);
		/* Late by our own doing, where it stands in line. */
		refuse(c, c->queue == NULL ? error_of_status(408) :
					     error_of_answer(ANSWER_BUSY));
		return;
	case CONN_ASKING:
		answer_error(c, error_of_answer(ANSWER_BUSY));
		return;
	case CONN_WAITING:
		log_count(EV_LATE_ANSWER);
		front_forget(c->front, c->ticket);
		answer_error(c, error_of_answer(ANSWER_DOWN));
		return;
	case CONN_HANDSHAKE:
		log_count(EV_LATE_HANDSHAKE);
		conn_free(c);
		return;
	case CONN_ANSWERING:
		log_count(EV_LATE_ANSWER);
		conn_free(c);
		return;
	case CONN_LINGER:
		conn_free(c);
		return;
	}
}

/* --- making and dropping --- */

/* NULL: no memory; fd is open still. */
static struct bufferevent *
make_bufferevent(struct front *f, int fd, unsigned flags)
{
	struct bufferevent *bev;
	SSL *ssl;

	if ((flags & LISTENER_TLS) == 0)
		return bufferevent_socket_new(f->base, fd,
		    BEV_OPT_CLOSE_ON_FREE);
	if ((ssl = SSL_new(f->tls)) == NULL)
		return NULL;
	bev = bufferevent_openssl_socket_new(f->base, fd, ssl,
	    BUFFEREVENT_SSL_ACCEPTING, BEV_OPT_CLOSE_ON_FREE);
	if (bev == NULL)
		SSL_free(ssl);
	return bev;
}

enum err
conn_new(struct front *f, int fd, unsigned flags)
{
	struct conn *c = calloc(1, sizeof(*c));

	if (c == NULL || (c->bev = make_bufferevent(f, fd, flags)) == NULL) {
		free(c);
		return ERR_NOMEM;
	}
	c->front = f;
	c->flags = flags;
	evtimer_assign(&c->deadline, f->base, on_deadline, c);
	TAILQ_INSERT_TAIL(&f->conns, c, all);
	f->n_conns++;
	bufferevent_setcb(c->bev, on_input, on_output_empty, on_event, c);
	bufferevent_enable(c->bev, EV_WRITE);
	if (flags & LISTENER_TLS) {
		c->state = CONN_HANDSHAKE;
		set_deadline(c, f->config.handshake);
		bufferevent_enable(c->bev, EV_READ);
	} else {
		begin_idle(c);
	}
	return ERR_OK;
}

void
conn_drop_idle(struct front *f)
{
	struct conn *c = TAILQ_FIRST(&f->idle);

	if (c != NULL)
		conn_free(c);
}

void
conn_drain(struct front *f)
{
	struct conn *c;

	while ((c = TAILQ_FIRST(&f->idle)) != NULL)
		conn_linger(c);
}

void
conn_free_all(struct front *f)
{
	struct conn *c;

	while ((c = TAILQ_FIRST(&f->conns)) != NULL)
		conn_free(c);
}
