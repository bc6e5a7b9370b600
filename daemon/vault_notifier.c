#include "daemon/vault_notifier.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "crypto/codec.h"
#include "daemon/vault_notify.h"
#include "policy/policy.h"

#define LINES_MAX (POLICY_PEOPLE_MAX * NOTIFY_LINE_MAX)

struct vault_notifier {
	struct event_base *base;
	struct vault *vault;
	int listener, peer; /* peer: -1 where there is none */
	struct event *accepts, *reads;
	uint8_t line[NOTIFY_LINE_MAX];
	size_t n_line;
};

static void
let_go(struct vault_notifier *n)
{
	if (n->reads != NULL)
		event_free(n->reads);
	if (n->peer >= 0)
		close(n->peer);
	n->reads = NULL;
	n->peer = -1;
	n->n_line = 0;
}

/* --- what it answers --- */

/* False: not what was said to it. */
static bool
take_byte(struct vault_notifier *n, uint8_t byte)
{
	uint64_t person;

	if (byte != '\n') {
		if (n->n_line == sizeof(n->line))
			return false;
		n->line[n->n_line++] = byte;
		return true;
	}
	if (decimal_get(BYTES(n->line, n->n_line), POLICY_NUMBER_MAX,
		&person) != ERR_OK)
		return false;
	n->n_line = 0;
	notify_answered(n->vault, (uint16_t)person);
	return true;
}

static void
on_readable(evutil_socket_t fd, short what, void *ctx)
{
	struct vault_notifier *n = ctx;
	uint8_t block[256];
	ssize_t got = read(fd, block, sizeof(block));

	(void)what;
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	for (ssize_t i = 0; i < got; i++)
		if (!take_byte(n, block[i]))
			got = 0;
	if (got <= 0)
		let_go(n);
}

/* --- its coming --- */

static void
on_acceptable(evutil_socket_t fd, short what, void *ctx)
{
	struct vault_notifier *n = ctx;
	int peer = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	(void)what;
	if (peer < 0) {
		/* Who waits still waits. Where it is for want of descriptors,
		 * the loop would only turn: again with the next beat. */
		(void)event_del(n->accepts);
		return;
	}
	if (n->peer >= 0) {
		close(peer);
		return;
	}
	n->peer = peer;
	n->reads =
	    event_new(n->base, peer, EV_READ | EV_PERSIST, on_readable, n);
	if (n->reads == NULL || event_add(n->reads, NULL) != 0) {
		let_go(n);
		return;
	}
	notify_connected(n->vault);
}

enum err
vault_notifier_new(struct event_base *base, int fd, struct vault *vault,
    struct vault_notifier **ret)
{
	struct vault_notifier *n = calloc(1, sizeof(*n));

	if (n == NULL) {
		close(fd);
		return ERR_NOMEM;
	}
	n->base = base;
	n->vault = vault;
	n->listener = fd;
	n->peer = -1;
	n->accepts =
	    event_new(base, fd, EV_READ | EV_PERSIST, on_acceptable, n);
	if (n->accepts == NULL || event_add(n->accepts, NULL) != 0) {
		vault_notifier_free(n);
		return ERR_NOMEM;
	}
	*ret = n;
	return ERR_OK;
}

struct vault_notifier *
vault_notifier_free(struct vault_notifier *n)
{
	if (n == NULL)
		return NULL;
	let_go(n);
	if (n->accepts != NULL)
		event_free(n->accepts);
	close(n->listener);
	free(n);
	return NULL;
}

/* --- what it is told --- */

void
vault_notifier_beat(struct vault_notifier *n)
{
	CLEAN_BUF struct buf lines = BUF_INIT(LINES_MAX);

	if (n == NULL)
		return;
	(void)event_add(n->accepts, NULL);
	if (n->peer < 0)
		return;
	notify_due(n->vault, &lines);
	if (lines.n > 0 &&
	    (lines.err != ERR_OK ||
		send(n->peer, lines.p, lines.n, MSG_NOSIGNAL) !=
		    (ssize_t)lines.n))
		let_go(n);
}
