#include "daemon/front_conn.h"

#include <stdlib.h>

#include "daemon/front_conn_inside.h"
#include "daemon/log.h"

#define LINGER_SECONDS 2
#define PLACES_A_ROW 128

/* --- small things --- */

struct budget *
conn_budget(struct conn *c)
{
	return c->endpoint->is_piece ? &c->front->pieces : &c->front->text;
}

void
conn_give_back(struct conn *c, size_t want)
{
	if (c->endpoint == NULL)
		return;
	budget_release(conn_budget(c), &c->charged, want);
	budget_unfavour(conn_budget(c), c);
	front_resume_soon(c->front);
}

void
conn_free(struct conn *c)
{
	struct front *f = c->front;

	if (c->queue != NULL)
		TAILQ_REMOVE(c->queue, c, queued);
	TAILQ_REMOVE(&f->conns, c, all);
	f->n_conns--;
	f->has_freed = true;
	event_del(&c->deadline);
	if (c->state == CONN_WAITING)
		front_forget(f, c->ticket);
	conn_give_back(c, 0);
	conn_drop_body(c);
	stream_close(&c->stream);
	bytes_wipe(c, sizeof(*c));
	free(c);
	front_accept(f, true);
	front_check_drained(f);
}

void
conn_leave_queue(struct conn *c)
{
	if (c->queue == NULL)
		return;
	TAILQ_REMOVE(c->queue, c, queued);
	c->queue = NULL;
}

void
conn_enter_queue(struct conn *c, struct conn_list *queue)
{
	conn_leave_queue(c);
	if (c->is_pressed && queue == &c->front->early)
		queue = &c->front->early_pressed;
	TAILQ_INSERT_TAIL(queue, c, queued);
	c->queue = queue;
}

void
conn_deadline(struct conn *c, uint64_t seconds, uint64_t n)
{
	const struct timeval t = { .tv_sec = (time_t)(seconds +
				       n / c->front->config.rate) };

	evtimer_add(&c->deadline, &t);
}

/* --- the end --- */

/*
 * Ends our side cleanly (close_notify, FIN) and keeps reading for a moment:
 * closing with unread bytes would send a reset, and that could take the
 * answer away before the client has read it.
 */
void
conn_linger(struct conn *c)
{
	conn_leave_queue(c);
	stream_finish(&c->stream);
	c->state = CONN_LINGER;
	conn_deadline(c, LINGER_SECONDS, 0);
	stream_reading(&c->stream, true);
	conn_take_input(c);
}

/* --- the stream's calls --- */

static void
on_readable(void *ctx)
{
	conn_take_input(ctx);
}

/* Part of a request may have come behind the handshake. */
static void
on_standing(void *ctx)
{
	struct conn *c = ctx;

	conn_begin_idle(c);
	conn_take_input(c);
}

static void
on_sent(void *ctx)
{
	struct conn *c = ctx;

	if (c->state != CONN_ANSWERING) { /* it was invited to go on */
		conn_take_input(c);
		return;
	}
	conn_give_back(c, 0);
	if (c->is_refused || c->front->is_draining) {
		conn_linger(c);
		return;
	}
	conn_begin_idle(c);
	conn_take_input(c);
}

void
conn_ended(struct conn *c)
{
	if (c->state == CONN_HANDSHAKE)
		log_count(EV_BAD_TLS);
	conn_free(c);
}

static void
on_ended(void *ctx)
{
	conn_ended(ctx);
}

static const struct stream_calls stream_calls = {
	.standing = on_standing,
	.readable = on_readable,
	.sent = on_sent,
	.ended = on_ended,
};

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
		conn_refuse(c, error_of_status(408));
		return;
	case CONN_BODY:
		log_count(EV_LATE_BODY);
		/* Late by our own doing, where it stands in line. */
		conn_refuse(c,
		    c->queue == NULL ? error_of_status(408)
				     : error_of_answer(ANSWER_BUSY));
		return;
	case CONN_ASKING:
		conn_answer_error(c, error_of_answer(ANSWER_BUSY));
		return;
	case CONN_WAITING:
		log_count(EV_LATE_ANSWER);
		front_forget(c->front, c->ticket);
		conn_answer_error(c, error_of_answer(ANSWER_DOWN));
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

static void
on_nothing(evutil_socket_t fd, short what, void *ctx)
{
	(void)fd, (void)what, (void)ctx;
}

/*
 * The loop makes a few bytes for each descriptor that it sees for the first
 * time, and keeps them. Between what a connection holds they would hold a page
 * when that has gone, so they are made for a row of descriptors at once; the
 * lowest that is free being the next, none of it is open.
 */
static void
make_places(struct front *f, int fd)
{
	struct event e;

	if (fd < f->places)
		return;
	f->places = fd + PLACES_A_ROW;
	while (++fd < f->places) {
		if (event_assign(&e, f->base, fd, EV_READ, on_nothing, NULL) ==
			0 &&
		    event_add(&e, NULL) == 0)
			event_del(&e);
	}
}

enum err
conn_new(struct front *f, int fd, unsigned flags, bool is_pressed)
{
	struct conn *c;

	make_places(f, fd);
	c = calloc(1, sizeof(*c));
	if (c == NULL ||
	    stream_open(&c->stream, f->base, fd,
		(flags & LISTENER_TLS) != 0 ? f->tls : NULL, &f->room,
		&stream_calls, c) != ERR_OK) {
		free(c);
		return ERR_NOMEM;
	}
	c->front = f;
	c->flags = flags;
	c->is_pressed = is_pressed;
	evtimer_assign(&c->deadline, f->base, on_deadline, c);
	TAILQ_INSERT_TAIL(&f->conns, c, all);
	f->n_conns++;
	if (flags & LISTENER_TLS) {
		c->state = CONN_HANDSHAKE;
		conn_enter_queue(c, &f->early);
		conn_deadline(c, f->config.handshake, 0);
	} else {
		conn_begin_idle(c);
	}
	/* Without memory for its deadline it could stay for ever. A deadline
	 * that is set needs none to be moved. */
	if (!evtimer_pending(&c->deadline, NULL))
		conn_free(c);
	return ERR_OK;
}

void
conn_drop_early(struct front *f)
{
	struct conn *c = TAILQ_FIRST(&f->early_pressed);

	if (c == NULL)
		c = TAILQ_FIRST(&f->early);
	if (c != NULL)
		conn_free(c);
}

/* Nobody waits for minutes when all is to end. */
static void
end_held(struct front *f)
{
	struct conn *c, *next;

	for (c = TAILQ_FIRST(&f->conns); c != NULL; c = next) {
		next = TAILQ_NEXT(c, all);
		if (!c->is_held || c->state != CONN_WAITING)
			continue;
		front_forget(f, c->ticket);
		c->is_refused = true;
		conn_answer_error(c, error_of_answer(ANSWER_DOWN));
	}
}

static void
end_idle(struct conn_list *early)
{
	struct conn *c, *next;

	for (c = TAILQ_FIRST(early); c != NULL; c = next) {
		next = TAILQ_NEXT(c, queued);
		if (c->state == CONN_IDLE)
			conn_linger(c);
	}
}

void
conn_drain(struct front *f)
{
	end_held(f);
	end_idle(&f->early);
	end_idle(&f->early_pressed);
}

void
conn_free_all(struct front *f)
{
	struct conn *c;

	while ((c = TAILQ_FIRST(&f->conns)) != NULL)
		conn_free(c);
}
