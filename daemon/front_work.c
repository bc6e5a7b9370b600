#include "daemon/front_conn_inside.h"

#include <string.h>
#include <time.h>

#include <event2/event.h>

/*
 * Work that comes with requests (docs/PROTOCOL.md, "Work"). Whether a challenge
 * is ours is known at once; whether its hash is right takes milliseconds, so
 * one is looked at in each turn of the loop, and nobody else waits for more.
 */

static void
check_soon(struct front *f)
{
	/* A timer: what is made active goes on in this turn. */
	const struct timeval now = { 0 };

	if (!TAILQ_EMPTY(&f->worked))
		event_add(f->check, &now);
}

/* The first, and of those who are pressed only when there is nobody else. */
static struct conn *
next_worked(const struct front *f)
{
	struct conn *c;

	TAILQ_FOREACH (c, &f->worked, queued)
		if (!c->is_pressed)
			return c;
	return TAILQ_FIRST(&f->worked);
}

/* The vault asks for new work. No client sends a counter that it did not find:
 * the next one costs a connection. */
static void
drop_work(struct conn *c)
{
	c->body_len -= WORK_LEN;
	memmove(c->body, c->body + WORK_LEN, c->body_len);
	c->wire = c->endpoint->wire;
	c->is_refused = true;
}

static void
on_check(evutil_socket_t fd, short what, void *ctx)
{
	struct front *f = ctx;
	struct conn *c = next_worked(f);

	(void)fd, (void)what;
	if (c == NULL)
		return;
	if (work_check(c->body, c->work_bits) != ERR_OK)
		drop_work(c);
	conn_enter_queue(c, &conn_budget(c)->waiting);
	front_resume_soon(f);
	check_soon(f);
}

enum err
front_work_open(struct front *f)
{
	TAILQ_INIT(&f->worked);
	f->check = evtimer_new(f->base, on_check, f);
	return f->check != NULL ? ERR_OK : ERR_NOMEM;
}

bool
conn_takes_work(struct conn *c, const struct endpoint_body *b)
{
	const uint32_t minute = (uint32_t)(time(NULL) / 60);
	uint8_t work[WORK_LEN];
	struct work_terms t;

	if (b->work.n != WORK_LEN ||
	    work_challenge_open(c->front->config.work_key, b->purpose, minute,
		b->work.p, &t) != ERR_OK)
		return false;
	/* It comes before the request, in the padding's room. */
	memcpy(work, b->work.p, sizeof(work));
	memmove(c->body + WORK_LEN, c->body, c->body_len);
	memcpy(c->body, work, sizeof(work));
	c->body_len += WORK_LEN;
	c->wire = c->wire == WIRE_TEXT ? WIRE_WORKED_TEXT : WIRE_WORKED_PIECE;
	c->work_bits = t.bits;
	conn_enter_queue(c, &c->front->worked);
	check_soon(c->front);
	return true;
}
