#include "daemon/wire_conn.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define FLOW_FIRST (64 * 1024)

/* Bytes on their way: [at, n) of p. */
struct flow {
	uint8_t *p;
	size_t at, n, cap;
	size_t most; /* that n ever was: what is to be wiped */
};

struct wire_conn {
	int fd;
	enum wire_peer self, peer;
	enum wire_state state;
	struct flow in, out;
	size_t scanned; /* end of the last whole frame in `in` */
	size_t whole;	/* frames between in.at and scanned */
	int fd_in[WIRE_FDS_MAX];
	size_t n_fd_in;
	size_t fds_due; /* that frames between in.at and scanned bring */
	struct {
		size_t at; /* in `out`, of the frame's first byte */
		int fd;
	} fd_out[WIRE_FDS_MAX];
	size_t n_fd_out;
	uint64_t sent;
};

/* --- flows --- */

static void
flow_free(struct flow *f)
{
	bytes_wipe(f->p, f->most);
	free(f->p);
	*f = (struct flow){ 0 };
}

/* Room for n bytes after f->n; what is held may move to the front. ERR_LIMIT:
 * over WIRE_BUFFER_MAX. */
static enum err
flow_reserve(struct flow *f, size_t n)
{
	size_t held = f->n - f->at, cap = f->cap ? f->cap : FLOW_FIRST;
	uint8_t *p;

	if (f->cap - f->n >= n)
		return ERR_OK;
	if (n > WIRE_BUFFER_MAX - held)
		return ERR_LIMIT;
	while (cap < held + n)
		cap *= 2;
	if (cap == f->cap) {
		memmove(f->p, f->p + f->at, held);
	} else {
		if ((p = malloc(cap)) == NULL)
			return ERR_NOMEM;
		if (held > 0)
			memcpy(p, f->p + f->at, held);
		flow_free(f);
		f->p = p;
		f->cap = cap;
		f->most = held;
	}
	f->at = 0;
	f->n = held;
	return ERR_OK;
}

static void
flow_grow(struct flow *f, size_t n)
{
	f->n += n;
	if (f->n > f->most)
		f->most = f->n;
}

static void
flow_put(struct flow *f, const void *p, size_t n)
{
	if (n > 0)
		memcpy(f->p + f->n, p, n);
	flow_grow(f, n);
}

/* --- making and freeing --- */

enum err
wire_conn_new(int fd, enum wire_peer self, enum wire_peer peer,
    struct wire_conn **ret)
{
	const int size = WIRE_BUFFER_MAX;
	int flags = fcntl(fd, F_GETFL);
	struct wire_conn *c;

	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0) {
		close(fd);
		return ERR_IO;
	}
	/* A smaller buffer works too, only with more turns. */
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	if ((c = calloc(1, sizeof(*c))) == NULL) {
		close(fd);
		return ERR_NOMEM;
	}
	c->fd = fd;
	c->self = self;
	c->peer = peer;
	*ret = c;
	return ERR_OK;
}

struct wire_conn *
wire_conn_free(struct wire_conn *c)
{
	if (c == NULL)
		return NULL;
	for (size_t i = 0; i < c->n_fd_in; i++)
		close(c->fd_in[i]);
	for (size_t i = 0; i < c->n_fd_out; i++)
		close(c->fd_out[i].fd);
	flow_free(&c->in);
	flow_free(&c->out);
	close(c->fd);
	free(c);
	return NULL;
}

int
wire_conn_fd(const struct wire_conn *c)
{
	return c->fd;
}

void
wire_conn_trim(struct wire_conn *c)
{
	if (c->in.at == c->in.n) {
		flow_free(&c->in);
		c->scanned = 0;
	}
	if (c->out.at == c->out.n)
		flow_free(&c->out);
}

/* --- reading --- */

