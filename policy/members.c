#include "policy/members.h"

#include "policy/line.h"

/* A list that is being made, and whom it may not name. */
struct gathering {
	const struct policy *p;
	const struct policy_route *route; /* whose people are taken */
	const struct policy_route *keys; /* whose kind of keys they must have */
	int64_t day;
	struct people_set out_of_it;	    /* excluded, or taken already */
	struct people_set marked, excluded; /* of members_after alone */
	enum rung_verb verb;
	struct member *out;
	size_t cap, n;
	enum err err; /* sticky */
};

static struct people_set
marked_set(const struct policy *p, const uint16_t *marked, size_t n)
{
	struct people_set s = { 0 };

	for (size_t i = 0; i < n; i++)
		people_add(p, &s, marked[i]);
	return s;
}

static struct people_set
excluded_set(const struct policy *p, const struct policy_route *r,
    const uint16_t *marked, size_t n)
{
	struct people_set s = marked_set(p, marked, n);

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
	return members_recipient(g->p, g->keys, who->number, g->day) != NULL;
}

static void
take(struct gathering *g, const struct policy_person *person, size_t rung)
{
	if (!can_be_there(g, person))
		return;
	people_add(g->p, &g->out_of_it, person->number);
	if (g->n == g->cap) {
		g->err = ERR_LIMIT;
		return;
	}
	g->out[g->n++] = (struct member){
		.person = person->number,
		.rung = (uint8_t)rung,
		.verb = g->verb,
	};
}

static bool
set_has(const struct policy *p, const struct people_set *s,
    const struct policy_person *person)
{
	return people_has(s, (size_t)(person - p->people));
}

static void
gather(struct gathering *g, const uint16_t *who, size_t n, size_t rung)
{
	for (size_t i = 0; i < n && g->err == ERR_OK; i++) {
		const struct policy_person *person =
		    policy_person(g->p, who[i]);

		if (person != NULL && !set_has(g->p, &g->out_of_it, person))
			take(g, person, rung);
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

static void
gather_route(struct gathering *g)
{
	gather(g, g->route->first, g->route->n_first, 0);
	gather_rungs(g);
}

enum err
members_compute(const struct policy *p, const struct policy_route *r,
    const uint16_t *excluded, size_t n_excluded, int64_t day,
    struct member *out, size_t cap, size_t *ret_n)
{
	struct gathering g = {
		.p = p,
		.route = r,
		.keys = r,
		.day = day,
		.out_of_it = excluded_set(p, r, excluded, n_excluded),
		.verb = VERB_JOIN,
		.out = out,
		.cap = cap < MEMBERS_MAX ? cap : MEMBERS_MAX,
	};

	gather_route(&g);
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
		.keys = r,
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

/* --- of a case that has moved on --- */

size_t
member_changes_of(const struct entry *e, struct member_change out[2])
{
	const struct member_change join = { CHANGE_JOIN, e->person };

	if (e->kind == MESSAGE_ASSIGN)
		out[0] = join;
	else if (e->kind == MESSAGE_RECUSE)
		out[0] = (struct member_change){ CHANGE_LEAVE, e->author };
	else if (e->kind == MESSAGE_ROUTE)
		out[0] = (struct member_change){ CHANGE_ROUTE, e->route };
	else if (e->kind == MESSAGE_HANDOVER)
		out[0] = (struct member_change){ CHANGE_LEAVE, e->from };
	else
		return 0;
	if (e->kind != MESSAGE_HANDOVER)
		return 1;
	out[1] = join;
	return 2;
}

const struct policy_route *
members_route(const struct policy *p, const struct policy_route *r,
    const struct member_change *change, size_t n_changes)
{
	for (size_t i = n_changes; i > 0; i--)
		if (change[i - 1].what == CHANGE_ROUTE)
			return policy_route(p, change[i - 1].who);
	return r;
}

/* The place of a member; g->n where there is none. */
static size_t
member_at(const struct gathering *g, uint16_t person)
{
	size_t i = 0;

	while (i < g->n && g->out[i].person != person)
		i++;
	return i;
}

/* Who leaves stays out of it, so that no route takes them in again. */
static void
leave(struct gathering *g, uint16_t person)
{
	size_t at = member_at(g, person);

	people_add(g->p, &g->out_of_it, person);
	if (at == g->n)
		return;
	g->n--;
	for (; at < g->n; at++)
		g->out[at] = g->out[at + 1];
}

static void
join(struct gathering *g, uint16_t person)
{
	const struct policy_person *who = policy_person(g->p, person);
	size_t at = member_at(g, person);

	if (who == NULL)
		return;
	if (set_has(g->p, &g->marked, who))
		g->err = ERR_DENIED;
	else if (at < g->n)
		g->out[at].rung = 0;
	else if (!set_has(g->p, &g->excluded, who))
		take(g, who, 0);
}

/* The line of management that one route of a case leaves out is left out from
 * then on. */
static void
add_route(struct gathering *g, uint16_t number)
{
	g->route = policy_route(g->p, number);
	if (g->route == NULL) {
		g->err = ERR_NOT_FOUND;
		return;
	}
	if (g->route->recuse_line)
		people_add_reports(g->p, &g->excluded);
	for (size_t i = 0; i < POLICY_PEOPLE_MAX / 64; i++)
		g->out_of_it.bits[i] |= g->excluded.bits[i];
	gather_route(g);
}

static void
change_members(struct gathering *g, const struct member_change *c)
{
	switch (c->what) {
	case CHANGE_JOIN:
		join(g, c->who);
		break;
	case CHANGE_LEAVE:
		leave(g, c->who);
		break;
	case CHANGE_ROUTE:
		add_route(g, c->who);
		break;
	}
}

enum err
members_after(const struct policy *p, const struct policy_route *r,
    const uint16_t *excluded, size_t n_excluded,
    const struct member_change *change, size_t n_changes, int64_t day,
    struct member *out, size_t cap, size_t *ret_n)
{
	struct member all[POLICY_PEOPLE_MAX];
	struct gathering g = {
		.p = p,
		.route = r,
		.keys = members_route(p, r, change, n_changes),
		.day = day,
		.marked = marked_set(p, excluded, n_excluded),
		.excluded = excluded_set(p, r, excluded, n_excluded),
		.verb = VERB_JOIN,
		.out = all,
		.cap = POLICY_PEOPLE_MAX,
	};

	if (g.keys == NULL)
		return ERR_NOT_FOUND;
	g.out_of_it = g.excluded;
	gather_route(&g);
	for (size_t i = 0; i < n_changes && g.err == ERR_OK; i++)
		change_members(&g, &change[i]);
	if (g.err != ERR_OK)
		return g.err;
	if (g.n > cap || g.n > MEMBERS_MAX)
		return ERR_LIMIT;
	for (size_t i = 0; i < g.n; i++)
		out[i] = all[i];
	*ret_n = g.n;
	return ERR_OK;
}
