#include "daemon/front.h"

#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <event2/event_struct.h>

#include "crypto/codec.h"
#include "crypto/secret.h"
#include "daemon/exits.h"
#include "daemon/front_conn.h"
#include "daemon/front_reply.h"
#include "daemon/log.h"
#include "daemon/sandbox.h"
#include "daemon/tls.h"

#define TICK_SECONDS 2
#define SPARE_DESCRIPTORS 64
#define TRIM_TICKS 2

#define GOT(type) (1u << (type))
#define GOT_ALL                                                  \
	(GOT(WIRE_CONFIG) | GOT(WIRE_SECRET) | GOT(WIRE_PAGES) | \
	    GOT(WIRE_POLICY) | GOT(WIRE_PEER))

/* --- waiting and draining --- */

static void
on_resume(evutil_socket_t fd, short what, void *ctx)
{
	struct front *f = ctx;
	struct budget *budgets[] = { &f->text, &f->pieces };
	struct conn *c;

	(void)fd, (void)what;
	for (size_t i = 0; i < 2; i++) {
		while ((c = TAILQ_FIRST(&budgets[i]->waiting)) != NULL &&
		    conn_resume(c))
			;
	}
}

void
front_resume_soon(struct front *f)
{
	if (!TAILQ_EMPTY(&f->text.waiting) || !TAILQ_EMPTY(&f->pieces.waiting))
		event_active(f->resume, 0, 0);
}

void
front_check_drained(struct front *f)
{
	if (f->is_draining && f->n_conns == 0)
		event_base_loopbreak(f->base);
}

void
front_drain(struct front *f)
{
	const struct timeval most = { .tv_sec = (time_t)f->config.drain };

	f->is_draining = true;
	front_close_listeners(f);
	conn_drain(f);
	event_base_loopexit(f->base, &most);
	front_check_drained(f);
}

/* --- what the parent sends --- */

static void
tell_parent(struct front *f, enum wire_type type, enum err e)
{
	if (channel_send(f->parent, type, (uint16_t)e, 0, BYTES(NULL, 0)) !=
	    ERR_OK)
		event_base_loopbreak(f->base);
}

static struct evbuffer *
page_of(const struct buf *b)
{
	struct evbuffer *page;

	if (b->n == 0 || (page = evbuffer_new()) == NULL)
		return NULL;
	if (evbuffer_add(page, b->p, b->n) != 0) {
		evbuffer_free(page);
		return NULL;
	}
	return page;
}

/* Answers that are on their way keep the old page until they are sent. */
static void
replace_page(struct evbuffer **page, struct evbuffer *fresh)
{
	if (*page != NULL)
		evbuffer_free(*page);
	*page = fresh;
}

static enum err
take_policy(struct front *f, struct bytes body)
{
	struct pages pages = { 0 };
	const int64_t now = time(NULL);
	enum err e;

	if ((e = pages_make(body, now, &pages)) != ERR_OK)
		return e;
	f->day = now / DAY_SECONDS;
	replace_page(&f->page_policy, page_of(&pages.policy));
	replace_page(&f->page_plain, page_of(&pages.plain));
	e = front_web_say(&f->web, buf_bytes(&pages.section),
	    buf_bytes(&pages.policy));
	pages_free(&pages);
	return f->page_policy == NULL ? ERR_NOMEM : e;
}

/* Who is current, and by which key, changes with the day. Where the policy
 * has expired for good the old pages stay: clients see to it. */
static void
renew_pages(struct front *f)
{
	struct bytes bundle;

	if (time(NULL) / DAY_SECONDS == f->day)
		return;
	bundle = BYTES(evbuffer_pullup(f->page_policy, -1),
	    evbuffer_get_length(f->page_policy));
	if (bundle.p == NULL || take_policy(f, bundle) != ERR_OK)
		f->day = time(NULL) / DAY_SECONDS;
}

static enum err
take_secret(struct front *f, struct bytes body)
{
	struct front_secret s;
	SSL_CTX *fresh;
	enum err e;

	if ((e = front_secret_get(body, &s)) != ERR_OK)
		return e;
	if (s.certificate.n == 0)
		return ERR_OK;
	e = tls_new(s.certificate, s.key, f->config.tls_1_2 != 0, &fresh);
	if (e != ERR_OK)
		return e;
	tls_free(f->tls);
	f->tls = fresh;
	return ERR_OK;
}

