#include "policy/explain.h"

#include "policy/check_parts.h"
#include "policy/names.h"
#include "policy/words.h"

/* --- one concern --- */

static void
put_person(const struct policy *p, uint16_t number, struct buf *out)
{
	const struct policy_person *who = policy_person(p, number);
	char text[WORDS_PERSON_MAX];

	policy_person_text(p, number, text, sizeof(text));
	buf_printf(out, "  %s: %s", who != NULL ? who->slug : "?", text);
}

static void
put_people(const struct policy *p, const uint16_t *who, size_t n,
    struct buf *out)
{
	for (size_t i = 0; i < n; i++) {
		put_person(p, who[i], out);
		buf_put_str(out, "\n");
	}
}

static void
put_choice(const struct explanation *x, struct buf *out)
{
	char words[320];

	check_describe_rule(x->p, &x->p->rules[x->choice.rule], words,
	    sizeof(words));
	buf_printf(out,
	    "It takes route %u, %s (%s), and starts in band P%u, "
	    "by rule %u: %s.\n",
	    x->route->number, x->route->slug, x->route->title, x->choice.band,
	    x->choice.rule + 1u, words);
}

static void
put_first(const struct explanation *x, struct buf *out)
{
	buf_put_str(out, "At once it can be read by:\n");
	for (size_t i = 0; i < x->n_members; i++)
		if (x->member[i].rung == 0)
			put_people(x->p, &x->member[i].person, 1, out);
}

/* Of a rung's people those who are still there when exclusions are taken out,
 * and, where they are told, do not read anyway. */
static size_t
people_of(const struct explanation *x, const struct policy_rung *g,
    uint16_t *out)
{
	const struct member *m = g->verb == VERB_JOIN ? x->member : x->told;
	size_t all = g->verb == VERB_JOIN ? x->n_members : x->n_told, n = 0;

	for (size_t i = 0; i < g->n_who; i++)
		for (size_t k = 0; k < all; k++)
			if (m[k].person == g->who[i] &&
			    !members_rung_has(x->route, 0, g->who[i]))
				out[n++] = g->who[i];
	return n;
}

static void
put_rung(const struct explanation *x, unsigned rung, struct buf *out)
{
	const struct policy_rung *g = &x->route->rungs[rung - 1];
	uint16_t who[POLICY_WHO_MAX];
	char when[WORDS_RUNG_MAX], bands[32];
	size_t n = people_of(x, g, who);

	policy_rung_text(g, when, sizeof(when));
	policy_bands_text(g->bands, bands, sizeof(bands));
	buf_printf(out, "Rung %u, %s", rung, when);
	if (!explain_rung_counts(x, rung))
		buf_printf(out, " (only once it is in %s)", bands);
	if (n == 0)
		buf_put_str(out, ": nobody who does not read it already.\n");
	else
		buf_put_str(out,
		    g->verb == VERB_JOIN
			? ": it can be read by\n"
			: ": these are told that it is overdue, and cannot "
			  "read it:\n");
	put_people(x->p, who, n, out);
}

static void
put_left_out(const struct explanation *x, struct buf *out)
{
	if (x->n_out > 0)
		buf_put_str(out, "These are left out, whatever happens:\n");
	for (size_t i = 0; i < x->n_out; i++) {
		uint16_t above = explain_below(x, x->out[i]);

		put_person(x->p, x->out[i], out);
		if (above == 0)
			buf_put_str(out, ", who is marked\n");
		else
			buf_printf(out, ", who reports to %s\n",
			    policy_person(x->p, above)->slug);
	}
}

static bool
is_out(const struct explanation *x, uint16_t person)
{
	for (size_t i = 0; i < x->n_out; i++)
		if (x->out[i] == person)
			return true;
	return false;
}

static void
put_if_missing(const struct explanation *x, uint16_t number, enum rung_verb v,
    struct buf *out)
{
	const struct policy_person *who = policy_person(x->p, number);

	if (is_out(x, number))
		return;
	if (!policy_person_is_current(who, x->day))
		buf_printf(out, "%s is named on this route, and has left.\n",
		    who->slug);
	else if (v == VERB_JOIN &&
	    members_recipient(x->p, x->route, number, x->day) == NULL)
		buf_printf(out,
		    "%s is named on this route, and cannot read: "
		    "there is no %s key.\n",
		    who->slug, policy_keys_name(x->route->keys));
}

