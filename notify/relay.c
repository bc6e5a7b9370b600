#include "notify/relay.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "crypto/codec.h"

#define LINE_LEN 6 /* five digits and the newline */
#define CONNECT_MIN 1
#define CONNECT_MAX 60
#define AGAIN_MIN 60
#define AGAIN_MAX 1800

struct relay {
	const struct notify_config *config;
	struct sender *sender;
	int fd;				    /* -1: not connected */
	int64_t connect_at, send_at;	    /* monotonic seconds */
	unsigned connect_pause, send_pause; /* 0: the last try went well */
	uint8_t line[LINE_LEN];
	size_t n_line;
	uint16_t last; /* who was tried last; 0: nobody yet */
	size_t n_waiting;
	uint8_t waiting[NOTIFY_PERSON_MAX / 8 + 1];
};

static int64_t
monotonic_now(void)
{
	struct timespec t;

	return clock_gettime(CLOCK_MONOTONIC, &t) == 0 ? t.tv_sec : 0;
}

/* The next pause: twice the one before, within bounds. */
static unsigned
longer(unsigned pause, unsigned least, unsigned most)
{
	if (pause == 0)
		return least;
	return pause * 2 < most ? pause * 2 : most;
}

/* --- who waits --- */

static bool
is_waiting(const struct relay *r, uint16_t person)
{
	return (r->waiting[person / 8] >> person % 8 & 1) != 0;
}

static void
set_waiting(struct relay *r, uint16_t person, bool waits)
{
	const uint8_t bit = (uint8_t)(1u << person % 8);

	if (is_waiting(r, person) == waits)
		return;
	r->waiting[person / 8] ^= bit;
	if (waits)
		r->n_waiting++;
	else
		r->n_waiting--;
}

/* --- the connection --- */

static void
disconnect(struct relay *r, const char *why)
{
	(void)fprintf(stderr, "speakup-notify: %s\n", why);
	if (r->fd >= 0)
		close(r->fd);
	r->fd = -1;
	r->n_line = 0;
	r->n_waiting = 0;
	memset(r->waiting, 0, sizeof(r->waiting));
	r->connect_pause = longer(r->connect_pause, CONNECT_MIN, CONNECT_MAX);
	r->connect_at = monotonic_now() + r->connect_pause;
}

static int
open_socket(const char *path)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -1;
	memcpy(to.sun_path, path, strlen(path));
	if (connect(fd, (const struct sockaddr *)&to, sizeof(to)) == 0)
		return fd;
	close(fd);
	return -1;
}

static void
try_connect(struct relay *r)
{
	const bool is_first = r->connect_pause == 0;

	if ((r->fd = open_socket(r->config->socket)) >= 0) {
		(void)fprintf(stderr, "speakup-notify: connected\n");
		return;
	}
	r->connect_pause = longer(r->connect_pause, CONNECT_MIN, CONNECT_MAX);
	r->connect_at = monotonic_now() + r->connect_pause;
	if (is_first)
		(void)fprintf(stderr,
		    "speakup-notify: no speakupd at %s yet: "
		    "%s\n",
		    r->config->socket, strerror(errno));
}

/* --- what comes --- */

enum err
relay_line(struct bytes line, uint16_t *ret)
{
	uint64_t person;
	enum err e = decimal_get(line, NOTIFY_PERSON_MAX, &person);

	if (e != ERR_OK || person == 0)
		return ERR_SYNTAX;
	*ret = (uint16_t)person;
	return ERR_OK;
}

/* False: not a line of speakupd's. */
static bool
take_byte(struct relay *r, uint8_t byte)
{
	uint16_t person;

	if (byte != '\n') {
		if (r->n_line == LINE_LEN - 1)
			return false;
		r->line[r->n_line++] = byte;
		return true;
	}
	if (relay_line(BYTES(r->line, r->n_line), &person) != ERR_OK)
		return false;
	r->n_line = 0;
	r->connect_pause = 0;
	if (!is_waiting(r, person))
		r->send_pause = 0; /* not for others' sake */
	set_waiting(r, person, true);
	return true;
}