static void
take_fds(struct wire_conn *c, struct msghdr *m)
{
	struct cmsghdr *h;
	int fd;

	for (h = CMSG_FIRSTHDR(m); h != NULL; h = CMSG_NXTHDR(m, h)) {
		if (h->cmsg_level != SOL_SOCKET || h->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t i = 0; CMSG_LEN(i * sizeof(fd)) < h->cmsg_len;
		     i++) {
			memcpy(&fd, CMSG_DATA(h) + i * sizeof(fd), sizeof(fd));
			if (c->n_fd_in < WIRE_FDS_MAX &&
			    c->peer == PEER_PARENT) {
				c->fd_in[c->n_fd_in++] = fd;
			} else {
				close(fd);
				c->state = WIRE_BROKEN;
			}
		}
	}
	if (m->msg_flags & MSG_CTRUNC)
		c->state = WIRE_BROKEN;
}

/* One read; false: there is no more for now, or the state changed. */
static bool
read_once(struct wire_conn *c)
{
	union {
		char room[CMSG_SPACE(4 * sizeof(int))];
		struct cmsghdr align;
	} control;
	struct iovec v = { .iov_base = c->in.p + c->in.n,
		.iov_len = c->in.cap - c->in.n };
	struct msghdr m = { .msg_iov = &v,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control) };
	ssize_t n;

	do {
		n = recvmsg(c->fd, &m, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	} while (n < 0 && errno == EINTR);
	if (n < 0 && errno == EAGAIN)
		return false;
	if (n <= 0) {
		c->state = WIRE_GONE;
		return false;
	}
	flow_grow(&c->in, (size_t)n);
	take_fds(c, &m);
	return c->state == WIRE_FINE;
}

/* Counts the whole frames that came; each that brings a descriptor must find
 * one, in order. */
static void
scan(struct wire_conn *c)
{
	struct wire_head h;
	uint32_t max = 0;

	while (c->in.n - c->scanned >= WIRE_HEAD_LEN) {
		wire_head_get(c->in.p + c->scanned, &h);
		if (!wire_allowed(c->peer, c->self, h.type, &max) ||
		    h.length > max) {
			c->state = WIRE_BROKEN;
			return;
		}
		if (c->in.n - c->scanned < WIRE_HEAD_LEN + h.length)
			return;
		if (wire_has_fd(h.type) && ++c->fds_due > c->n_fd_in) {
			c->state = WIRE_BROKEN;
			return;
		}
		c->scanned += WIRE_HEAD_LEN + h.length;
		c->whole++;
	}
}

enum wire_state
wire_conn_fill(struct wire_conn *c)
{
	size_t whole = c->scanned - c->in.at;
	enum err e;

	while (c->state == WIRE_FINE) {
		e = flow_reserve(&c->in, FLOW_FIRST);
		c->scanned = c->in.at + whole;
		if (e == ERR_LIMIT) /* of whole frames: the largest is half */
			return WIRE_FINE;
		if (e != ERR_OK)
			c->state = WIRE_NOMEM;
		else if (!read_once(c))
			break;
		else
			scan(c);
		whole = c->scanned - c->in.at;
	}
	return c->state;
}

size_t
wire_conn_waiting(const struct wire_conn *c)
{
	return c->whole;
}

static int
next_fd(struct wire_conn *c)
{
	int fd = c->fd_in[0];

	c->n_fd_in--;
	c->fds_due--;
	memmove(c->fd_in, c->fd_in + 1, c->n_fd_in * sizeof(fd));
	return fd;
}

bool
wire_conn_next(struct wire_conn *c, struct wire_frame *ret)
{
	if (c->whole == 0)
		return false;
	wire_head_get(c->in.p + c->in.at, &ret->head);
	ret->body = BYTES(c->in.p + c->in.at + WIRE_HEAD_LEN, ret->head.length);
	ret->fd = wire_has_fd(ret->head.type) ? next_fd(c) : -1;
	c->in.at += WIRE_HEAD_LEN + ret->head.length;
	c->whole--;
	return true;
}

