#include "policy/simulate_parts.h"

#include <stdio.h>

#include "crypto/codec.h"
#include "policy/compile_parts.h"
#include "policy/diff_parts.h"

struct person_state *
simulate_state(struct play *y, uint16_t person)
{
	return &y->person[policy_person(y->p, person) - y->p->people];
}

/* --- who reads --- */

enum err
simulate_members(const struct play *y, struct member *out, size_t *ret_n)
{
	return members_after(y->p, y->began, y->s->marked, y->s->n_marked,
	    y->change, y->n_changes, y->now / DAY_SECONDS, out, MEMBERS_MAX,
	    ret_n);
}

bool
simulate_is_away(const struct play *y, uint16_t person)
{
	return diff_has(y->s->away, y->s->n_away, person);
}

/* Those of a rung (0: the first people) who do not read yet may; ret: who they
 * are. living: how many of the rung are. */
size_t
simulate_release(struct play *y, unsigned rung, uint16_t *who, size_t *living)
{
	struct member m[MEMBERS_MAX];
	size_t n = 0, count = 0;

	*living = 0;
	if (simulate_members(y, m, &n) != ERR_OK)
		return 0;
	for (size_t i = 0; i < n; i++) {
		struct person_state *s = simulate_state(y, m[i].person);

		if (!members_rung_has(y->route, rung, m[i].person))
			continue;
		*living += !simulate_is_away(y, m[i].person);
		if (!s->reads)
			who[count++] = m[i].person;
		s->reads = true;
	}
	return count;
}

/* Of a rung that tells: who does not read. */
static size_t
told(struct play *y, unsigned rung, uint16_t *who, size_t *living)
{
	struct member m[POLICY_PEOPLE_MAX];
	size_t n = 0, count = 0;

	*living = 0;
	if (members_told(y->p, y->route, y->s->marked, y->s->n_marked,
		y->now / DAY_SECONDS, m, POLICY_PEOPLE_MAX, &n) != ERR_OK)
		return 0;
	for (size_t i = 0; i < n; i++) {
		if (!members_rung_has(y->route, rung, m[i].person))
			continue;
		*living += !simulate_is_away(y, m[i].person);
		if (!simulate_state(y, m[i].person)->reads)
			who[count++] = m[i].person;
	}
	return count;
}

/* --- rungs --- */

/* Whether somebody of it is living. */
static bool
reach(struct play *y, unsigned rung, const char *why)
{
	const struct policy_rung *g = &y->route->rungs[rung - 1];
	bool joins = g->verb == VERB_JOIN;
	uint16_t who[POLICY_WHO_MAX];
	size_t living;
	size_t n = joins ? simulate_release(y, rung, who, &living)
			 : told(y, rung, who, &living);
	char words[DIFF_WORDS_MAX];

	sort_numbers(who, n);
	diff_slugs(y->p, who, n, words, sizeof(words));
	if (living == 0)
		simulate_say(y, SIMULATED_NOBODY,
		    "rung %u, %s: nobody of it is living", rung, why);
	if (n == 0 && living > 0)
		simulate_say(y, joins ? SIMULATED_JOINED : SIMULATED_TOLD,
		    "rung %u, %s: nobody who does not read it already", rung,
		    why);
	else if (n == 0)
		return false;
	else if (joins)
		simulate_say(y, SIMULATED_JOINED, "rung %u, %s: %s may read",
		    rung, why, words);
	else
		simulate_say(y, SIMULATED_TOLD, "rung %u, %s: %s %s told", rung,
		    why, words, n == 1 ? "is" : "are");
	return living > 0;
}

/* A rung, and while nobody living stands on it, the next of its verb. */
void
simulate_climb(struct play *y, unsigned rung, const char *why)
{
	enum rung_verb verb = y->route->rungs[rung - 1].verb;

	while (!reach(y, rung, why)) {
		rung = clock_next_rung(y->route, &y->life, rung, verb);
		if (rung == 0)
			return;
		y->life.fired |= 1u << (rung - 1);
		why = "in its place";
	}
}

void
simulate_next_join(struct play *y, const char *why)
{
	unsigned rung = clock_next_rung(y->route, &y->life, 0, VERB_JOIN);

	if (rung == 0)
		return;
	y->life.fired |= 1u << (rung - 1);
	simulate_climb(y, rung, why);
}
