#include "daemon/vault_fronts.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/log.h"
#include "daemon/vault_pace.h"
#include "daemon/wire_conn.h"

#define PEERS_MAX 32
/* Answers that a front has not taken: over it, its requests wait; and it is
 * ended when it takes nothing for so long. */
#define UNSENT_HIGH (1024 * 1024)
#define STALLED_SECONDS 10
/* With those that wait for their time. One more answer, and those of a batch,
 * and all of them find room in the buffer (WIRE_BUFFER_MAX): a connection that
 * cannot take an answer is lost, with all that was asked on it. */
#define HELD_HIGH (2 * UNSENT_HIGH)

struct peer {
	struct fronts *all;
	struct wire_conn *conn; /* NULL: free */
	struct event *readable, *writable;
	bool is_ended;
	size_t paced;	  /* answers that wait */
	size_t paced_len; /* their bodies' bytes */
	uint64_t sent;	  /* until the last beat */
	unsigned stalled; /* seconds without progress */
};

struct fronts {
	struct event_base *base;
	struct vault *vault; /* NULL: none yet */
	struct pace *pace;
	struct peer peer[PEERS_MAX];
	bool was_busy; /* since the last beat */
};

/* --- one --- */

static void
peer_free(struct peer *f)
{
	if (f->readable != NULL)
		event_free(f->readable);
	if (f->writable != NULL)
		event_free(f->writable);
	wire_conn_free(f->conn);
	if (f->all != NULL && f->all->vault != NULL) {
		vault_forget(f->all->vault, f);
		pace_forget(f->all->pace, f);
	}
	memset(f, 0, sizeof(*f));
}

/* To be freed once nothing in the batch points to it. */
static void
peer_end(struct peer *f, enum wire_state why)
{
	if (f->is_ended)
		return;
	f->is_ended = true;
	event_del(f->readable);
	if (why == WIRE_BROKEN)
		log_now(EV_PEER_BROKE_RULES, f - f->all->peer);
}

static void
on_readable(evutil_socket_t fd, short what, void *ctx)
{
	struct peer *f = ctx;
	enum wire_state state = wire_conn_fill(f->conn);

	(void)fd, (void)what;
	if (wire_conn_waiting(f->conn) > WIRE_CREDITS)
		state = WIRE_BROKEN;
	if (state != WIRE_FINE)
		peer_end(f, state);
}

static void
peer_flush(struct peer *f)
{
	if (wire_conn_unsent(f->conn) == 0)
		return;
	if (wire_conn_flush(f->conn) != WIRE_FINE)
		peer_end(f, WIRE_GONE);
	else if (wire_conn_unsent(f->conn) > 0)
		event_add(f->writable, NULL);
}

static void
on_writable(evutil_socket_t fd, short what, void *ctx)
{
	(void)fd, (void)what;
	peer_flush(ctx);
}

enum err
fronts_add(struct fronts *p, int fd)
{
	struct peer *f = p->peer;
	enum err e;

	while (f < p->peer + PEERS_MAX && f->conn != NULL)
		f++;
	if (f == p->peer + PEERS_MAX) {
		close(fd);
		return ERR_LIMIT;
	}
	if ((e = wire_conn_new(fd, PEER_VAULT, PEER_FRONT, &f->conn)) != ERR_OK)
		return e;
	f->all = p;
	f->readable =
	    event_new(p->base, fd, EV_READ | EV_PERSIST, on_readable, f);
	f->writable = event_new(p->base, fd, EV_WRITE, on_writable, f);
	if (f->readable == NULL || f->writable == NULL ||
	    event_add(f->readable, NULL) != 0) {
		peer_free(f);
		return ERR_NOMEM;
	}
	return ERR_OK;
}

/* --- a turn --- */

static void
send_answer(void *ctx, uint64_t id, enum answer status, struct bytes body)
{
	struct peer *f = ctx;

	if (status == ANSWER_FULL)
		log_count(EV_ANSWERED_FULL);
	else if (status == ANSWER_DOWN)
		log_count(EV_ANSWERED_DOWN);
	else if (status == ANSWER_BUSY)
		log_count(EV_ANSWERED_BUSY);
	if (wire_conn_send(f->conn, WIRE_ANSWER, (uint16_t)status, id, body) !=
	    ERR_OK)
		peer_end(f, WIRE_GONE);
}

static void
send_paced(void *ctx, uint64_t id, enum answer status, struct bytes body)
{
	struct peer *f = ctx;

	f->paced--;
	f->paced_len -= body.n;
	send_answer(f, id, status, body);
}

/* What a reporter hears at once would tell that nothing was stored for it. */
static void
pace_answer(void *ctx, uint64_t id, enum answer status, struct bytes body)
{
	struct peer *f = ctx;
	struct fronts *p = f->all;

	if (vault_has_written(p->vault))
		pace_filed(p->pace);
	else if (!vault_has_failed(p->vault) &&
	    pace_keep(p->pace, send_paced, f, id, status, body)) {
		f->paced++;
		f->paced_len += body.n;
		return;
	}
	send_answer(f, id, status, body);
}

