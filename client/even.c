#include "client/even.h"

#include "client/moment.h"
#include "crypto/env.h"

/* More than sealing a text takes; and as much again at most. */
#define WHILE_MS 100

static void
draw(struct even *e)
{
	uint8_t x = 0;

	if (env_random(&env_system, &x, sizeof(x)) != ERR_OK)
		x = 0;
	e->not_before = moment_now() + WHILE_MS + WHILE_MS * x / UINT8_MAX;
}

void
even_begin(struct even *e)
{
	e->is_on = true;
	draw(e);
}

void
even_before(struct even *e, struct http *h)
{
	int64_t ms = e->is_on ? e->not_before - moment_now() : 0;

	moment_wait(ms);
	if (e->is_on)
		http_last(h, e->texts + 1 >= EVEN_TEXTS);
}

void
even_after(struct even *e)
{
	e->texts++;
	draw(e);
}

void
even_worked(struct even *e, int64_t ms)
{
	e->not_before += ms;
}

int64_t
even_moment(int64_t span, int64_t every, uint32_t x)
{
	return span * every + (int64_t)((uint64_t)every * x >> 32);
}

int64_t
even_span(int64_t span, int64_t every, int64_t now)
{
	return now / every > span ? now / every : span + 1;
}
