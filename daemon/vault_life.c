#include "daemon/vault_clock.h"
#include "daemon/vault_state.h"

/* A case's life, as it is kept in its marks, and who is what in it. */

_Static_assert(LIFE_LEN == STORE_LIFE_LEN, "a life fits a case's marks");

enum err
case_life(const struct store_case *c, struct life *ret)
{
	return life_get(c->marks.life, ret);
}

void
case_begin(const struct vault *v, struct store_case_new *new)
{
	const struct store_case c = { .route = new->route };
	struct life l;

	life_begin(&l, new->marks.band, v->now.policy->serial, env_now(v->env));
	life_to_marks(v, &c, &l, &new->marks);
}

bool
case_is_read_by(const struct store_case *c, uint16_t person)
{
	const struct store_reader *r = store_case_reader(c, person);

	return r != NULL && (r->access & READER_RELEASED) != 0;
}

/* Nobody is less for being given by name what their route gives them too. */
unsigned
case_parts_in(const struct vault *v, const struct store_case *c,
    const struct life *l, uint16_t person)
{
	const struct store_reader *r = store_case_reader(c, person);
	const struct policy_person *p = policy_person(v->now.policy, person);
	unsigned parts;

	if (person == PERSON_REPORTER)
		return PART_REPORTER;
	if (!case_is_read_by(c, person))
		return 0;
	parts = life_parts(p, (r->access & READER_GIVEN) != 0);
	return case_calls(v, c, l, person) ? parts | life_parts(p, false)
					   : parts;
}

unsigned
case_parts(const struct vault *v, const struct store_case *c, uint16_t person)
{
	struct life l;

	if (case_life(c, &l) != ERR_OK)
		return 0;
	clock_adopt(v->now.policy, &l);
	return case_parts_in(v, c, &l, person);
}

bool
case_calls(const struct vault *v, const struct store_case *c,
    const struct life *l, uint16_t person)
{
	const struct policy_route *r = policy_route(v->now.policy, c->route);
	const struct policy_person *p = policy_person(v->now.policy, person);

	if (r == NULL || p == NULL ||
	    !policy_person_is_current(p, vault_day(v)))
		return false;
	if (members_rung_has(r, 0, person))
		return true;
	for (unsigned k = 1; k <= r->n_rungs; k++)
		if (r->rungs[k - 1].verb == VERB_JOIN &&
		    (l->fired >> (k - 1) & 1) != 0 &&
		    members_rung_has(r, k, person))
			return true;
	return false;
}

/* --- routes --- */

bool
route_reads(const struct policy_route *r, uint16_t person)
{
	for (unsigned k = 0; r != NULL && k <= r->n_rungs; k++)
		if ((k == 0 || r->rungs[k - 1].verb == VERB_JOIN) &&
		    members_rung_has(r, k, person))
			return true;
	return false;
}

bool
route_tells(const struct policy_route *r, const uint16_t *people, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		bool has = false;

		for (unsigned k = 1; k <= r->n_rungs && !has; k++)
			has = r->rungs[k - 1].verb == VERB_TELL &&
			    members_rung_has(r, k, people[i]);
		if (!has)
			return false;
	}
	return true;
}
