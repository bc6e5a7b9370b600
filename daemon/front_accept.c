#include "daemon/front.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/front_conn.h"
#include "daemon/log.h"

#define ACCEPTS_A_TURN 16 /* then others have their turn */

/* Whether there is room for one more, or a connection to drop for it. */
static bool
has_room(const struct front *f)
{
	return f->n_conns < f->config.connections || !TAILQ_EMPTY(&f->early) ||
	    !TAILQ_EMPTY(&f->early_pressed);
}

static void
take_in(struct listener *l, int fd, bool is_pressed)
{
	struct front *f = l->front;

	if (f->n_conns >= f->config.connections) {
		log_count(EV_OVER_CONNECTIONS);
		conn_drop_early(f);
	}
	if (conn_new(f, fd, l->flags, is_pressed) != ERR_OK)
		close(fd);
}

/* Of its peer nothing is known here but whether it is pressed. False: no more
 * for now. */
static bool
accept_one(struct listener *l)
{
	bool is_pressed = false;
	int fd = (l->flags & LISTENER_PEERS) != 0
	    ? peers_accept(&l->front->peers, l->fd, &is_pressed)
	    : accept4(l->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd >= 0) {
		take_in(l, fd, is_pressed);
		return true;
	}
	if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS ||
	    errno == ENOMEM) {
		log_count(EV_NO_DESCRIPTORS);
		front_accept(l->front, false);
	}
	return errno == EINTR || errno == ECONNABORTED;
}

static void
on_connection(evutil_socket_t fd, short what, void *ctx)
{
	struct listener *l = ctx;

	(void)fd, (void)what;
	for (int i = 0; i < ACCEPTS_A_TURN; i++) {
		if (!has_room(l->front)) {
			front_accept(l->front, false);
			return;
		}
		if (!accept_one(l))
			return;
	}
}

enum err
front_listen(struct front *f, int fd, unsigned flags)
{
	struct listener *l = &f->listeners[f->n_listeners];
	const int on = 1;

	if (f->n_listeners == FRONT_LISTENERS_MAX) {
		close(fd);
		return ERR_LIMIT;
	}
	*l = (struct listener){ .front = f, .fd = fd, .flags = flags };
	l->ev = event_new(f->base, fd, EV_READ | EV_PERSIST, on_connection, l);
	if (l->ev == NULL) {
		close(fd);
		return ERR_NOMEM;
	}
	/* Connections have it from their listener; those of a UNIX socket need
	 * none. */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	f->n_listeners++;
	return ERR_OK;
}

void
front_accept(struct front *f, bool on)
{
	if (f->is_accepting == on || (on && f->is_draining))
		return;
	f->is_accepting = on;
	for (size_t i = 0; i < f->n_listeners; i++) {
		if (on)
			event_add(f->listeners[i].ev, NULL);
		else
			event_del(f->listeners[i].ev);
	}
}

void
front_close_listeners(struct front *f)
{
	front_accept(f, false);
	for (size_t i = 0; i < f->n_listeners; i++) {
		event_free(f->listeners[i].ev);
		close(f->listeners[i].fd);
	}
	f->n_listeners = 0;
}
