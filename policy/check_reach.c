#include "policy/check_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/members.h"
#include "policy/route.h"

/*
 * Options that stand in the same conditions are alike, so one of each class is
 * tried: for a field with one answer none or one of them, for a field with
 * many every subset.
 */
struct choices {
	bool many;
	size_t n_classes;
	uint64_t option[POLICY_OPTIONS_MAX]; /* one bit each */
	uint64_t n;			     /* how many to try */
	uint64_t at;			     /* the one that is tried */
};

struct walk {
	struct checker *c;
	struct choices field[POLICY_FIELDS_MAX];
	bool *seen;  /* [route][band][marked person, last: nobody] */
	bool *rules; /* matched at least once */
};

/* The rules and conditions that an option stands in, as text would be. */
static bool
stand_alike(const struct policy *p, size_t field, size_t a, size_t b)
{
	for (size_t i = 0; i < p->n_rules; i++)
		for (size_t k = 0; k < p->rules[i].n_conditions; k++) {
			const struct policy_condition *c =
			    &p->rules[i].conditions[k];

			if (c->field == field && (c->options >> a & 1) !=
				(c->options >> b & 1))
				return false;
		}
	return true;
}

static bool
stands_somewhere(const struct policy *p, size_t field, size_t option)
{
	for (size_t i = 0; i < p->n_rules; i++)
		for (size_t k = 0; k < p->rules[i].n_conditions; k++)
			if (p->rules[i].conditions[k].field == field &&
			    (p->rules[i].conditions[k].options >> option & 1))
				return true;
	return false;
}

static void
find_classes(const struct policy *p, size_t field, struct choices *ret)
{
	const struct policy_field *f = &p->form[field];

	ret->many = f->kind == FIELD_MANY;
	for (size_t i = 0; i < f->n_options; i++) {
		bool fresh = stands_somewhere(p, field, i);

		for (size_t k = 0; k < i && fresh; k++)
			fresh = !stand_alike(p, field, k, i);
		if (fresh)
			ret->option[ret->n_classes++] = UINT64_C(1) << i;
	}
	ret->n = ret->n_classes + 1;
	if (ret->many)
		ret->n = ret->n_classes < 32 ? UINT64_C(1) << ret->n_classes :
					       UINT64_MAX;
}

/* The answer that is tried: a mask of options. */
static uint64_t
answer_of(const struct choices *f)
{
	uint64_t mask = 0;

	if (!f->many)
		return f->at == 0 ? 0 : f->option[f->at - 1];
	for (size_t i = 0; i < f->n_classes; i++)
		if (f->at >> i & 1)
			mask |= f->option[i];
	return mask;
}

static enum err
count_combinations(const struct walk *w, uint64_t *ret)
{
	const struct policy *p = w->c->p;
	uint64_t total = p->n_people + 1;

	for (size_t i = 0; i < p->n_form; i++)
		if (__builtin_mul_overflow(total, w->field[i].n, &total) ||
		    total > CHECK_COMBINATIONS_MAX)
			return ERR_LIMIT;
	*ret = total;
	return ERR_OK;
}

/* The next combination of answers; false after the last. */
static bool
step(struct walk *w)
{
	for (size_t i = 0; i < w->c->p->n_form; i++) {
		if (++w->field[i].at < w->field[i].n)
			return true;
		w->field[i].at = 0;
	}
	return false;
}

/* --- a counter-example in words --- */

static void
append(char *out, size_t cap, const char *text)
{
	size_t n = strlen(out);

	if (n < cap)
		snprintf(out + n, cap - n, "%s", text);
}

static void
describe(const struct walk *w, const struct policy_person *marked, char *out,
    size_t cap)
{
	const struct policy *p = w->c->p;
	bool any = false;

	out[0] = '\0';
	for (size_t i = 0; i < p->n_form; i++) {
		uint64_t mask = answer_of(&w->field[i]);

		for (size_t k = 0; k < p->form[i].n_options; k++) {
			if ((mask >> k & 1) == 0)
				continue;
			append(out, cap, any ? ", " : "With ");
			append(out, cap, p->form[i].slug);
			append(out, cap, " ");
			append(out, cap, p->form[i].options[k].slug);
			any = true;
		}
	}
	append(out, cap, any ? " and " : "With no answers and ");
	append(out, cap, marked != NULL ? marked->slug : "nobody");
	append(out, cap, " marked");
}

