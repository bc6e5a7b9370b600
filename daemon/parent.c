#include "daemon/parent.h"

#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>

#include "crypto/env.h"
#include "daemon/exits.h"
#include "daemon/log.h"
#include "daemon/notify.h"
#include "daemon/vault.h"

#define TICK_SECONDS 10
#define SILENT_TICKS 4 /* without a word between them: hangs */
#define BACKOFF_MAX_SECONDS 10
#define LIVED_SECONDS 30     /* ran well: its next failure is a first one */
#define DRAIN_MORE_SECONDS 5 /* for the vault, after the fronts */

static void
stop(struct parent *p, int code)
{
	if (p->code == EXIT_SUCCESS)
		p->code = code;
	event_base_loopbreak(p->base);
}

static bool
any_front_runs(const struct parent *p)
{
	for (uint64_t i = 0; i < p->config->fronts; i++) {
		if (p->fronts[i].pid > 0)
			return true;
	}
	return false;
}

/* --- ready --- */

static bool
all_ready(const struct parent *p)
{
	for (uint64_t i = 0; i < p->config->fronts; i++) {
		if (!p->fronts[i].is_ready)
			return false;
	}
	return p->vault.is_ready;
}

static void reload(struct parent *p);

/* What was asked for while it could not be done. */
static void
reload_where_wanted(struct parent *p)
{
	if (!p->is_reload_wanted)
		return;
	p->is_reload_wanted = false;
	reload(p);
}

static void
check_ready(struct parent *p)
{
	if (p->is_ready || p->is_stopping || !all_ready(p))
		return;
	p->is_ready = true;
	log_now(EV_READY, p->inputs.serial);
	notify_send("READY=1");
	reload_where_wanted(p);
}

static void start_front(struct child *c);

static void
start_fronts(struct parent *p)
{
	for (uint64_t i = 0; i < p->config->fronts; i++)
		start_front(&p->fronts[i]);
}

/* --- reload: the vault first, and only with its consent the fronts --- */

static void
reload_over(struct parent *p)
{
	inputs_free(&p->next);
	p->is_reloading = false;
	notify_send("READY=1");
	reload_where_wanted(p);
}

static void
reload_fronts(struct parent *p)
{
	for (uint64_t i = 0; i < p->config->fronts; i++) {
		struct child *c = &p->fronts[i];

		if (c->channel == NULL)
			continue;
		if (child_send_tls(c, &p->inputs) != ERR_OK ||
		    child_send_pages(c, &p->inputs) != ERR_OK ||
		    child_send_policy(c, &p->inputs) != ERR_OK)
			child_kill(c);
	}
}

static void
reload_decided(struct parent *p, bool taken, enum err why)
{
	if (taken) {
		inputs_free(&p->inputs);
		p->inputs = p->next;
		p->next = (struct inputs){ 0 };
		log_now(EV_POLICY_TAKEN, p->inputs.serial);
		if (p->inputs.soft_expired)
			log_now(EV_POLICY_AGES, p->inputs.serial);
		if (p->inputs.certificate_ended)
			log_now(EV_CERTIFICATE_ENDED, 0);
		reload_fronts(p);
	} else {
		log_now(EV_POLICY_REFUSED, why);
	}
	reload_over(p);
}

static void
reload(struct parent *p)
{
	struct complaint why;
	enum err e;

	if (p->is_reloading || !p->is_ready) {
		p->is_reload_wanted = true;
		return;
	}
	p->is_reloading = true;
	log_now(EV_RELOAD, 0);
	notify_reloading();
	e = inputs_load(p->config, &p->instance, time(NULL), p->inputs.serial,
	    &p->next, &why);
	if (e == ERR_OK)
		e = child_send_policy(&p->vault, &p->next);
	else
		(void)fprintf(stderr,
		    "speakupd: %s The old files stay in use.\n", why.text);
	if (e != ERR_OK)
		reload_decided(p, false, e);
}

