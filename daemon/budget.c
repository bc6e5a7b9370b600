#include "daemon/budget.h"

#define FAVOUR_TICKS 3 /* without a new charge */

static size_t
units(size_t n)
{
	return (n + BUDGET_UNIT - 1) / BUDGET_UNIT * BUDGET_UNIT;
}

void
budget_init(struct budget *b, uint64_t max)
{
	b->max = max;
	b->used = 0;
	b->now = b->favoured_at = 0;
	b->favoured = NULL;
	TAILQ_INIT(&b->waiting);
}

static bool
may_go_over(struct budget *b, const struct conn *c)
{
	if (b->favoured == NULL || b->now - b->favoured_at >= FAVOUR_TICKS)
		b->favoured = c;
	return b->favoured == c;
}

bool
budget_charge(struct budget *b, const struct conn *c, size_t *charged,
    size_t want)
{
	size_t more;

	if (units(want) <= *charged)
		return true;
	more = units(want) - *charged;
	if (b->used + more > b->max && !may_go_over(b, c))
		return false;
	b->used += more;
	*charged += more;
	if (b->favoured == c)
		b->favoured_at = b->now;
	return true;
}

void
budget_release(struct budget *b, size_t *charged, size_t want)
{
	if (units(want) >= *charged)
		return;
	b->used -= *charged - units(want);
	*charged = units(want);
}

void
budget_unfavour(struct budget *b, const struct conn *c)
{
	if (b->favoured == c)
		b->favoured = NULL;
}

void
budget_tick(struct budget *b)
{
	b->now++;
}
