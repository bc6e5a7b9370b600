#include "policy/explain.h"

/* Nothing is told to those who read from the beginning. */
static void
drop_first(struct explanation *x)
{
	size_t n = 0;

	for (size_t i = 0; i < x->n_told; i++)
		if (!members_rung_has(x->route, 0, x->told[i].person))
			x->told[n++] = x->told[i];
	x->n_told = n;
}

enum err
explain(const struct policy *p, const uint64_t *answered,
    const uint16_t *marked, size_t n_marked, int64_t day,
    struct explanation *ret)
{
	struct explanation x = {
		.p = p,
		.day = day,
		.n_marked = n_marked,
		.marked = marked,
		.choice = route_pick_masks(p, answered, marked, n_marked),
	};
	enum err e;

	x.route = policy_route(p, x.choice.route);
	e = members_compute(p, x.route, marked, n_marked, day, x.member,
	    MEMBERS_MAX, &x.n_members);
	if (e == ERR_OK)
		e = members_told(p, x.route, marked, n_marked, day, x.told,
		    POLICY_PEOPLE_MAX, &x.n_told);
	if (e == ERR_OK)
		e = exclusions_close(p, x.route, marked, n_marked, x.out,
		    POLICY_PEOPLE_MAX, &x.n_out);
	if (e != ERR_OK)
		return e;
	drop_first(&x);
	*ret = x;
	return ERR_OK;
}

bool
explain_rung_counts(const struct explanation *x, unsigned rung)
{
	return (x->route->rungs[rung - 1].bands & BAND_BIT(x->choice.band)) !=
	    0;
}

uint16_t
explain_below(const struct explanation *x, uint16_t person)
{
	uint16_t above = 0;

	for (size_t i = 0; i < x->n_marked; i++) {
		if (x->marked[i] == person)
			return 0;
		if (policy_reports_to(x->p, person, x->marked[i]))
			above = x->marked[i];
	}
	return above;
}
