#include "daemon/vault_pace.h"

#include <stdlib.h>
#include <string.h>

#define FILINGS 64
/* Until there was one. */
#define FIRST_US 4000
/* What libevent adds to a timer on average: it wakes at whole milliseconds. */
#define ROUNDING_US 500
#define SECOND_US 1000000

struct kept {
	struct kept *next, *prev;
	struct pace *pace;
	struct event *timer;
	vault_answer *answer;
	void *ctx;
	uint64_t id;
	enum answer status;
	size_t n;
	uint8_t body[];
};

struct pace {
	struct event_base *base;
	struct kept *first;
	uint64_t took[FILINGS]; /* the last ones */
	size_t n;		/* ever learnt */
};

struct pace *
pace_new(struct event_base *base)
{
	struct pace *p = calloc(1, sizeof(*p));

	if (p != NULL)
		p->base = base;
	return p;
}

static void
kept_free(struct kept *k)
{
	if (k->prev != NULL)
		k->prev->next = k->next;
	else
		k->pace->first = k->next;
	if (k->next != NULL)
		k->next->prev = k->prev;
	event_free(k->timer);
	bytes_wipe(k->body, k->n);
	free(k);
}

struct pace *
pace_free(struct pace *p)
{
	while (p != NULL && p->first != NULL)
		kept_free(p->first);
	free(p);
	return NULL;
}

void
pace_learn(struct pace *p, uint64_t us)
{
	if (p != NULL)
		p->took[p->n++ % FILINGS] = us;
}

uint64_t
pace_draw(const struct pace *p)
{
	size_t n = p == NULL ? 0 : p->n < FILINGS ? p->n : FILINGS;
	uint8_t x = 0;

	if (n == 0)
		return FIRST_US;
	if (env_random(&env_system, &x, sizeof(x)) != ERR_OK)
		x = 0;
	return p->took[x % n];
}

static void
let_go(struct kept *k)
{
	k->answer(k->ctx, k->id, k->status, BYTES(k->body, k->n));
	kept_free(k);
}

static void
on_due(evutil_socket_t fd, short what, void *ctx)
{
	(void)fd, (void)what;
	let_go(ctx);
}

static struct kept *
kept_new(struct pace *p, struct bytes body)
{
	struct kept *k =
	    p == NULL ? NULL : calloc(1, sizeof(*k) + body.n);

	if (k == NULL || (k->timer = evtimer_new(p->base, on_due, k)) == NULL) {
		free(k);
		return NULL;
	}
	k->pace = p;
	if ((k->next = p->first) != NULL)
		k->next->prev = k;
	p->first = k;
	if (body.n > 0)
		memcpy(k->body, body.p, body.n);
	k->n = body.n;
	return k;
}

enum err
pace_keep(struct pace *p, vault_answer *answer, void *ctx, uint64_t id,
    enum answer status, struct bytes body)
{
	uint64_t us = pace_draw(p);
	struct timeval t;
	struct kept *k = kept_new(p, body);

	us = us > ROUNDING_US ? us - ROUNDING_US : 0;
	t.tv_sec = (time_t)(us / SECOND_US);
	t.tv_usec = (suseconds_t)(us % SECOND_US);
	if (k == NULL)
		return ERR_NOMEM;
	k->answer = answer;
	k->ctx = ctx;
	k->id = id;
	k->status = status;
	if (evtimer_add(k->timer, &t) == 0)
		return ERR_OK;
	kept_free(k);
	return ERR_NOMEM;
}

void
pace_forget(struct pace *p, const void *ctx)
{
	struct kept *next;

	for (struct kept *k = p == NULL ? NULL : p->first; k != NULL;
	     k = next) {
		next = k->next;
		if (k->ctx == ctx)
			kept_free(k);
	}
}

void
pace_release(struct pace *p)
{
	while (p != NULL && p->first != NULL)
		let_go(p->first);
}
