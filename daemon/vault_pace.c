#include "daemon/vault_pace.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define FILINGS 64
/* A disk that stood still is no pace: fronts give up on their vault before
 * long, and where few file, polls would wait for that one for a year. */
#define LONGEST_US 10000000
/* That a timer comes late on average. */
#define WAKING_US 50
/* What a slow disk takes for a write. */
#define UNTIMED_US 50000
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
	uint64_t took[FILINGS]; /* the last ones, microseconds */
	size_t n;		/* ever learnt */
	uint64_t at_first;	/* until one was */
	uint64_t began;		/* of the turn, microseconds */
	bool has_filed;		/* one of this turn is on the disk */
};

/* Others go off at whole milliseconds: what waited would be known by that. */
struct event_base *
pace_loop(void)
{
	struct event_config *config = event_config_new();
	struct event_base *base = NULL;

	if (config == NULL)
		return NULL;
	if (event_config_set_flag(config,
		EVENT_BASE_FLAG_NOLOCK | EVENT_BASE_FLAG_PRECISE_TIMER) == 0)
		base = event_base_new_with_config(config);
	event_config_free(config);
	return base;
}

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

/* --- how long --- */

bool
pace_is_for(unsigned wire_type)
{
	return wire_type == WIRE_TEXT || wire_type == WIRE_WORKED_TEXT;
}

static uint64_t
now_us(void)
{
	struct timespec t = { 0 };

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * SECOND_US + (uint64_t)t.tv_nsec / 1000;
}

void
pace_turn(struct pace *p)
{
	if (p != NULL)
		p->began = now_us();
}

void
pace_filed(struct pace *p)
{
	if (p != NULL)
		p->has_filed = true;
}

static uint64_t
turn_us(const struct pace *p)
{
	uint64_t us = now_us() - p->began;

	return us < LONGEST_US ? us : LONGEST_US;
}

void
pace_committed(struct pace *p)
{
	if (p == NULL || !p->has_filed)
		return;
	p->took[p->n++ % FILINGS] = turn_us(p);
	p->has_filed = false;
}

void
pace_started(struct pace *p)
{
	if (p != NULL)
		p->at_first = turn_us(p);
}

void
pace_untimed(struct pace *p)
{
	if (p != NULL)
		p->at_first = UNTIMED_US;
}

/* A sixteenth more or less, or whoever polls often would know these few times
 * by heart, and a filing by its being none of them. */
static uint64_t
draw(const struct pace *p)
{
	size_t n = p->n < FILINGS ? p->n : FILINGS;
	uint8_t x[2] = { 0 };
	uint64_t us;

	if (env_random(&env_system, x, sizeof(x)) != ERR_OK)
		memset(x, 0, sizeof(x));
	us = n == 0 ? p->at_first : p->took[x[0] % n];
	return us - us / 16 + us / 8 * x[1] / UINT8_MAX;
}

/* --- what waits --- */

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
	struct kept *k = calloc(1, sizeof(*k) + body.n);

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

/* From the turn's begin, as filings are measured: what a large mailbox takes
 * longer to be read is taken off. */
static struct timeval
wait_of(const struct pace *p)
{
	uint64_t us = draw(p), gone = now_us() - p->began + WAKING_US;

	us = us > gone ? us - gone : 0;
	return (struct timeval){ .tv_sec = (time_t)(us / SECOND_US),
		.tv_usec = (suseconds_t)(us % SECOND_US) };
}

bool
pace_keep(struct pace *p, vault_answer *answer, void *ctx, uint64_t id,
    enum answer status, struct bytes body)
{
	struct timeval t;
	struct kept *k;

	if (p == NULL || (k = kept_new(p, body)) == NULL)
		return false;
	t = wait_of(p);
	k->answer = answer;
	k->ctx = ctx;
	k->id = id;
	k->status = status;
	if (evtimer_add(k->timer, &t) == 0)
		return true;
	kept_free(k);
	return false;
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