static enum err
take_config(struct front *f, struct bytes body)
{
	enum err e = front_config_get(body, &f->config);

	if (e != ERR_OK)
		return e;
	budget_init(&f->text, f->config.bytes / 2);
	budget_init(&f->pieces, f->config.bytes / 2);
	return ERR_OK;
}

/* No more connections than the system's limit leaves descriptors for. */
static enum err
fit_connections(struct front *f)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r) != 0 ||
	    r.rlim_cur <= SPARE_DESCRIPTORS)
		return ERR_LIMIT;
	if (f->config.connections > r.rlim_cur - SPARE_DESCRIPTORS)
		f->config.connections = r.rlim_cur - SPARE_DESCRIPTORS;
	return ERR_OK;
}

static enum err
start(struct front *f)
{
	unsigned all = 0;
	enum err e;

	if ((f->got & GOT_ALL) != GOT_ALL)
		return ERR_SYNTAX;
	for (size_t i = 0; i < f->n_listeners; i++) {
		if ((f->listeners[i].flags & LISTENER_TLS) != 0 &&
		    f->tls == NULL)
			return ERR_SYNTAX;
		all |= f->listeners[i].flags;
	}
	f->is_started = true;
	e = sandbox_enter_front(f->config.connections + SPARE_DESCRIPTORS,
	    (all & LISTENER_PEERS) != 0);
	if (e == ERR_OK)
		e = fit_connections(f);
	return e;
}

/* One of the frames that are answered. ERR_SYNTAX: out of its order. */
static enum err
take_frame(struct front *f, const struct wire_frame *frame)
{
	const unsigned bit = GOT(frame->head.type);
	enum err e = ERR_SYNTAX;

	/* The secret is taken with the configuration's TLS version. */
	if (frame->head.type != WIRE_CONFIG && (f->got & GOT(WIRE_CONFIG)) == 0)
		return ERR_SYNTAX;
	if (frame->head.type == WIRE_CONFIG && f->got == 0)
		e = take_config(f, frame->body);
	else if (frame->head.type == WIRE_SECRET)
		e = take_secret(f, frame->body);
	else if (frame->head.type == WIRE_PAGES)
		e = front_web_take(&f->web, frame->body);
	else if (frame->head.type == WIRE_POLICY)
		e = take_policy(f, frame->body);
	else if (frame->head.type == WIRE_START && !f->is_started)
		e = start(f);
	if (e == ERR_OK)
		f->got |= bit;
	return e;
}

static enum err
take_descriptor(struct front *f, const struct wire_frame *frame)
{
	enum err e = ERR_SYNTAX;

	if (f->is_started || f->got == 0) {
		close(frame->fd);
	} else if (frame->head.type == WIRE_LISTENER) {
		e = front_listen(f, frame->fd, frame->head.status);
	} else if ((f->got & GOT(WIRE_PEER)) == 0) {
		e = front_open_vault(f, frame->fd);
		f->got |= GOT(WIRE_PEER);
	} else {
		close(frame->fd);
	}
	return e;
}

static bool
on_parent_frame(void *ctx, const struct wire_frame *frame)
{
	struct front *f = ctx;
	enum err e;

	if (frame->fd >= 0)
		return take_descriptor(f, frame) == ERR_OK;
	if (frame->head.type == WIRE_DRAIN) {
		front_drain(f);
		return true;
	}
	e = take_frame(f, frame);
	/* Before the start there is one answer to all of it. */
	if (!f->is_started && e != ERR_OK) {
		tell_parent(f, WIRE_REFUSED, e);
		channel_flush(f->parent);
		return false;
	}
	if (f->is_started)
		tell_parent(f, e == ERR_OK ? WIRE_READY : WIRE_REFUSED, e);
	if (frame->head.type == WIRE_START && e == ERR_OK)
		front_accept(f, true);
	return true;
}

static void
on_parent_ended(void *ctx, enum wire_state why)
{
	struct front *f = ctx;

	(void)why;
	event_base_loopbreak(f->base);
}

static const struct channel_calls parent_calls = {
	.frame = on_parent_frame,
	.ended = on_parent_ended,
};

