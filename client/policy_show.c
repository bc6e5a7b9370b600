#include "client/policy_show.h"

#include <inttypes.h>
#include <stdio.h>

#include "crypto/codec.h"

#define WHEN_MAX (POLICY_RUNGS_MAX * (WORDS_RUNG_MAX + 64))

void
policy_say_head(const struct term *t, const struct policy *p)
{
	char issued[11], soft[11], hard[11];

	day_format(issued, p->issued / DAY_SECONDS);
	day_format(soft, p->soft_expiry / DAY_SECONDS);
	day_format(hard, p->hard_expiry / DAY_SECONDS);
	term_say(t,
	    "%s, policy %" PRIu32 ": issued %s, should be renewed by "
	    "%s, ends %s.",
	    p->org, p->serial, issued, soft, hard);
}

static void
say_person(const struct term *t, unsigned level, const struct policy *p,
    uint16_t number, const char *when)
{
	char who[WORDS_PERSON_MAX];

	policy_person_text(p, number, who, sizeof(who));
	term_item(t, level, "%s%s%s", who, when[0] != '\0' ? ", " : "", when);
}

void
policy_say_route(const struct term *t, const struct policy *p,
    const struct policy_route *r)
{
	char when[WORDS_RUNG_MAX];

	term_item(t, 1, "Route %u, %s (%s keys)", r->number, r->title,
	    policy_keys_name(r->keys));
	for (size_t i = 0; i < r->n_first; i++)
		say_person(t, 2, p, r->first[i], "at once");
	for (size_t i = 0; i < r->n_rungs; i++) {
		const struct policy_rung *g = &r->rungs[i];
		char text[WORDS_RUNG_MAX + 16];

		policy_rung_text(g, when, sizeof(when));
		(void)snprintf(text, sizeof(text), "%s %s",
		    g->verb == VERB_JOIN ? "may read" : "is told", when);
		for (size_t k = 0; k < g->n_who; k++)
			say_person(t, 2, p, g->who[k], text);
	}
}

/* --- who would get a concern --- */

struct readers {
	const struct term *t;
	const struct policy *p;
	const struct policy_route *r;
	uint8_t band; /* BAND_BIT */
	size_t n;
	struct member m[MEMBERS_MAX];
};

static bool
can_read(const struct readers *all, uint16_t person)
{
	for (size_t i = 0; i < all->n; i++) {
		if (all->m[i].person == person)
			return true;
	}
	return false;
}

static void
say_first(const struct readers *all)
{
	term_say(all->t, "\nThese people can read it at once:");
	for (size_t i = 0; i < all->n; i++) {
		if (all->m[i].rung == 0)
			say_person(all->t, 1, all->p, all->m[i].person, "");
	}
}

static bool
is_on_rung(const struct policy_rung *g, enum rung_verb verb, uint16_t person)
{
	for (size_t i = 0; g->verb == verb && i < g->n_who; i++) {
		if (g->who[i] == person)
			return true;
	}
	return false;
}

static void
put_rung(const struct policy_rung *g, bool counts, struct buf *out)
{
	char when[WORDS_RUNG_MAX], bands[32];

	policy_rung_text(g, when, sizeof(when));
	policy_bands_text(g->bands, bands, sizeof(bands));
	if (out->n > 0)
		buf_put_str(out, ", or ");
	if (!counts)
		buf_printf(out, "only if its urgency is set to %s: ", bands);
	buf_put_str(out, when);
}

/* By the rungs that count in its band; where there is none, by the others. */
static void
put_rungs(const struct readers *all, const struct member *m, struct buf *out)
{
	for (int counts = 1; counts >= 0 && out->n == 0; counts--) {
		for (size_t i = 0; i < all->r->n_rungs; i++) {
			const struct policy_rung *g = &all->r->rungs[i];

			if (((g->bands & all->band) != 0) == (counts != 0) &&
			    is_on_rung(g, m->verb, m->person))
				put_rung(g, counts != 0, out);
		}
	}
}

static void
say_on_rung(const struct readers *all, const struct member *m, bool *said,
    const char *title)
{
	struct buf when CLEAN_BUF = BUF_INIT(WHEN_MAX);

	if (!*said)
		term_say(all->t, "\n%s", title);
	*said = true;
	put_rungs(all, m, &when);
	buf_put_u8(&when, 0);
	say_person(all->t, 1, all->p, m->person,
	    when.err != ERR_OK ? "later" : (const char *)when.p);
}

static void
say_later(const struct readers *all)
{
	bool said = false;

	for (size_t i = 0; i < all->n; i++) {
		if (all->m[i].rung > 0)
			say_on_rung(all, &all->m[i], &said,
			    "These may read it later, and only if nothing "
			    "has happened by then:");
	}
	if (said)
		term_say(all->t,
		    "It can be earlier: a guardian may bring them in sooner, "
		    "or nobody before them is there any more.");
}

/* Of those who can read it nothing is told that they do not know. */
static void
say_told(const struct readers *all, const uint16_t *marked, size_t n_marked,
    int64_t day)
{
	struct member m[POLICY_PEOPLE_MAX];
	bool said = false;
	size_t n = 0;

	if (members_told(all->p, all->r, marked, n_marked, day, m,
		POLICY_PEOPLE_MAX, &n) != ERR_OK)
		return;
	for (size_t i = 0; i < n; i++) {
		if (!can_read(all, m[i].person))
			say_on_rung(all, &m[i], &said,
			    "These are told that something is overdue, and can "
			    "read nothing:");
	}
}

static void
say_never(const struct readers *all, const uint16_t *marked, size_t n_marked)
{
	uint16_t out[POLICY_PEOPLE_MAX];
	size_t n = 0;

	if (n_marked == 0 ||
	    exclusions_close(all->p, all->r, marked, n_marked, out,
		POLICY_PEOPLE_MAX, &n) != ERR_OK)
		return;
	term_say(all->t, "\nThese people are left out and can never read it:");
	for (size_t i = 0; i < n; i++)
		say_person(all->t, 1, all->p, out[i], "");
}

void
policy_say_readers(const struct term *t, const struct policy *p,
    const struct policy_route *r, const struct manifest *m, int64_t day)
{
	struct readers all = {
		.t = t, .p = p, .r = r, .band = BAND_BIT(m->band)
	};

	if (members_compute(p, r, m->exclude, m->n_exclude, day, all.m,
		MEMBERS_MAX, &all.n) == ERR_OK) {
		say_first(&all);
		say_later(&all);
	}
	say_told(&all, m->exclude, m->n_exclude, day);
	say_never(&all, m->exclude, m->n_exclude);
}
