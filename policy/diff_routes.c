#include "policy/diff_parts.h"

#include <stdio.h>
#include <string.h>

#include "policy/names.h"
#include "policy/words.h"

#define PLACE_MAX (WORDS_RUNG_MAX + 120)

/* Who comes on and who goes off one place of a route. */
static void
diff_who(struct differ *d, const char *where, const uint16_t *was, size_t n,
    const uint16_t *is, size_t m)
{
	uint16_t some[POLICY_WHO_MAX];
	char words[DIFF_WORDS_MAX];
	size_t k = diff_minus(is, m, was, n, some);

	diff_slugs(d->new, some, k, words, sizeof(words));
	if (k > 0)
		diff_say(d, DIFF_ROUTES, "%s: %s come%s on.", where, words,
		    k == 1 ? "s" : "");
	k = diff_minus(was, n, is, m, some);
	diff_slugs(d->old, some, k, words, sizeof(words));
	if (k > 0)
		diff_say(d, DIFF_ROUTES, "%s: %s go%s off.", where, words,
		    k == 1 ? "es" : "");
}

/* --- rungs: the same by condition, verb and bands --- */

/* "Route general, to read if nothing has moved for 30 working days, in all
 * bands" */
static void
rung_place(const struct policy_route *r, const struct policy_rung *g, char *out,
    size_t cap)
{
	char when[WORDS_RUNG_MAX], bands[32];

	policy_rung_text(g, when, sizeof(when));
	policy_bands_text(g->bands, bands, sizeof(bands));
	(void)snprintf(out, cap, "Route %s, to %s %s, in %s", r->slug,
	    g->verb == VERB_JOIN ? "read" : "be told", when, bands);
}

static bool
same_time(struct policy_duration a, struct policy_duration b)
{
	return a.amount == b.amount && a.unit == b.unit;
}

static bool
alike(const struct policy_rung *a, const struct policy_rung *b)
{
	return a->when == b->when && a->verb == b->verb && a->bands == b->bands;
}

/* pair[i]: the place in b of a's rung i, or n_rungs of b. First those with the
 * same time, then the rest in order. */
static void
pair_rungs(const struct policy_route *a, const struct policy_route *b,
    size_t pair[static POLICY_RUNGS_MAX])
{
	bool taken[POLICY_RUNGS_MAX] = { false };

	for (size_t i = 0; i < a->n_rungs; i++)
		pair[i] = b->n_rungs;
	for (unsigned exact = 2; exact-- > 0;)
		for (size_t i = 0; i < a->n_rungs; i++)
			for (size_t k = 0;
			     k < b->n_rungs && pair[i] == b->n_rungs; k++) {
				if (taken[k] ||
				    !alike(&a->rungs[i], &b->rungs[k]) ||
				    (exact &&
					!same_time(a->rungs[i].after,
					    b->rungs[k].after)))
					continue;
				taken[k] = true;
				pair[i] = k;
			}
}

static void
diff_rung(struct differ *d, const struct policy_route *r,
    const struct policy_rung *a, const struct policy_rung *b)
{
	char where[PLACE_MAX], time[DURATION_TEXT_MAX];

	rung_place(r, b, where, sizeof(where));
	duration_format(&a->after, time);
	if (!same_time(a->after, b->after))
		diff_say(d, DIFF_ROUTES, "%s: before it was %s.", where, time);
	diff_who(d, where, a->who, a->n_who, b->who, b->n_who);
}

static void
diff_alone(struct differ *d, const struct policy *p,
    const struct policy_route *r, const struct policy_rung *g, const char *what)
{
	char where[PLACE_MAX], who[DIFF_WORDS_MAX];

	rung_place(r, g, where, sizeof(where));
	diff_slugs(p, g->who, g->n_who, who, sizeof(who));
	diff_say(d, DIFF_ROUTES, "%s: %s, %s.", where, what, who);
}

static void
diff_ladder(struct differ *d, const struct policy_route *a,
    const struct policy_route *b)
{
	size_t pair[POLICY_RUNGS_MAX];
	bool met[POLICY_RUNGS_MAX] = { false };

	pair_rungs(a, b, pair);
	for (size_t i = 0; i < a->n_rungs; i++) {
		if (pair[i] == b->n_rungs) {
			diff_alone(d, d->old, a, &a->rungs[i],
			    "this rung goes");
			continue;
		}
		met[pair[i]] = true;
		diff_rung(d, b, &a->rungs[i], &b->rungs[pair[i]]);
	}
	for (size_t i = 0; i < b->n_rungs; i++)
		if (!met[i])
			diff_alone(d, d->new, b, &b->rungs[i], "a new rung");
}

/* --- routes --- */

static void
diff_route(struct differ *d, const struct policy_route *a,
    const struct policy_route *b)
{
	char where[64];

	if (strcmp(a->slug, b->slug) != 0 || strcmp(a->title, b->title) != 0)
		diff_say(d, DIFF_ROUTES,
		    "Route %u is called %s (%s), before "
		    "%s (%s).",
		    b->number, b->slug, b->title, a->slug, a->title);
	if (a->keys != b->keys)
		diff_say(d, DIFF_ROUTES, "Route %s has %s keys, before %s.",
		    b->slug, policy_keys_name(b->keys),
		    policy_keys_name(a->keys));
	if (a->recuse_line != b->recuse_line)
		diff_say(d, DIFF_EXCLUSIONS,
		    "Route %s: who reports to a "
		    "marked person is %s.",
		    b->slug,
		    b->recuse_line ? "left out with them now"
				   : "not left out with them any more");
	(void)snprintf(where, sizeof(where), "Route %s, at once", b->slug);
	diff_who(d, where, a->first, a->n_first, b->first, b->n_first);
	diff_ladder(d, a, b);
}

static void
diff_gone(struct differ *d, const struct policy_route *a)
{
	d->sum.gone++;
	diff_say(d, DIFF_ROUTES,
	    "Route %u, %s, is gone. Its open cases are stuck: nobody can "
	    "write on them any more, their reporters neither; no rung is "
	    "reached, whatever is overdue.",
	    a->number, a->slug);
}

void
diff_routes(struct differ *d)
{
	char who[DIFF_WORDS_MAX];

	for (size_t i = 0; i < d->new->n_routes; i++) {
		const struct policy_route *b = &d->new->routes[i];
		const struct policy_route *a = policy_route(d->old, b->number);

		diff_slugs(d->new, b->first, b->n_first, who, sizeof(who));
		if (a != NULL)
			diff_route(d, a, b);
		else
			diff_say(d, DIFF_ROUTES,
			    "Route %u, %s (%s), is new; "
			    "at once: %s.",
			    b->number, b->slug, b->title, who);
	}
	for (size_t i = 0; i < d->old->n_routes; i++)
		if (policy_route(d->new, d->old->routes[i].number) == NULL)
			diff_gone(d, &d->old->routes[i]);
}