/* --- what children say --- */

static const char *
refusal_text(enum err e)
{
	switch ((int)e) {
	case ERR_DENIED:
		return "the store key does not fit (perhaps speakupctl epoch "
		       "did not come to its end), or another or newer policy "
		       "or root was in use there";
	case ERR_UNSUPPORTED:
		return "this user may not use it";
	case ERR_EXISTS:
		return "another process has it open";
	case ERR_CORRUPT:
		return "a write failed earlier, or it is damaged; see "
		       "speakupctl check";
	case ERR_FULL:
		return "there is no room on its disk";
	default:
		return err_name(e);
	}
}

static bool
vault_said(struct parent *p, const struct wire_head *h)
{
	const bool taken = h->type == WIRE_READY;

	if (p->is_reloading) {
		if (!taken)
			(void)fprintf(stderr,
			    "speakupd: The vault does not take the policy: %s. "
			    "The old files stay in use.\n",
			    err_name(h->status));
		reload_decided(p, taken, h->status);
		return true;
	}
	if (p->vault.is_ready)
		return false;
	if (!taken) { /* it ends, with the code that says why */
		(void)fprintf(stderr,
		    "speakupd: The store in %s was not opened: %s.\n",
		    p->config->state, refusal_text(h->status));
		return true;
	}
	p->vault.is_ready = true;
	start_fronts(p);
	return true;
}

/* A front that does not take what the vault took is started anew. */
static bool
front_said(struct parent *p, struct child *c, const struct wire_head *h)
{
	if (h->type == WIRE_REFUSED) {
		log_now(EV_POLICY_REFUSED, h->status);
		return false;
	}
	c->is_ready = true;
	check_ready(p);
	return true;
}

static bool
on_child_frame(void *ctx, const struct wire_frame *f)
{
	struct child *c = ctx;

	if (f->head.type == WIRE_ALIVE) {
		c->silent = 0;
		return true;
	}
	return c->is_vault ? vault_said(c->parent, &f->head)
			   : front_said(c->parent, c, &f->head);
}

/* Its process is gone, or will be; what it ended with comes by SIGCHLD. */
static void
on_child_ended(void *ctx, enum wire_state why)
{
	struct child *c = ctx;

	if (why == WIRE_BROKEN) {
		log_now(EV_PEER_BROKE_RULES, c->pid);
		child_kill(c);
	}
	c->channel = channel_free(c->channel);
}

static const struct channel_calls child_calls = {
	.frame = on_child_frame,
	.ended = on_child_ended,
};

/* --- fronts come and go --- */

static void
start_front(struct child *c)
{
	struct parent *p = c->parent;

	if (p->is_stopping || p->vault.channel == NULL || c->pid > 0)
		return;
	if (child_start(c, &child_calls) != ERR_OK ||
	    child_introduce_front(p, c) != ERR_OK) {
		log_now(EV_FRONT_ENDED, 0);
		child_kill(c);
		if (c->pid == 0) /* not even started */
			stop(p, EXIT_TRY_AGAIN);
		return;
	}
	log_now(EV_FRONT_STARTED, c->number);
}

static void
on_again(evutil_socket_t fd, short what, void *ctx)
{
	(void)fd, (void)what;
	start_front(ctx);
}

/* At once the first time, then after 0.2, 0.4, 0.8 … seconds. */
static void
start_front_later(struct child *c)
{
	struct timeval t = { 0 };
	uint64_t ms;

	if (monotonic_now() - c->started > LIVED_SECONDS)
		c->failures = 0;
	ms = c->failures == 0 ? 0
			      : 100ull << (c->failures < 7 ? c->failures : 7);
	if (ms > BACKOFF_MAX_SECONDS * 1000)
		ms = BACKOFF_MAX_SECONDS * 1000;
	c->failures++;
	t.tv_sec = (time_t)(ms / 1000);
	t.tv_usec = (suseconds_t)(ms % 1000 * 1000);
	evtimer_add(c->again, &t);
}

