#include "daemon/budget.h"

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
	TAILQ_INIT(&b->waiting);
}

bool
budget_charge(struct budget *b, size_t *charged, size_t want)
{
	size_t more;

	if (units(want) <= *charged)
		return true;
	more = units(want) - *charged;
	if (b->used != 0 && b->used + more > b->max)
		return false;
	b->used += more;
	*charged += more;
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
