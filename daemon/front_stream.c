#include "daemon/front_stream.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/buffer.h>
#include <event2/event.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

/* How a step went. */
enum step { STEP_DONE, STEP_WAIT, STEP_ENDED };

/* --- what OpenSSL reads from and writes to --- */

static bool
would_block(void)
{
	return errno == EAGAIN || errno == EINTR;
}

/* How much more may come now for what has come of it. */
static size_t
allowance(const struct stream *s)
{
	uint64_t most = s->is_standing ? STREAM_WASTE_MAX + 2 * s->given
				       : STREAM_HANDSHAKE_MAX;

	return s->taken < most ? (size_t)(most - s->taken) : 0;
}

/* What recv says, and -1 with EAGAIN where it is the others' turn. Then the
 * loop, asked anew, tells anew that something is there. */
static ssize_t
receive(struct stream *s, int flags, void *p, size_t n)
{
	ssize_t got;

	if (s->turn >= STREAM_TURN_LEN) {
		event_del(&s->readable);
		errno = event_add(&s->readable, NULL) == 0 ? EAGAIN : ENOMEM;
		return -1;
	}
	got = recv(s->fd, p, n, flags);
	if (got > 0 && (flags & MSG_PEEK) == 0)
		s->turn += (size_t)got;
	return got;
}

static int
bio_read(BIO *b, char *p, int n)
{
	struct stream *s = BIO_get_data(b);
	size_t most = allowance(s);
	ssize_t got;

	BIO_clear_retry_flags(b);
	if (most == 0)
		return -1;
	got = receive(s, 0, p, (size_t)n < most ? (size_t)n : most);
	if (got < 0 && would_block())
		BIO_set_retry_read(b);
	if (got > 0)
		s->taken += (uint64_t)got;
	return (int)got;
}

/* Into the room; stream_push sends it. */
static int
bio_write(BIO *b, const char *p, int n)
{
	struct stream *s = BIO_get_data(b);
	struct stream_room *r = s->room;

	BIO_clear_retry_flags(b);
	if ((size_t)n > sizeof(r->sealed) - r->n)
		return -1;
	memcpy(r->sealed + r->n, p, (size_t)n);
	r->n += (size_t)n;
	return n;
}

static long
bio_ctrl(BIO *b, int command, long x, void *p)
{
	(void)b, (void)x, (void)p;
	return command == BIO_CTRL_FLUSH;
}

static int
bio_create(BIO *b)
{
	BIO_set_init(b, 1);
	return 1;
}

/* Made once and kept. NULL: no memory. */
static const BIO_METHOD *
bio_method(void)
{
	static BIO_METHOD *kept;
	BIO_METHOD *m;

	if (kept != NULL)
		return kept;
	m = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "stream");
	if (m == NULL || BIO_meth_set_read(m, bio_read) != 1 ||
	    BIO_meth_set_write(m, bio_write) != 1 ||
	    BIO_meth_set_ctrl(m, bio_ctrl) != 1 ||
	    BIO_meth_set_create(m, bio_create) != 1) {
		BIO_meth_free(m);
		return NULL;
	}
	return kept = m;
}

/* --- sending --- */

/* Sends of p what the socket takes. -1: it takes nothing any more. */
static ssize_t
send_some(const struct stream *s, const uint8_t *p, size_t n)
{
	ssize_t sent = n == 0 ? 0 : send(s->fd, p, n, MSG_NOSIGNAL);

	if (sent >= 0)
		return sent;
	return would_block() ? 0 : -1;
}

static enum step
send_held(struct stream *s)
{
	ssize_t sent = send_some(s, s->held, s->held_n);

	if (sent < 0)
		return STEP_ENDED;
	s->held_n -= (size_t)sent;
	if (s->held_n > 0) {
		memmove(s->held, s->held + sent, s->held_n);
		return STEP_WAIT;
	}
	free(s->held);
	s->held = NULL;
	return STEP_DONE;
}

/* Keeps the room's bytes from `from` on. They are few: whoever has some held
 * neither reads nor seals more. */