/* --- stopping --- */

static void
tell_drain(struct child *c)
{
	if (c->channel == NULL ||
	    channel_send(c->channel, WIRE_DRAIN, 0, 0, BYTES(NULL, 0)) !=
		ERR_OK)
		child_kill(c);
}

static void
drain(struct parent *p)
{
	const struct timeval most = {
		.tv_sec = (time_t)p->config->limits.drain + DRAIN_MORE_SECONDS
	};

	if (p->is_stopping) {
		stop(p, EXIT_SUCCESS);
		return;
	}
	p->is_stopping = true;
	log_now(EV_DRAIN, 0);
	notify_send("STOPPING=1");
	listeners_close(&p->listeners);
	for (uint64_t i = 0; i < p->config->fronts; i++)
		tell_drain(&p->fronts[i]);
	if (!any_front_runs(p))
		tell_drain(&p->vault);
	evtimer_add(p->end, &most);
}

static void
on_end(evutil_socket_t fd, short what, void *ctx)
{
	(void)fd, (void)what;
	stop(ctx, EXIT_TRY_AGAIN);
}

/* --- children's ends --- */

static int
code_of(int status)
{
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static void
front_ended(struct parent *p, struct child *c, int code)
{
	child_forget(c);
	if (!p->is_stopping || code != EXIT_SUCCESS)
		log_now(EV_FRONT_ENDED, code);
	if (!p->is_stopping) {
		start_front_later(c);
	} else if (!any_front_runs(p)) {
		tell_drain(&p->vault);
	}
}

/* What the service ends with, where its vault ended with this. */
static int
code_of_vault(int code)
{
	switch (code) {
	case VAULT_EXIT_STORAGE:
		return EXIT_STORAGE;
	case VAULT_EXIT_REFUSED:
		return EXIT_CONFIG;
	default:
		return EXIT_TRY_AGAIN;
	}
}

/* The service cannot be without it. */
static void
vault_ended(struct parent *p, int code)
{
	child_forget(&p->vault);
	if (p->is_stopping && code == VAULT_EXIT_OK) {
		stop(p, EXIT_SUCCESS);
		return;
	}
	log_now(EV_VAULT_ENDED, code);
	stop(p, code_of_vault(code));
}

static void
child_ended(struct parent *p, int pid, int status)
{
	if (pid == p->vault.pid) {
		vault_ended(p, code_of(status));
		return;
	}
	for (uint64_t i = 0; i < p->config->fronts; i++) {
		if (pid == p->fronts[i].pid)
			front_ended(p, &p->fronts[i], code_of(status));
	}
}

static void
on_signal(evutil_socket_t sig, short what, void *ctx)
{
	struct parent *p = ctx;
	int pid, status;

	(void)what;
	switch (sig) {
	case SIGCHLD:
		while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
			child_ended(p, pid, status);
		return;
	case SIGHUP:
		reload(p);
		return;
	default:
		drain(p);
		return;
	}
}

/* --- time --- */

/* Counted by turns of this process, not by a clock: while the whole service was
 * frozen, nobody could say anything, and nobody could hear it. */
static bool
hangs(const struct child *c)
{
	return c->pid > 0 && c->silent >= SILENT_TICKS;
}

static void
on_watchdog(evutil_socket_t fd, short what, void *ctx)
{
	struct parent *p = ctx;

	(void)fd, (void)what;
	if (p->vault.is_ready && !hangs(&p->vault))
		notify_send("WATCHDOG=1");
}

/* A front that hangs is ended, and so started again; also one that does before
 * it is ready. One that stops may take its time. */
static void
front_tick(struct parent *p, struct child *c)
{
	c->silent++;
	if (hangs(c) && !p->is_stopping) {
		log_now(EV_FRONT_HANGS, c->number);
		child_kill(c);
	}
	if (c->channel != NULL)
		channel_trim(c->channel);
}

static void
on_tick(evutil_socket_t fd, short what, void *ctx)
{
	struct parent *p = ctx;

	(void)fd, (void)what;
	p->vault.silent++;
	if (p->vault.channel != NULL)
		channel_trim(p->vault.channel);
	for (uint64_t i = 0; i < p->config->fronts; i++)
		front_tick(p, &p->fronts[i]);
	malloc_trim(0);
}

/* --- the whole --- */

static enum err
add_timers(struct parent *p)
{
	const struct timeval tick = { .tv_sec = TICK_SECONDS };
	uint64_t usec = notify_watchdog();
	const struct timeval dog = { .tv_sec = (time_t)(usec / 1000000),
		.tv_usec = (suseconds_t)(usec % 1000000) };

	p->tick = event_new(p->base, -1, EV_PERSIST, on_tick, p);
	p->watchdog = event_new(p->base, -1, EV_PERSIST, on_watchdog, p);
	p->end = event_new(p->base, -1, 0, on_end, p);
	if (p->tick == NULL || p->watchdog == NULL || p->end == NULL ||
	    event_add(p->tick, &tick) != 0 ||
	    (usec > 0 && event_add(p->watchdog, &dog) != 0))
		return ERR_NOMEM;
	return ERR_OK;
}

static enum err
add_signals(struct parent *p)
{
	static const int sigs[] = { SIGCHLD, SIGHUP, SIGTERM, SIGINT };

	for (size_t i = 0; i < sizeof(sigs) / sizeof(sigs[0]); i++) {
		p->signals[i] = evsignal_new(p->base, sigs[i], on_signal, p);
		if (p->signals[i] == NULL ||
		    event_add(p->signals[i], NULL) != 0)
			return ERR_NOMEM;
	}
	return signal(SIGPIPE, SIG_IGN) == SIG_ERR ? ERR_IO : ERR_OK;
}

static enum err
add_children(struct parent *p)
{
	enum err e;

	p->vault = (struct child){ .parent = p, .is_vault = true };
	for (unsigned i = 0; i < p->config->fronts; i++) {
		struct child *c = &p->fronts[i];

		*c = (struct child){ .parent = p, .number = i };
		c->again = event_new(p->base, -1, 0, on_again, c);
		if (c->again == NULL)
			return ERR_NOMEM;
	}
	if ((e = child_start(&p->vault, &child_calls)) != ERR_OK)
		return e;
	return child_introduce_vault(p);
}

static void
free_event(struct event *ev)
{
	if (ev != NULL)
		event_free(ev);
}

/* Children that still run are killed: the store is made for it. */
static void
parent_close(struct parent *p)
{
	child_kill(&p->vault);
	child_forget(&p->vault);
	for (uint64_t i = 0; i < p->config->fronts; i++) {
		child_kill(&p->fronts[i]);
		child_forget(&p->fronts[i]);
		free_event(p->fronts[i].again);
	}
	for (size_t i = 0; i < 4; i++)
		free_event(p->signals[i]);
	free_event(p->tick);
	free_event(p->watchdog);
	free_event(p->end);
	event_base_free(p->base);
	while (waitpid(-1, NULL, 0) > 0)
		;
}

int
parent_run(struct parent *p)
{
	p->code = EXIT_SUCCESS;
	if (env_random(&env_system, p->work_key, sizeof(p->work_key)) !=
		ERR_OK ||
	    (p->base = event_base_new()) == NULL)
		return EXIT_TRY_AGAIN;
	if (add_signals(p) != ERR_OK || add_timers(p) != ERR_OK ||
	    add_children(p) != ERR_OK)
		p->code = EXIT_TRY_AGAIN;
	else if (event_base_dispatch(p->base) < 0)
		p->code = EXIT_TRY_AGAIN;
	log_now(EV_END, p->code);
	parent_close(p);
	bytes_wipe(p->work_key, sizeof(p->work_key));
	return p->code;
}
