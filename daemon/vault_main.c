#include "daemon/vault.h"

#include <errno.h>
#include <event2/event.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/channel.h"
#include "daemon/log.h"
#include "daemon/sandbox.h"
#include "daemon/vault_fronts.h"
#include "daemon/vault_health.h"
#include "daemon/vault_notifier.h"
#include "daemon/vault_pace.h"
#include "store/store.h"

/*
 * The vault's process: one loop over the control socket and the fronts'
 * (vault_fronts.h), and what time brings.
 */

#define DESCRIPTORS 128
#define ALIVE_SECONDS 2

struct process {
	struct event_base *base;
	struct channel *control;
	struct event *beat;
	struct vault_config config;
	struct vault_secret secret;
	struct buf policy; /* until the start */
	bool has_config, has_secret, is_draining, is_done;
	struct vault *vault; /* NULL: not started */
	bool has_listener;   /* for speakup-notify; until the start */
	int listener;
	struct health health;
	struct vault_notifier *notifier; /* NULL: nobody is notified */
	struct fronts *fronts;
	bool has_chores; /* vault_tick has more to do */
	unsigned since_flush;
	enum vault_exit code;
};

static void
finish(struct process *p, enum vault_exit code)
{
	if (!p->is_done)
		p->code = code;
	p->is_done = true;
}

/* One batch of what time brings. */
static void
do_chores(struct process *p)
{
	p->has_chores = vault_tick(p->vault);
	fronts_flush(p->fronts);
}

/* Whether the store still is what it was. */
static void
check_store(struct process *p)
{
	if (vault_has_failed(p->vault)) {
		log_now(EV_STORE_FAILED, ERR_IO);
		finish(p, VAULT_EXIT_STORAGE);
	} else if (vault_is_stale(p->vault)) {
		log_now(EV_STORE_FAILED, ERR_NOMEM);
		finish(p, VAULT_EXIT_FAILED);
	}
}

static void
drain(struct process *p)
{
	fronts_drain(p->fronts);
	check_store(p);
	finish(p, VAULT_EXIT_OK);
}

/* --- the parent --- */

static void
tell_parent(struct process *p, enum wire_type type, enum err e)
{
	if (channel_send(p->control, type, (uint16_t)e, 0, BYTES(NULL, 0)) !=
	    ERR_OK)
		finish(p, VAULT_EXIT_FAILED);
}

static enum vault_exit
exit_of(enum err e)
{
	if (e == ERR_NOMEM || e == ERR_EXISTS || e == ERR_FULL)
		return VAULT_EXIT_FAILED;
	return e == ERR_CORRUPT || e == ERR_IO ? VAULT_EXIT_STORAGE
					       : VAULT_EXIT_REFUSED;
}

/* Its user's rights, not a disk that failed. */
static enum err
check_rights(const struct vault_config *c)
{
	char path[STORE_PATH_MAX];

	if (!store_is_shut(c->state, path))
		return ERR_OK;
	(void)fprintf(stderr,
	    "speakupd: %s: %s. The service's user has to own the state "
	    "directory and what is in it, and to write there.\n",
	    path, strerror(errno));
	return ERR_UNSUPPORTED;
}

/* The store's files are opened first, and the policy is read, for which the
 * JSON library opens a source of randomness once: after that, no more. The
 * parent has checked that policy; from fronts nothing has come yet. */
static enum err
start(struct process *p)
{
	enum err e = check_rights(&p->config);

	if (e == ERR_OK)
		e = vault_new(&env_system, &p->config, &p->secret, &p->vault);
	bytes_wipe(&p->secret, sizeof(p->secret));
	if (e == ERR_OK)
		health_open(&p->health, p->config.state);
	if (e == ERR_OK)
		e = vault_policy(p->vault, buf_bytes(&p->policy));
	buf_free(&p->policy);
	if (e == ERR_OK)
		e = sandbox_enter_vault(DESCRIPTORS);
	if (e == ERR_OK) {
		fronts_serve(p->fronts, p->vault);
		e = fronts_measure(p->fronts);
	}
	if (e == ERR_OK && p->has_listener) {
		p->has_listener = false;
		e = vault_notifier_new(p->base, p->listener, p->vault,
		    &p->notifier);
	}
	return e;
}

static bool
on_start(struct process *p)
{
	enum err e;

	if (!p->has_config || !p->has_secret || p->policy.n == 0 ||
	    p->vault != NULL)
		return false;
	if ((e = start(p)) != ERR_OK) {
		tell_parent(p, WIRE_REFUSED, e);
		channel_flush(p->control);
		finish(p, exit_of(e));
		return true;
	}
	log_now(EV_POLICY_TAKEN, vault_policy_serial(p->vault));
	tell_parent(p, WIRE_READY, ERR_OK);
	return true;
}

static bool
on_policy(struct process *p, struct bytes body)
{
	enum err e;

	if (p->vault == NULL) {
		buf_reset(&p->policy);
		buf_put_bytes(&p->policy, body);
		return p->policy.err == ERR_OK;
	}
	e = vault_policy(p->vault, body);
	if (e == ERR_OK)
		log_now(EV_POLICY_TAKEN, vault_policy_serial(p->vault));
	else
		log_now(EV_POLICY_REFUSED, e);
	tell_parent(p, e == ERR_OK ? WIRE_READY : WIRE_REFUSED, e);
	return true;
}