static void
take(struct relay *r)
{
	uint8_t block[512];
	ssize_t n = read(r->fd, block, sizeof(block));

	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
		disconnect(r, "speakupd has closed the connection");
		return;
	}
	for (ssize_t i = 0; i < n; i++) {
		if (take_byte(r, block[i]))
			continue;
		disconnect(r, "what came is no person's number");
		return;
	}
}

/* --- what goes --- */

static void
answer(struct relay *r, uint16_t person)
{
	char line[LINE_LEN + 1];
	int n = snprintf(line, sizeof(line), "%u\n", (unsigned)person);

	if (send(r->fd, line, (size_t)n, MSG_NOSIGNAL) != n)
		disconnect(r, "speakupd takes no answers");
}

/* why: the last failure of a round. */
static void
try_later(struct relay *r, enum send_result why)
{
	if (why == SEND_DONE) {
		r->send_pause = 0;
		return;
	}
	r->send_pause = longer(r->send_pause, AGAIN_MIN, AGAIN_MAX);
	r->send_at = monotonic_now() + r->send_pause;
	(void)fprintf(stderr,
	    "speakup-notify: %zu wait, the last because %s; "
	    "again in %u s\n",
	    r->n_waiting, send_result_text(why), r->send_pause);
}

/* The next would meet with the same. */
static bool
is_for_all(enum send_result r)
{
	return r == SEND_UNREACHABLE || r == SEND_UNTRUSTED ||
	    r == SEND_LOGIN || r == SEND_UNWELCOME || r == SEND_TIMEOUT;
}

/* Without an address there is nothing to be tried: speakupd says it again, and
 * the operator may have added one by then. */
static enum send_result
send_one(struct relay *r, uint16_t person)
{
	enum send_result result = sender_send(r->sender, person, time(NULL));

	if (result == SEND_DONE || result == SEND_NO_ADDRESS)
		set_waiting(r, person, false);
	if (result == SEND_DONE)
		answer(r, person);
	return result;
}

/* From behind whoever was tried last: one whose mail takes too long, each time,
 * does not keep it from all behind them. */
static void
send_round(struct relay *r)
{
	enum send_result why = SEND_DONE, result;

	for (unsigned i = 0; i < NOTIFY_PERSON_MAX && !is_for_all(why); i++) {
		r->last = (uint16_t)(r->last % NOTIFY_PERSON_MAX + 1);
		if (!is_waiting(r, r->last))
			continue;
		result = send_one(r, r->last);
		if (result != SEND_DONE)
			why = result;
	}
	try_later(r, why);
}

/* --- turns --- */

static bool
is_due(const struct relay *r)
{
	return r->n_waiting > 0 &&
	    (r->send_pause == 0 || monotonic_now() >= r->send_at);
}

/* Milliseconds until something is to be tried; -1: nothing is. */
static int
patience(const struct relay *r)
{
	int64_t left;

	if (r->fd < 0)
		left = r->connect_at - monotonic_now();
	else if (r->n_waiting > 0)
		left = r->send_pause == 0 ? 0 : r->send_at - monotonic_now();
	else
		return -1;
	return left < 0 ? 0 : (int)left * 1000;
}

void
relay_turn(struct relay *r)
{
	struct pollfd fd = { .fd = r->fd, .events = POLLIN };

	if (r->fd < 0 && monotonic_now() >= r->connect_at)
		try_connect(r);
	fd.fd = r->fd;
	if (poll(&fd, 1, patience(r)) > 0 && fd.revents != 0)
		take(r);
	if (r->fd >= 0 && is_due(r))
		send_round(r);
}

enum err
relay_new(const struct notify_config *config, struct sender *sender,
    struct relay **ret)
{
	struct relay *r = calloc(1, sizeof(*r));

	if (r == NULL)
		return ERR_NOMEM;
	r->config = config;
	r->sender = sender;
	r->fd = -1;
	*ret = r;
	return ERR_OK;
}

struct relay *
relay_free(struct relay *r)
{
	if (r == NULL)
		return NULL;
	if (r->fd >= 0)
		close(r->fd);
	free(r);
	return NULL;
}