static enum step
hold(struct stream *s, size_t from)
{
	size_t n = s->room->n - from;
	uint8_t *p = realloc(s->held, s->held_n + n);

	if (p == NULL)
		return STEP_ENDED;
	memcpy(p + s->held_n, s->room->sealed + from, n);
	s->held = p;
	s->held_n += n;
	return STEP_WAIT;
}

/* Sends what is held, then what is in the room, which is empty again. */
static enum step
push(struct stream *s)
{
	struct stream_room *r = s->room;
	enum step step = send_held(s);
	ssize_t sent = 0;

	if (step == STEP_DONE && (sent = send_some(s, r->sealed, r->n)) < 0)
		step = STEP_ENDED;
	if (step != STEP_ENDED && (size_t)sent < r->n)
		step = hold(s, (size_t)sent);
	r->n = 0;
	if (step == STEP_WAIT && event_add(&s->writable, NULL) != 0)
		step = STEP_ENDED;
	return step;
}

/* As many records as the room takes. */
static enum step
seal_some(struct stream *s)
{
	struct stream_room *r = s->room;
	int n;

	while (sizeof(r->sealed) - r->n >= STREAM_SEALED_MAX &&
	    (n = evbuffer_remove(s->out, r->plain, sizeof(r->plain))) > 0) {
		int sealed = SSL_write(s->ssl, r->plain, n);

		bytes_wipe(r->plain, (size_t)n);
		if (sealed != n) {
			r->n = 0; /* not to the next visitor */
			return STEP_ENDED;
		}
	}
	return push(s);
}

static enum step
send_plain(struct stream *s)
{
	if (evbuffer_write(s->out, s->fd) < 0 && !would_block())
		return STEP_ENDED;
	if (evbuffer_get_length(s->out) == 0)
		return STEP_DONE;
	return event_add(&s->writable, NULL) == 0 ? STEP_WAIT : STEP_ENDED;
}

static enum step
send_queued(struct stream *s)
{
	enum step step = push(s);

	while (step == STEP_DONE && s->out != NULL &&
	    evbuffer_get_length(s->out) > 0)
		step = s->ssl != NULL ? seal_some(s) : send_plain(s);
	if (step == STEP_DONE && s->out != NULL) {
		evbuffer_free(s->out);
		s->out = NULL;
	}
	return step;
}

/* --- reading --- */

/* What a call of OpenSSL's that did not succeed means. */
static enum step
step_of(struct stream *s, int result)
{
	int why = SSL_get_error(s->ssl, result);

	ERR_clear_error();
	if (push(s) == STEP_ENDED)
		return STEP_ENDED;
	return why == SSL_ERROR_WANT_READ ? STEP_WAIT : STEP_ENDED;
}

/* Without bound, what TLS itself has to answer could be held: so that goes
 * first. */
static ssize_t
take_tls(struct stream *s, int (*take)(SSL *, void *, int), uint8_t *p,
    size_t n)
{
	int got;

	if (s->held_n > 0)
		return 0;
	got =
	    take(s->ssl, p, n > STREAM_RECORD_LEN ? STREAM_RECORD_LEN : (int)n);
	if (got <= 0)
		return step_of(s, got) == STEP_WAIT ? 0 : -1;
	return s->room->n > 0 && push(s) == STEP_ENDED ? -1 : got;
}

static ssize_t
take_plain(struct stream *s, int flags, uint8_t *p, size_t n)
{
	ssize_t got = receive(s, flags, p, n);

	if (got > 0)
		return got;
	return got < 0 && would_block() ? 0 : -1;
}

ssize_t
stream_read(struct stream *s, uint8_t *p, size_t n)
{
	ssize_t got;

	if (s->ssl == NULL)
		return take_plain(s, 0, p, n);
	if ((got = take_tls(s, SSL_read, p, n)) > 0)
		s->given += (uint64_t)got;
	return got;
}

ssize_t
stream_peek(struct stream *s, uint8_t *p, size_t n)
{
	return s->ssl != NULL ? take_tls(s, SSL_peek, p, n)
			      : take_plain(s, MSG_PEEK, p, n);
}

void
stream_reading(struct stream *s, bool on)
{
	s->is_reading = on;
	s->awaits_end = false;
}

/* The loop says it once only that something came: what came before now is
 * looked for in the next turn. */
