#include "daemon/front_conn.h"

#include <stdlib.h>
#include <sys/socket.h>

#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include "daemon/front_conn_inside.h"
#include "daemon/log.h"

#define LINGER_SECONDS 2

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
	event_del(&c->deadline);
	if (c->state == CONN_WAITING)
		front_forget(f, c->ticket);
	conn_give_back(c, 0);
	free(c->body);
	bufferevent_free(c->bev);
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
	TAILQ_INSERT_TAIL(queue, c, queued);
	c->queue = queue;
}

void
conn_deadline(struct conn *c, uint64_t seconds, uint64_t n)
{
	const struct timeval t = {
		.tv_sec = (time_t)(seconds + n / c->front->config.rate)
	};

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
	SSL *ssl = bufferevent_openssl_get_ssl(c->bev);

	conn_leave_queue(c);
	if (ssl != NULL)
		(void)SSL_shutdown(ssl);
	ERR_clear_error();
	(void)shutdown(bufferevent_getfd(c->bev), SHUT_WR);
	c->state = CONN_LINGER;
	conn_deadline(c, LINGER_SECONDS, 0);
	bufferevent_enable(c->bev, EV_READ);
}

/* --- libevent's calls --- */

static void
on_input(struct bufferevent *bev, void *ctx)
{
	(void)bev;
	conn_take_input(ctx);
}

/* All that was to be sent has left. With TLS libevent says so a little later,
 * when there may be more again. */
static void
on_output_empty(struct bufferevent *bev, void *ctx)
{
	struct conn *c = ctx;

	if (c->state != CONN_ANSWERING ||
	    evbuffer_get_length(bufferevent_get_output(bev)) > 0)
		return;
	conn_give_back(c, 0);
	if (c->is_refused || c->front->is_draining) {
		conn_linger(c);
		return;
	}
	conn_begin_idle(c);
	conn_take_input(c);
}

static void
on_event(struct bufferevent *bev, short what, void *ctx)
{
	struct conn *c = ctx;

	(void)bev;
	if (what & BEV_EVENT_CONNECTED) {
		conn_begin_idle(c);
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
		conn_refuse(c, error_of_status(408));
		return;
	case CONN_BODY:
		log_count(EV_LATE_BODY);
		/* Late by our own doing, where it stands in line. */
		conn_refuse(c, c->queue == NULL ? error_of_status(408) :
					     error_of_answer(ANSWER_BUSY));
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

/* NULL: no memory; fd is open still. */
static struct bufferevent *
make_bufferevent(struct front *f, int fd, unsigned flags)
{
	SSL *ssl;

	if ((flags & LISTENER_TLS) == 0)
		return bufferevent_socket_new(f->base, fd,
		    BEV_OPT_CLOSE_ON_FREE);
	if ((ssl = SSL_new(f->tls)) == NULL)
		return NULL;
	/* It frees ssl where it fails. */
	return bufferevent_openssl_socket_new(f->base, fd, ssl,
	    BUFFEREVENT_SSL_ACCEPTING, BEV_OPT_CLOSE_ON_FREE);
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
		conn_deadline(c, f->config.handshake, 0);
		bufferevent_enable(c->bev, EV_READ);
	} else {
		conn_begin_idle(c);
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