/* No more is held for a front than one that keeps to its credits asks. */
static bool
peer_can_go_on(const struct peer *f)
{
	size_t unsent = f->conn != NULL ? wire_conn_unsent(f->conn) : 0;

	return f->conn != NULL && wire_conn_waiting(f->conn) > 0 &&
	    unsent < UNSENT_HIGH && unsent + f->paced_len < HELD_HIGH &&
	    f->paced < WIRE_CREDITS;
}

void
fronts_flush(struct fronts *p)
{
	for (struct peer *f = p->peer; f < p->peer + PEERS_MAX; f++)
		if (f->conn != NULL)
			peer_flush(f);
}

static void
commit(struct fronts *p)
{
	vault_commit(p->vault);
	fronts_flush(p);
	pace_committed(p->pace);
}

static void
peer_serve(struct peer *f)
{
	struct fronts *p = f->all;
	struct wire_frame frame;

	while (peer_can_go_on(f) && wire_conn_next(f->conn, &frame)) {
		if (vault_is_full(p->vault))
			commit(p);
		vault_handle(p->vault, (enum wire_type)frame.head.type,
		    (frame.head.status & WIRE_PRESSED) != 0, frame.head.id,
		    frame.body,
		    pace_is_for(frame.head.type) ? pace_answer : send_answer,
		    f);
		p->was_busy = true;
	}
}

/* One that has requests left reads no more until they are answered. */
static void
peer_rest(struct peer *f)
{
	if (f->is_ended && !peer_can_go_on(f))
		peer_free(f);
	else if (!f->is_ended && wire_conn_waiting(f->conn) > 0)
		event_del(f->readable);
	else if (!f->is_ended)
		event_add(f->readable, NULL);
}

void
fronts_turn(struct fronts *p)
{
	bool again;

	do {
		again = false;
		pace_turn(p->pace);
		for (struct peer *f = p->peer; f < p->peer + PEERS_MAX; f++)
			if (f->conn != NULL)
				peer_serve(f);
		commit(p);
		for (struct peer *f = p->peer; f < p->peer + PEERS_MAX; f++)
			again |= peer_can_go_on(f);
	} while (again);
	for (struct peer *f = p->peer; f < p->peer + PEERS_MAX; f++)
		if (f->conn != NULL)
			peer_rest(f);
}

/* --- all --- */

struct fronts *
fronts_new(struct event_base *base)
{
	struct fronts *p = calloc(1, sizeof(*p));

	if (p == NULL || (p->pace = pace_new(base)) == NULL) {
		free(p);
		return NULL;
	}
	p->base = base;
	return p;
}

void
fronts_serve(struct fronts *p, struct vault *vault)
{
	for (struct peer *f = p->peer; f < p->peer + PEERS_MAX; f++)
		if (f->conn != NULL)
			peer_free(f);
	p->vault = vault;
	p->was_busy = false;
}

enum err
fronts_measure(struct fronts *p)
{
	enum err e;

	pace_turn(p->pace);
	e = vault_touch(p->vault);
	if (e == ERR_OK) {
		pace_started(p->pace);
	} else if (e == ERR_FULL) { /* what is there can be read */
		log_now(EV_STORE_FULL, 0);
		pace_untimed(p->pace);
		e = ERR_OK;
	}
	return e;
}

struct fronts *
fronts_free(struct fronts *p)
{
	if (p == NULL)
		return NULL;
	fronts_serve(p, NULL);
	pace_free(p->pace);
	free(p);
	return NULL;
}

void
fronts_fill(struct fronts *p)
{
	for (struct peer *f = p->peer; f < p->peer + PEERS_MAX; f++)
		if (f->conn != NULL && !f->is_ended &&
		    event_pending(f->readable, EV_READ, NULL))
			on_readable(-1, 0, f);
}

void
fronts_release(struct fronts *p)
{
	pace_release(p->pace);
	fronts_flush(p);
}

void
fronts_drain(struct fronts *p)
{
	for (struct peer *f = p->peer; f < p->peer + PEERS_MAX; f++)
		if (f->conn != NULL && !f->is_ended)
			on_readable(-1, 0, f);
	fronts_turn(p);
	fronts_release(p);
}

static void
peer_beat(struct peer *f, unsigned seconds)
{
	uint64_t sent = wire_conn_sent(f->conn);
	bool stalls = wire_conn_unsent(f->conn) > 0 && sent == f->sent;

	/* By what left, not by what is left: a busy front's answers come as
	 * fast as they go. */
	f->stalled = stalls ? f->stalled + seconds : 0;
	f->sent = sent;
	if (f->stalled >= STALLED_SECONDS)
		peer_end(f, WIRE_BROKEN);
	else if (!f->all->was_busy)
		wire_conn_trim(f->conn);
}

bool
fronts_beat(struct fronts *p, unsigned seconds)
{
	const bool was_busy = p->was_busy;

	for (struct peer *f = p->peer; f < p->peer + PEERS_MAX; f++)
		if (f->conn != NULL && !f->is_ended)
			peer_beat(f, seconds);
	p->was_busy = false;
	return was_busy;
}