/* --- who is reached --- */

/* Whether a member comes in at once, or by a rung that counts in the band. */
static bool
comes_in(const struct policy_route *r, uint8_t band, uint16_t person)
{
	if (members_rung_has(r, 0, person))
		return true;
	for (size_t i = 0; i < r->n_rungs; i++)
		if (r->rungs[i].verb == VERB_JOIN &&
		    (r->rungs[i].bands & BAND_BIT(band)) &&
		    members_rung_has(r, (unsigned)i + 1, person))
			return true;
	return false;
}

static void
check_reached(struct walk *w, const struct policy_route *r, uint8_t band,
    const struct policy_person *marked)
{
	struct checker *c = w->c;
	uint16_t excluded = marked != NULL ? marked->number : 0;
	struct member members[MEMBERS_MAX];
	size_t n = 0, at_once = 0, ever = 0;
	char example[320];

	/* more than fit: check_size has said so */
	if (members_compute(c->p, r, &excluded, marked != NULL, c->day, members,
		MEMBERS_MAX, &n) != ERR_OK)
		return;
	for (size_t i = 0; i < n; i++) {
		at_once += members[i].rung == 0;
		ever += comes_in(r, band, members[i].person);
	}
	if (at_once >= 2)
		return;
	describe(w, marked, example, sizeof(example));
	if (ever >= 2)
		check_say(c, CHECK_WARNING,
		    "%s, a concern takes route %s in P%u; living readers at "
		    "once: %zu, with its ladder: %zu.", example, r->slug, band,
		    at_once, ever);
	else
		check_say(c, CHECK_ERROR,
		    "%s, a concern takes route %s in P%u; living readers, "
		    "even with its whole ladder: %zu.", example, r->slug, band,
		    ever);
}

static void
try_combination(struct walk *w, const struct policy_person *marked)
{
	const struct policy *p = w->c->p;
	uint64_t answered[POLICY_FIELDS_MAX];
	uint16_t excluded = marked != NULL ? marked->number : 0;
	size_t person = marked != NULL ? (size_t)(marked - p->people) :
					 p->n_people;
	struct route_choice choice;
	const struct policy_route *r;
	bool *seen;

	for (size_t i = 0; i < p->n_form; i++)
		answered[i] = answer_of(&w->field[i]);
	choice = route_pick_masks(p, answered, &excluded, marked != NULL);
	w->rules[choice.rule] = true;
	r = policy_route(p, choice.route);
	seen = &w->seen[((size_t)(r - p->routes) * POLICY_BANDS +
	    choice.band - 1) * (p->n_people + 1) + person];
	if (!*seen)
		check_reached(w, r, choice.band, marked);
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
		check_say(w->c, CHECK_ERROR,
		    "Rule %zu (%s) is never the first that holds.", i + 1,
		    words);
	}
}

static enum err
walk_all(struct walk *w)
{
	struct checker *c = w->c;
	const struct policy *p = c->p;

	for (size_t i = 0; i < p->n_form; i++)
		find_classes(p, i, &w->field[i]);
	if (count_combinations(w, &c->sum.combinations) != ERR_OK)
		return ERR_LIMIT;
	do {
		try_combination(w, NULL);
		for (size_t i = 0; i < p->n_people; i++)
			try_combination(w, &p->people[i]);
	} while (step(w));
	check_rules_reached(w);
	if (p->plain_route >= 0)
		check_reached(w, policy_route(p, (unsigned)p->plain_route),
		    p->plain_band, NULL);
	return ERR_OK;
}

enum err
check_combinations(struct checker *c)
{
	const struct policy *p = c->p;
	struct walk *w = calloc(1, sizeof(*w));
	enum err e = ERR_NOMEM;

	if (w == NULL)
		return e;
	w->c = c;
	w->seen = calloc(p->n_routes * POLICY_BANDS, p->n_people + 1);
	w->rules = calloc(p->n_rules, sizeof(*w->rules));
	if (w->seen != NULL && w->rules != NULL)
		e = walk_all(w);
	free(w->seen);
	free(w->rules);
	free(w);
	return e;
}