static bool
on_peer(struct process *p, int fd)
{
	if (p->vault == NULL) {
		close(fd);
		return false;
	}
	/* The front finds its socket closed, and the parent starts it anew. */
	if (fronts_add(p->fronts, fd) != ERR_OK)
		log_now(EV_PEER_LOST, fd);
	return true;
}

static bool
on_listener(struct process *p, int fd)
{
	if (p->vault != NULL || p->has_listener) {
		close(fd);
		return false;
	}
	p->has_listener = true;
	p->listener = fd;
	return true;
}

static bool
on_frame(void *ctx, const struct wire_frame *f)
{
	struct process *p = ctx;

	switch (f->head.type) {
	case WIRE_CONFIG:
		p->has_config = p->vault == NULL &&
		    vault_config_get(f->body, &p->config) == ERR_OK;
		return p->has_config;
	case WIRE_SECRET:
		p->has_secret = p->vault == NULL &&
		    vault_secret_get(f->body, &p->secret) == ERR_OK;
		return p->has_secret;
	case WIRE_POLICY:
		return on_policy(p, f->body);
	case WIRE_START:
		return on_start(p);
	case WIRE_LISTENER:
		return on_listener(p, f->fd);
	case WIRE_PEER:
		return on_peer(p, f->fd);
	case WIRE_DRAIN:
		p->is_draining = true;
		return p->vault != NULL;
	default: /* wire_allowed lets no other through */
		return false;
	}
}

static void
on_ended(void *ctx, enum wire_state why)
{
	struct process *p = ctx;

	finish(p, why == WIRE_BROKEN ? VAULT_EXIT_PARENT : VAULT_EXIT_OK);
}

static const struct channel_calls control_calls = {
	.frame = on_frame,
	.ended = on_ended,
};

/* --- time --- */

static void
on_beat(evutil_socket_t fd, short what, void *ctx)
{
	struct process *p = ctx;

	(void)fd, (void)what;
	tell_parent(p, WIRE_ALIVE, ERR_OK);
	if ((p->since_flush += ALIVE_SECONDS) >= LOG_FLUSH_SECONDS) {
		p->since_flush = 0;
		log_flush();
		if (p->vault != NULL)
			health_beat(&p->health, p->vault);
	}
	if (p->vault == NULL)
		return;
	p->has_chores = true;
	vault_notifier_beat(p->notifier);
	channel_trim(p->control); /* the keys came through it */
	if (!fronts_beat(p->fronts, ALIVE_SECONDS))
		vault_trim(p->vault);
}

/* --- the process --- */

/* Signals are the parent's: it says when to end, and how. */
static void
ignore_signals(void)
{
	static const int ignored[] = { SIGTERM, SIGINT, SIGHUP, SIGPIPE };

	for (size_t i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
		(void)signal(ignored[i], SIG_IGN);
}

static enum err
process_open(struct process *p, int control_fd)
{
	const struct timeval every = { .tv_sec = ALIVE_SECONDS };

	p->policy.max = WIRE_BODY_MAX;
	if ((p->base = pace_loop()) == NULL ||
	    (p->fronts = fronts_new(p->base)) == NULL ||
	    (p->beat = event_new(p->base, -1, EV_PERSIST, on_beat, p)) ==
		NULL ||
	    event_add(p->beat, &every) != 0) {
		close(control_fd);
		return ERR_NOMEM;
	}
	return channel_open(p->base, control_fd, PEER_VAULT, PEER_PARENT,
	    &control_calls, p, &p->control);
}

static void
process_close(struct process *p)
{
	p->fronts = fronts_free(p->fronts);
	p->notifier = vault_notifier_free(p->notifier);
	if (p->vault != NULL)
		health_close(&p->health);
	if (p->has_listener)
		close(p->listener);
	p->vault = vault_free(p->vault);
	p->control = channel_free(p->control);
	buf_free(&p->policy);
	if (p->beat != NULL)
		event_free(p->beat);
	if (p->base != NULL)
		event_base_free(p->base);
	bytes_wipe(&p->secret, sizeof(p->secret));
}

static void
process_run(struct process *p)
{
	while (!p->is_done) {
		int how = EVLOOP_ONCE | (p->has_chores ? EVLOOP_NONBLOCK : 0);

		if (event_base_loop(p->base, how) != 0)
			finish(p, VAULT_EXIT_FAILED);
		if (p->vault == NULL || p->is_done)
			continue;
		if (p->is_draining)
			drain(p);
		else
			fronts_turn(p->fronts);
		if (p->has_chores && !p->is_done)
			do_chores(p);
		check_store(p);
	}
}

int
vault_main(int control_fd)
{
	struct process *p = calloc(1, sizeof(*p));
	int code = VAULT_EXIT_FAILED;

	log_open("vault", STDERR_FILENO);
	/* Memory of a large batch is to go when the batch has gone. */
	mallopt(M_TRIM_THRESHOLD, 256 * 1024);
	ignore_signals();
	if (p == NULL)
		return code;
	if (process_open(p, control_fd) == ERR_OK) {
		process_run(p);
		code = (int)p->code;
	}
	process_close(p);
	free(p);
	log_flush();
	return code;
}