/* --- writing --- */

enum err
wire_conn_send(struct wire_conn *c, enum wire_type type, uint16_t status,
    uint64_t id, struct bytes body)
{
	uint8_t head[WIRE_HEAD_LEN];
	uint32_t max = 0;
	size_t moved = c->out.at;
	enum err e;

	if (!wire_allowed(c->self, c->peer, (uint16_t)type, &max) ||
	    body.n > max)
		return ERR_DENIED;
	if ((e = flow_reserve(&c->out, sizeof(head) + body.n)) != ERR_OK)
		return e;
	moved -= c->out.at;
	for (size_t i = 0; i < c->n_fd_out; i++)
		c->fd_out[i].at -= moved;
	wire_head_put(head,
	    &(struct wire_head){ .length = (uint32_t)body.n,
		.type = (uint16_t)type,
		.status = status,
		.id = id });
	flow_put(&c->out, head, sizeof(head));
	flow_put(&c->out, body.p, body.n);
	return ERR_OK;
}

enum err
wire_conn_send_fd(struct wire_conn *c, enum wire_type type, uint16_t status,
    uint64_t id, int fd)
{
	int copy;
	enum err e;

	if (!wire_has_fd((uint16_t)type))
		return ERR_DENIED;
	if (c->n_fd_out == WIRE_FDS_MAX)
		return ERR_LIMIT;
	if ((copy = fcntl(fd, F_DUPFD_CLOEXEC, 3)) < 0)
		return ERR_IO;
	e = wire_conn_send(c, type, status, id, BYTES(NULL, 0));
	if (e != ERR_OK) {
		close(copy);
		return e;
	}
	c->fd_out[c->n_fd_out].at = c->out.n - WIRE_HEAD_LEN;
	c->fd_out[c->n_fd_out++].fd = copy;
	return ERR_OK;
}

/* Writes from out.at up to the next frame with a descriptor; where that frame
 * is the first, its descriptor goes with it. */
static ssize_t
write_once(struct wire_conn *c, bool *ret_with_fd)
{
	union {
		char room[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = { 0 };
	bool with_fd = c->n_fd_out > 0 && c->fd_out[0].at == c->out.at;
	size_t end = c->n_fd_out > with_fd ? c->fd_out[with_fd].at : c->out.n;
	struct iovec v = { .iov_base = c->out.p + c->out.at,
		.iov_len = end - c->out.at };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1 };
	struct cmsghdr *h;

	if (with_fd) {
		m.msg_control = &control;
		m.msg_controllen = sizeof(control);
		h = CMSG_FIRSTHDR(&m);
		h->cmsg_level = SOL_SOCKET;
		h->cmsg_type = SCM_RIGHTS;
		h->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(h), &c->fd_out[0].fd, sizeof(int));
	}
	*ret_with_fd = with_fd;
	return sendmsg(c->fd, &m, MSG_DONTWAIT | MSG_NOSIGNAL);
}

enum wire_state
wire_conn_flush(struct wire_conn *c)
{
	bool with_fd;
	ssize_t n;

	while (c->out.at < c->out.n) {
		n = write_once(c, &with_fd);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return c->state;
		if (n < 0) {
			if (c->state == WIRE_FINE)
				c->state = WIRE_GONE;
			return c->state;
		}
		c->out.at += (size_t)n;
		c->sent += (uint64_t)n;
		if (with_fd) {
			close(c->fd_out[0].fd);
			c->n_fd_out--;
			memmove(c->fd_out, c->fd_out + 1,
			    c->n_fd_out * sizeof(c->fd_out[0]));
		}
	}
	c->out.at = c->out.n = 0;
	return c->state;
}

size_t
wire_conn_unsent(const struct wire_conn *c)
{
	return c->out.n - c->out.at;
}

uint64_t
wire_conn_sent(const struct wire_conn *c)
{
	return c->sent;
}