/* --- the loop --- */

/*
 * Connections that went leave holes, and so do handshakes and requests, which
 * for a moment need more than a connection holds, between what others keep.
 * Each finds other holes than the last one; without this the system gives pages
 * for one after another, and gets none back but at the heap's end. With
 * ten thousand connections it takes some ten milliseconds.
 */
static void
trim_memory(struct front *f)
{
	if (!f->has_freed || f->ticks % TRIM_TICKS != 0)
		return;
	malloc_trim(0);
	f->has_freed = false;
}

static void
on_tick(evutil_socket_t fd, short what, void *ctx)
{
	struct front *f = ctx;

	(void)fd, (void)what;
	if (!f->is_started)
		return;
	front_accept(f, true);
	renew_pages(f);
	peers_turn(&f->peers);
	budget_tick(&f->text);
	budget_tick(&f->pieces);
	front_resume_soon(f);
	tell_parent(f, WIRE_ALIVE, ERR_OK);
	if (f->vault != NULL)
		channel_trim(f->vault);
	channel_trim(f->parent);
	trim_memory(f);
	if (++f->ticks % (LOG_FLUSH_SECONDS / TICK_SECONDS) == 0)
		log_flush();
}

static struct event_base *
new_base(void)
{
	struct event_config *c = event_config_new();
	struct event_base *base;

	if (c == NULL)
		return NULL;
	/* Gathers changes of interest; a fifth of the system calls. */
	event_config_set_flag(c,
	    EVENT_BASE_FLAG_EPOLL_USE_CHANGELIST | EVENT_BASE_FLAG_NOLOCK);
	base = event_base_new_with_config(c);
	event_config_free(c);
	return base;
}

static enum err
front_open(struct front *f, int control_fd)
{
	const struct timeval every = { .tv_sec = TICK_SECONDS };
	enum err e;

	f->places = SPARE_DESCRIPTORS;
	TAILQ_INIT(&f->conns);
	TAILQ_INIT(&f->early);
	TAILQ_INIT(&f->early_pressed);
	tickets_init(f);
	peers_init(&f->peers, &env_system);
	reply_init();
	if ((f->base = new_base()) == NULL)
		return ERR_NOMEM;
	e = channel_open(f->base, control_fd, PEER_FRONT, PEER_PARENT,
	    &parent_calls, f, &f->parent);
	if (e != ERR_OK)
		return e;
	f->tick = event_new(f->base, -1, EV_PERSIST, on_tick, f);
	f->resume = event_new(f->base, -1, 0, on_resume, f);
	if (f->tick == NULL || f->resume == NULL ||
	    event_add(f->tick, &every) != 0)
		return ERR_NOMEM;
	return front_work_open(f);
}

static void
front_close(struct front *f)
{
	f->is_draining = true;
	front_close_listeners(f);
	conn_free_all(f);
	f->vault = channel_free(f->vault);
	f->parent = channel_free(f->parent);
	replace_page(&f->page_policy, NULL);
	replace_page(&f->page_plain, NULL);
	front_web_free(&f->web);
	f->tls = tls_free(f->tls);
	bytes_wipe(&f->peers, sizeof(f->peers));
	bytes_wipe(&f->config, sizeof(f->config));
	if (f->tick != NULL)
		event_free(f->tick);
	if (f->resume != NULL)
		event_free(f->resume);
	if (f->check != NULL)
		event_free(f->check);
	if (f->base != NULL)
		event_base_free(f->base);
	free(f);
}

int
front_main(int control_fd)
{
	struct front *f = calloc(1, sizeof(*f));
	int code = EXIT_TRY_AGAIN;

	log_open("front", STDERR_FILENO);
	/* Memory of connections that went is to go too. */
	mallopt(M_ARENA_MAX, 1);
	mallopt(M_TRIM_THRESHOLD, 256 * 1024);
	event_set_mem_functions(malloc, wiping_realloc, wiping_free);
	if (f == NULL || signal(SIGPIPE, SIG_IGN) == SIG_ERR)
		return code;
	if (front_open(f, control_fd) == ERR_OK &&
	    event_base_dispatch(f->base) >= 0 && f->is_draining)
		code = EXIT_SUCCESS;
	log_flush();
	front_close(f);
	return code;
}