void
stream_await_end(struct stream *s)
{
	s->is_reading = false;
	s->awaits_end = true;
	event_active(&s->readable, EV_READ, 0);
}

/* Also where bytes that nobody reads stand before the end. */
static bool
has_ended(const struct stream *s)
{
	struct pollfd p = { .fd = s->fd, .events = POLLRDHUP };

	return poll(&p, 1, 0) > 0;
}

/* --- the loop's calls --- */

static void
shake_hands(struct stream *s)
{
	int result = SSL_do_handshake(s->ssl);
	enum step step = result == 1 ? push(s) : step_of(s, result);

	if (step == STEP_ENDED) {
		s->calls->ended(s->ctx);
	} else if (result == 1) {
		s->is_standing = true;
		s->calls->standing(s->ctx);
	}
}

static void
on_readable(evutil_socket_t fd, short what, void *ctx)
{
	struct stream *s = ctx;

	(void)fd, (void)what;
	s->turn = 0;
	if (!s->is_reading) {
		if (s->awaits_end && has_ended(s))
			s->calls->ended(s->ctx);
	} else if (s->is_standing) {
		s->calls->readable(s->ctx);
	} else {
		shake_hands(s);
	}
}

static void
on_writable(evutil_socket_t fd, short what, void *ctx)
{
	struct stream *s = ctx;
	enum step step = send_queued(s);

	if (step == STEP_ENDED) {
		s->calls->ended(s->ctx);
	} else if (step == STEP_DONE && s->is_sending) {
		s->is_sending = false;
		s->calls->sent(s->ctx);
	} else if (step == STEP_DONE && s->is_reading) {
		on_readable(fd, what, ctx); /* it had to wait for this */
	}
}

struct evbuffer *
stream_output(struct stream *s)
{
	if (s->out == NULL)
		s->out = evbuffer_new();
	return s->out;
}

void
stream_send(struct stream *s)
{
	s->is_sending = true;
	event_active(&s->writable, EV_WRITE, 0);
}

/* --- beginning and end --- */

static enum err
begin_tls(struct stream *s, SSL_CTX *tls)
{
	const BIO_METHOD *method = bio_method();
	BIO *bio;

	if (method == NULL || (s->ssl = SSL_new(tls)) == NULL)
		return ERR_NOMEM;
	if ((bio = BIO_new(method)) == NULL) {
		SSL_free(s->ssl);
		return ERR_NOMEM;
	}
	BIO_set_data(bio, s);
	SSL_set_bio(s->ssl, bio, bio);
	SSL_set_accept_state(s->ssl);
	ERR_clear_error(); /* it may have gone on after want of memory */
	return ERR_OK;
}

enum err
stream_open(struct stream *s, struct event_base *base, int fd, SSL_CTX *tls,
    struct stream_room *room, const struct stream_calls *calls, void *ctx)
{
	*s = (struct stream){ .fd = fd,
		.calls = calls,
		.ctx = ctx,
		.room = room,
		.is_standing = tls == NULL,
		.is_reading = true };
	if (event_assign(&s->readable, base, fd, EV_READ | EV_PERSIST | EV_ET,
		on_readable, s) != 0 ||
	    event_assign(&s->writable, base, fd, EV_WRITE | EV_ET, on_writable,
		s) != 0)
		return ERR_NOMEM;
	if (tls != NULL && begin_tls(s, tls) != ERR_OK) {
		ERR_clear_error();
		return ERR_NOMEM;
	}
	if (event_add(&s->readable, NULL) != 0) {
		SSL_free(s->ssl);
		return ERR_NOMEM;
	}
	return ERR_OK;
}

void
stream_finish(struct stream *s)
{
	if (s->ssl != NULL && s->is_standing) {
		(void)SSL_shutdown(s->ssl);
		ERR_clear_error();
		(void)push(s); /* where it failed, reading comes to the end */
	}
	(void)shutdown(s->fd, SHUT_WR);
}

void
stream_close(struct stream *s)
{
	event_del(&s->readable);
	event_del(&s->writable);
	SSL_free(s->ssl);
	ERR_clear_error(); /* or SSL_get_error takes it for another's */
	if (s->out != NULL)
		evbuffer_free(s->out);
	free(s->held);
	close(s->fd);
}
