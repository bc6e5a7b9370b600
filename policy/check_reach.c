#include "policy/check_parts.h"

#include <stdlib.h>

#include "policy/combine.h"
#include "policy/members.h"
#include "policy/route.h"

struct walk {
	struct checker *c;
	struct combine *combine;
	bool *seen;  /* [route][band][marked person, last: nobody] */
	bool *rules; /* matched at least once */
};

/* --- who is reached --- */

bool
check_comes_in(const struct policy *p, const struct policy_route *r,
    uint8_t band, uint16_t person)
{
	if (members_rung_has(r, 0, person))
		return true;
	for (size_t i = 0; i < r->n_rungs; i++)
		if (r->rungs[i].verb == VERB_JOIN &&
		    check_rung_comes(p, &r->rungs[i], band) &&
		    members_rung_has(r, (unsigned)i + 1, person))
			return true;
	return false;
}

/* One concern: how it goes, and who is marked. */
struct concern {
	const struct policy_route *r;
	uint8_t band;
	const struct policy_person *marked; /* NULL: nobody */
	const uint64_t *answered;
	const char *words; /* of the combination */
};

static struct check_finding
found_of(enum check_level level, enum check_what what, const struct concern *k)
{
	return (struct check_finding){
		.level = level,
		.what = what,
		.route = k->r,
		.band = k->band,
		.person = k->marked != NULL ? k->marked->number : 0,
		.answered = k->answered,
	};
}

static void
check_readers(struct checker *c, const struct concern *k,
    const struct member *m, size_t n)
{
	size_t at_once = 0, ever = 0;

	for (size_t i = 0; i < n; i++) {
		at_once += m[i].rung == 0;
		ever += check_comes_in(c->p, k->r, k->band, m[i].person);
	}
	if (ever < 2)
		check_say(c, found_of(CHECK_ERROR, CHECK_READERS, k),
		    "%s, a concern takes route %s in P%u; living readers, "
		    "even with its whole ladder: %zu.",
		    k->words, k->r->slug, k->band, ever);
	else if (at_once < 2)
		check_say(c, found_of(CHECK_WARNING, CHECK_READERS, k),
		    "%s, a concern takes route %s in P%u; living readers at "
		    "once: %zu, with its ladder: %zu.",
		    k->words, k->r->slug, k->band, at_once, ever);
}

/* What check_routes says of the whole ladder is not said again. */
static void
check_end_without(struct checker *c, const struct concern *k)
{
	uint16_t excluded[POLICY_PEOPLE_MAX];
	unsigned rung = 0;
	size_t n;

	if (k->marked == NULL ||
	    exclusions_close(c->p, k->r, &k->marked->number, 1, excluded,
		POLICY_PEOPLE_MAX, &n) != ERR_OK)
		return;
	if (check_ladder_end(c, k->r, k->band, NULL, 0, &rung) !=
		LADDER_OUTSIDE ||
	    check_ladder_end(c, k->r, k->band, excluded, n, &rung) ==
		LADDER_OUTSIDE)
		return;
	check_say(c, found_of(CHECK_WARNING, CHECK_END, k),
	    "%s, a concern takes route %s in P%u, whose ladder then ends at "
	    "rung %u with nobody outside the line of management of its first "
	    "people.",
	    k->words, k->r->slug, k->band, rung);
}

/* Where nobody reads it at all, check_readers has said so. */
static void
check_moves(struct checker *c, const struct concern *k)
{
	uint16_t marked = k->marked != NULL ? k->marked->number : 0;
	enum case_state state;
	bool conduct;

	if (!check_stuck(c, k->r, k->band, marked, &state, &conduct) ||
	    state == CASE_RECEIVED)
		return;
	check_say(c, found_of(CHECK_ERROR, CHECK_STUCK, k),
	    "%s, a concern takes route %s in P%u; once it is %s%s, nobody who "
	    "reads it or could be given it may bring it to its end.",
	    k->words, k->r->slug, k->band, case_state_name(state),
	    conduct ? " with findings of conduct" : "");
}

static void
check_concern(struct walk *w, const struct policy_route *r, uint8_t band,
    const struct policy_person *marked, const uint64_t *answered)
{
	struct checker *c = w->c;
	struct concern k = { r, band, marked, answered, NULL };
	uint16_t excluded = marked != NULL ? marked->number : 0;
	struct member members[MEMBERS_MAX];
	size_t n = 0;
	char words[320];

	/* more than fit: check_size has said so */
	if (members_compute(c->p, r, &excluded, marked != NULL, c->day, members,
		MEMBERS_MAX, &n) != ERR_OK)
		return;
	combine_words(w->combine, marked, words, sizeof(words));
	k.words = answered != NULL ? words : "Sent without our software";
	check_readers(c, &k, members, n);
	check_moves(c, &k);
	check_end_without(c, &k);
}

static void
try_combination(struct walk *w, const struct policy_person *marked)
{
	const struct policy *p = w->c->p;
	uint64_t answered[POLICY_FIELDS_MAX];
	uint16_t excluded = marked != NULL ? marked->number : 0;
	size_t person =
	    marked != NULL ? (size_t)(marked - p->people) : p->n_people;
	struct route_choice choice;
	const struct policy_route *r;
	bool *seen;

	combine_answers(w->combine, 0, answered);
	choice = route_pick_masks(p, answered, &excluded, marked != NULL);
	w->rules[choice.rule] = true;
	r = policy_route(p, choice.route);
	seen = &w->seen[((size_t)(r - p->routes) * POLICY_BANDS + choice.band -
			    1) *
		(p->n_people + 1) +
	    person];
	if (!*seen)
		check_concern(w, r, choice.band, marked, answered);
	*seen = true;
}

static void
check_rules_reached(struct walk *w)
{
	const struct policy *p = w->c->p;
	char words[320];

	for (size_t i = 0; i < p->n_rules; i++) {
		if (w->rules[i])
			continue;
		check_describe_rule(p, &p->rules[i], words, sizeof(words));
		check_say(w->c, FOUND(CHECK_ERROR, CHECK_RULE, .rule = i),
		    "Rule %zu (%s) is never the first that holds.", i + 1,
		    words);
	}
}

static enum err
walk_all(struct walk *w)
{
	struct checker *c = w->c;
	const struct policy *p = c->p;
	uint64_t n, people = p->n_people + 1;
	enum err e;

	e = combine_start(w->combine, p, NULL, CHECK_COMBINATIONS_MAX / people,
	    &n);
	if (e != ERR_OK)
		return e;
	c->sum.combinations = n * people;
	do {
		try_combination(w, NULL);
		for (size_t i = 0; i < p->n_people; i++)
			try_combination(w, &p->people[i]);
	} while (combine_next(w->combine));
	check_rules_reached(w);
	if (p->plain_route >= 0)
		check_concern(w, policy_route(p, (unsigned)p->plain_route),
		    p->plain_band, NULL, NULL);
	return ERR_OK;
}

enum err
check_combinations(struct checker *c)
{
	const struct policy *p = c->p;
	struct walk w = { .c = c };
	enum err e = ERR_NOMEM;

	w.combine = calloc(1, sizeof(*w.combine));
	w.seen = calloc(p->n_routes * POLICY_BANDS, p->n_people + 1);
	w.rules = calloc(p->n_rules, sizeof(*w.rules));
	if (w.combine != NULL && w.seen != NULL && w.rules != NULL)
		e = walk_all(&w);
	free(w.combine);
	free(w.seen);
	free(w.rules);
	return e;
}
