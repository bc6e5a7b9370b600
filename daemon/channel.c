#include "daemon/channel.h"

#include <stdlib.h>

struct channel {
	struct wire_conn *conn;
	struct event *readable, *writable, *soon;
	const struct channel_calls *calls;
	void *ctx;
	bool is_dispatching; /* within a callback: freed when it is over */
	bool is_ended;
	bool is_freed;
};

static struct channel *
channel_destroy(struct channel *l)
{
	if (l->readable != NULL)
		event_free(l->readable);
	if (l->writable != NULL)
		event_free(l->writable);
	if (l->soon != NULL)
		event_free(l->soon);
	wire_conn_free(l->conn);
	free(l);
	return NULL;
}

static void
channel_end(struct channel *l, enum wire_state why)
{
	if (l->is_ended || l->is_freed)
		return;
	l->is_ended = true;
	event_del(l->readable);
	event_del(l->writable);
	event_del(l->soon);
	l->calls->ended(l->ctx, why);
}

static void
channel_read(struct channel *l)
{
	enum wire_state state = wire_conn_fill(l->conn);
	struct wire_frame f;

	while (!l->is_freed && wire_conn_next(l->conn, &f)) {
		if (l->calls->frame(l->ctx, &f))
			continue;
		state = WIRE_BROKEN;
		break;
	}
	if (state != WIRE_FINE)
		channel_end(l, state);
}

static void
channel_write(struct channel *l)
{
	size_t before = wire_conn_unsent(l->conn);
	enum wire_state state = wire_conn_flush(l->conn);
	size_t after = wire_conn_unsent(l->conn);

	if (state == WIRE_NOMEM || state == WIRE_BROKEN)
		channel_end(l, state);
	else if (after > 0 && state == WIRE_FINE)
		event_add(l->writable, NULL);
	/* WIRE_GONE: what the peer sent before it went can still be read, and
	 * reading comes to the end. */
	if (after < before && l->calls->sent != NULL && !l->is_freed)
		l->calls->sent(l->ctx);
}

/* Runs one of the two with the channel kept alive until it returns. */
static void
dispatch(struct channel *l, void (*run)(struct channel *l))
{
	l->is_dispatching = true;
	run(l);
	l->is_dispatching = false;
	if (l->is_freed)
		channel_destroy(l);
}

static void
on_readable(evutil_socket_t fd, short what, void *ctx)
{
	(void)fd, (void)what;
	dispatch(ctx, channel_read);
}

static void
on_writable(evutil_socket_t fd, short what, void *ctx)
{
	(void)fd, (void)what;
	dispatch(ctx, channel_write);
}

enum err
channel_open(struct event_base *base, int fd, enum wire_peer self,
    enum wire_peer peer, const struct channel_calls *calls, void *ctx,
    struct channel **ret)
{
	struct wire_conn *conn = NULL;
	struct channel *l;
	enum err e;

	if ((e = wire_conn_new(fd, self, peer, &conn)) != ERR_OK)
		return e;
	if ((l = calloc(1, sizeof(*l))) == NULL) {
		wire_conn_free(conn);
		return ERR_NOMEM;
	}
	l->conn = conn;
	l->calls = calls;
	l->ctx = ctx;
	l->readable = event_new(base, fd, EV_READ | EV_PERSIST, on_readable, l);
	l->writable = event_new(base, fd, EV_WRITE, on_writable, l);
	l->soon = event_new(base, -1, 0, on_writable, l);
	if (l->readable == NULL || l->writable == NULL || l->soon == NULL ||
	    event_add(l->readable, NULL) != 0) {
		channel_destroy(l);
		return ERR_NOMEM;
	}
	*ret = l;
	return ERR_OK;
}

enum err
channel_send(struct channel *l, enum wire_type type, uint16_t status,
    uint64_t id, struct bytes body)
{
	enum err e = wire_conn_send(l->conn, type, status, id, body);

	if (e == ERR_OK)
		event_active(l->soon, 0, 0);
	return e;
}

enum err
channel_send_fd(struct channel *l, enum wire_type type, uint16_t status, int fd)
{
	enum err e = wire_conn_send_fd(l->conn, type, status, 0, fd);

	if (e == ERR_OK)
		event_active(l->soon, 0, 0);
	return e;
}

void
channel_flush(struct channel *l)
{
	/* A peer that has gone is noticed by reading. */
	if (wire_conn_flush(l->conn) != WIRE_FINE)
		return;
}

void
channel_trim(struct channel *l)
{
	wire_conn_trim(l->conn);
}

struct channel *
channel_free(struct channel *l)
{
	if (l == NULL)
		return NULL;
	l->is_freed = true;
	if (!l->is_dispatching)
		channel_destroy(l);
	return NULL;
}
