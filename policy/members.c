#include "policy/members.h"

#include "policy/line.h"

/* A list that is being made, and whom it may not name. */
struct gathering {
	const struct policy *p;
	const struct policy_route *route;
	int64_t day;
	struct people_set out_of_it; /* excluded, or taken already */
	enum rung_verb verb;
	struct member *out;
	size_t cap, n;
	enum err err; /* sticky */
};

static struct people_set
excluded_set(const struct policy *p, const struct policy_route *r,
    const uint16_t *marked, size_t n)
{
	struct people_set s = { 0 };

	for (size_t i = 0; i < n; i++)
		people_add(p, &s, marked[i]);
	if (r->recuse_line)
		people_add_reports(p, &s);
	return s;
}

enum err
exclusions_close(const struct policy *p, const struct policy_route *r,
    const uint16_t *marked, size_t n, uint16_t *out, size_t cap, size_t *ret_n)
{
	struct people_set s = excluded_set(p, r, marked, n);
	size_t count = 0;

	for (size_t i = 0; i < p->n_people; i++)
		count += people_has(&s, i);
	if (count > cap)
		return ERR_LIMIT;
	count = 0;
	for (size_t i = 0; i < p->n_people; i++)
		if (people_has(&s, i))
			out[count++] = p->people[i].number;
	*ret_n = count;
	return ERR_OK;
}

const struct age_recipient *
members_recipient(const struct policy *p, const struct policy_route *r,
    uint16_t person, int64_t day)
{
	const struct policy_person *who = policy_person(p, person);
	const struct policy_key *key;

	if (who == NULL || !policy_person_is_current(who, day))
		return NULL;
	key = policy_key_at(who, day);
	if (key == NULL)
		return NULL;
	if (r->keys == KEYS_CLASSIC)
		return &key->classic;
	return key->has_hybrid ? &key->hybrid : NULL;
}

static bool
can_be_there(const struct gathering *g, const struct policy_person *who)
{
	if (g->verb == VERB_TELL)
		return policy_person_is_current(who, g->day);
	return members_recipient(g->p, g->route, who->number, g->day) != NULL;
}

static void
gather(struct gathering *g, const uint16_t *who, size_t n, size_t rung)
{
	for (size_t i = 0; i < n; i++) {
		const struct policy_person *person = policy_person(g->p,
		    who[i]);

		if (person == NULL || !can_be_there(g, person) ||
		    people_has(&g->out_of_it, (size_t)(person - g->p->people)))
			continue;
		people_add(g->p, &g->out_of_it, who[i]);
		if (g->n == g->cap) {
			g->err = ERR_LIMIT;
			return;
		}
		g->out[g->n++] = (struct member){
			.person = who[i],
			.rung = (uint8_t)rung,
			.verb = g->verb,
		};
	}
}

static void
gather_rungs(struct gathering *g)
{
	for (size_t i = 0; i < g->route->n_rungs; i++) {
		const struct policy_rung *rung = &g->route->rungs[i];

		if (rung->verb == g->verb)
			gather(g, rung->who, rung->n_who, i + 1);
	}
}

enum err
members_compute(const struct policy *p, const struct policy_route *r,
    const uint16_t *excluded, size_t n_excluded, int64_t day,
    struct member *out, size_t cap, size_t *ret_n)
{
	struct gathering g = {
		.p = p,
		.route = r,
		.day = day,
		.out_of_it = excluded_set(p, r, excluded, n_excluded),
		.verb = VERB_JOIN,
		.out = out,
		.cap = cap < MEMBERS_MAX ? cap : MEMBERS_MAX,
	};

	gather(&g, r->first, r->n_first, 0);
	gather_rungs(&g);
	if (g.err == ERR_OK)
		*ret_n = g.n;
	return g.err;
}

enum err
members_told(const struct policy *p, const struct policy_route *r,
    const uint16_t *excluded, size_t n_excluded, int64_t day,
    struct member *out, size_t cap, size_t *ret_n)
{
	struct gathering g = {
		.p = p,
		.route = r,
		.day = day,
		.out_of_it = excluded_set(p, r, excluded, n_excluded),
		.verb = VERB_TELL,
		.out = out,
		.cap = cap,
	};

	gather_rungs(&g);
	if (g.err == ERR_OK)
		*ret_n = g.n;
	return g.err;
}

bool
members_rung_has(const struct policy_route *r, unsigned rung, uint16_t person)
{
	const uint16_t *who = r->first;
	size_t n = r->n_first;

	if (rung > r->n_rungs)
		return false;
	if (rung > 0) {
		who = r->rungs[rung - 1].who;
		n = r->rungs[rung - 1].n_who;
	}
	for (size_t i = 0; i < n; i++)
		if (who[i] == person)
			return true;
	return false;
}