static void
put_missing(const struct explanation *x, struct buf *out)
{
	const struct policy_route *r = x->route;

	for (size_t i = 0; i < r->n_first; i++)
		put_if_missing(x, r->first[i], VERB_JOIN, out);
	for (size_t i = 0; i < r->n_rungs; i++)
		for (size_t k = 0; k < r->rungs[i].n_who; k++)
			put_if_missing(x, r->rungs[i].who[k], r->rungs[i].verb,
			    out);
}

static void
put_days(const uint16_t *days, size_t n, struct buf *out)
{
	for (size_t i = 0; i < n; i++)
		buf_printf(out, "%s%u",
		    i == 0	     ? ""
			: i + 1 == n ? " and "
				     : ", ",
		    days[i]);
	buf_put_str(out, " days");
}

/* What happens with time alone, apart from the ladder. */
static void
put_times(const struct policy *p, uint8_t band, struct buf *out)
{
	const struct policy_limits *l = &p->limits;
	bool two = (l->close_needs_second & BAND_BIT(band)) != 0;
	char time[DURATION_TEXT_MAX];

	buf_printf(out, "Deadlines in P%u:\n", band);
	for (unsigned d = 0; d < POLICY_DEADLINES; d++) {
		if (p->deadline[d][band - 1].amount == 0)
			continue;
		duration_format(&p->deadline[d][band - 1], time);
		buf_printf(out, "  %s: %s\n", deadline_names.name[d], time);
	}
	if (l->n_prompts > 0) {
		buf_put_str(out, "A silent reporter is asked again after ");
		put_days(l->prompt_days, l->n_prompts, out);
		buf_put_str(out, ".\n");
	}
	buf_printf(out, "After %u days of silence %s.\n", l->close_after_days,
	    two ? "its readers are told, since two people must close it"
		: "it is closed, with notice");
	if (l->n_detriment > 0) {
		buf_put_str(out,
		    "After closing, the reporter is asked how "
		    "they are treated after ");
		put_days(l->detriment_days, l->n_detriment, out);
		buf_put_str(out, ".\n");
	}
	buf_printf(out, "It is closed by %s.\n",
	    two ? "two people, never by one alone" : "one person");
}

void
explain_put(const struct explanation *x, struct buf *out)
{
	put_choice(x, out);
	put_first(x, out);
	for (unsigned i = 1; i <= x->route->n_rungs; i++)
		put_rung(x, i, out);
	put_left_out(x, out);
	put_missing(x, out);
	put_times(x->p, x->choice.band, out);
}

/* --- all routes --- */

static void
put_rules_of(const struct policy *p, const struct policy_route *r,
    struct buf *out)
{
	char words[320];

	for (size_t i = 0; i < p->n_rules; i++) {
		if (p->rules[i].route != r->number)
			continue;
		check_describe_rule(p, &p->rules[i], words, sizeof(words));
		buf_printf(out, "  taken, in P%u, by rule %zu: %s\n",
		    p->rules[i].band, i + 1, words);
	}
	if (p->plain_route == r->number)
		buf_printf(out,
		    "  taken, in P%u, by what is sent without our "
		    "software\n",
		    p->plain_band);
}

static void
put_slugs(const struct policy *p, const uint16_t *who, size_t n,
    struct buf *out)
{
	for (size_t i = 0; i < n; i++)
		buf_printf(out, "%s%s",
		    i == 0	     ? ""
			: i + 1 == n ? " and "
				     : ", ",
		    policy_person(p, who[i])->slug);
}

static void
put_route(const struct policy *p, const struct policy_route *r, struct buf *out)
{
	char when[WORDS_RUNG_MAX], bands[32];

	buf_printf(out, "Route %u, %s (%s)\n", r->number, r->slug, r->title);
	put_rules_of(p, r, out);
	buf_put_str(out, "  at once: ");
	put_slugs(p, r->first, r->n_first, out);
	buf_put_str(out, "\n");
	for (size_t i = 0; i < r->n_rungs; i++) {
		const struct policy_rung *g = &r->rungs[i];

		policy_rung_text(g, when, sizeof(when));
		policy_bands_text(g->bands, bands, sizeof(bands));
		buf_printf(out, "  rung %zu, %s, in %s: ", i + 1, when, bands);
		put_slugs(p, g->who, g->n_who, out);
		buf_printf(out, " %s\n",
		    g->verb == VERB_JOIN ? "may read" : "are told");
	}
	if (r->recuse_line)
		buf_put_str(out,
		    "  whoever reports to a marked person is left "
		    "out with them\n");
}

void
explain_routes(const struct policy *p, struct buf *out)
{
	for (size_t i = 0; i < p->n_routes; i++)
		put_route(p, &p->routes[i], out);
	for (uint8_t band = 1; band <= POLICY_BANDS; band++)
		put_times(p, band, out);
}
