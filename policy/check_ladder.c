#include "policy/check_parts.h"

#include "policy/calendar.h"
#include "policy/line.h"
#include "policy/members.h"
#include "policy/names.h"

/* --- time --- */

/* Whether a, begun at t, may be over after b. */
static bool
is_later_at(const struct policy *p, int64_t t, struct policy_duration a,
    struct policy_duration b)
{
	int64_t due_a, due_b;

	return calendar_add(p, t, a, &due_a) == ERR_OK &&
	    calendar_add(p, t, b, &due_b) == ERR_OK && due_a > due_b;
}

/* In units that differ, the difference is greatest where working time starts
 * or stops, so every such moment while the policy is in force is tried. */
bool
check_may_be_later(const struct policy *p, struct policy_duration a,
    struct policy_duration b)
{
	if (a.unit == b.unit)
		return a.amount > b.amount;
	for (size_t i = 0; i < p->n_intervals; i++) {
		const struct policy_interval *v = &p->intervals[i];

		if (v->end < p->issued || v->start > p->hard_expiry)
			continue;
		if (is_later_at(p, v->start, a, b) ||
		    is_later_at(p, v->end, a, b))
			return true;
	}
	return is_later_at(p, p->issued, a, b);
}

static void
check_order(struct checker *c, const struct policy_route *r, size_t i, size_t j)
{
	const struct policy_rung *a = &r->rungs[i], *b = &r->rungs[j];
	char after_a[DURATION_TEXT_MAX], after_b[DURATION_TEXT_MAX];

	if (a->when != b->when || (a->bands & b->bands) == 0 ||
	    !check_may_be_later(c->p, a->after, b->after))
		return;
	duration_format(&a->after, after_a);
	duration_format(&b->after, after_b);
	check_say(c,
	    FOUND(CHECK_ERROR, CHECK_ORDER, .route = r,
		.rung = (unsigned)j + 1),
	    "Route %s runs backwards: rung %zu (%s after %s) can come before "
	    "rung %zu (after %s).",
	    r->slug, j + 1, rung_when_name(b->when), after_b, i + 1, after_a);
}

/* --- people --- */

static void
check_person(struct checker *c, const struct policy_route *r, uint16_t number)
{
	const struct policy_person *who = policy_person(c->p, number);

	if (!policy_person_is_current(who, c->day))
		check_say(c,
		    FOUND(CHECK_WARNING, CHECK_PERSON, .route = r,
			.person = number),
		    "Route %s names %s, who has left.", r->slug, who->slug);
	else if (members_recipient(c->p, r, number, c->day) == NULL)
		check_say(c,
		    FOUND(CHECK_ERROR, CHECK_PERSON, .route = r,
			.person = number),
		    "%s is to read on route %s and has no %s key on the day "
		    "of issue.",
		    who->slug, r->slug, policy_keys_name(r->keys));
}

static void
check_rung(struct checker *c, const struct policy_route *r, size_t i)
{
	const struct policy_rung *g = &r->rungs[i];
	size_t living = 0;

	for (size_t k = 0; k < g->n_who; k++) {
		living += check_lives(c, r, g->verb, g->who[k]);
		if (g->verb == VERB_JOIN)
			check_person(c, r, g->who[k]);
	}
	if (living < 2)
		check_say(c,
		    FOUND(CHECK_WARNING, CHECK_RUNG, .route = r,
			.rung = (unsigned)i + 1),
		    "Route %s, rung %zu: living people on it: %zu; there "
		    "should be two.",
		    r->slug, i + 1, living);
}

/* One that counts in a band and cannot come in it. */
static void
check_waits(struct checker *c, const struct policy_route *r, size_t i)
{
	const struct policy_rung *g = &r->rungs[i];

	for (uint8_t band = 1; band <= POLICY_BANDS; band++)
		if ((g->bands & BAND_BIT(band)) &&
		    !check_rung_comes(c->p, g, band)) {
			check_say(c,
			    FOUND(CHECK_WARNING, CHECK_RUNG, .route = r,
				.rung = (unsigned)i + 1, .band = band),
			    "Route %s, rung %zu waits for a deadline to be "
			    "missed, and in P%u there is none that runs from "
			    "the beginning.",
			    r->slug, i + 1, band);
			return;
		}
}

/* --- the end of a ladder --- */

/* A deadline must pass before it can have been missed; that it is received is
 * all that is certain of a case. */
bool
check_rung_comes(const struct policy *p, const struct policy_rung *g,
    unsigned band)
{
	if ((g->bands & BAND_BIT(band)) == 0)
		return false;
	return g->when != RUNG_BREACHED ||
	    p->deadline[DEADLINE_ACKNOWLEDGE][band - 1].amount > 0 ||
	    p->deadline[DEADLINE_TRIAGE][band - 1].amount > 0 ||
	    p->deadline[DEADLINE_UPDATE][band - 1].amount > 0;
}

/* The last rung that comes in a band; NULL where none does. */
static const struct policy_rung *
last_rung(const struct policy *p, const struct policy_route *r, unsigned band)
{
	const struct policy_rung *last = NULL;

	for (size_t i = 0; i < r->n_rungs; i++)
		if (check_rung_comes(p, &r->rungs[i], band))
			last = &r->rungs[i];
	return last;
}

/* The first recipients, all above them, and all below any of those. */
static struct people_set
line_of_first(const struct policy *p, const struct policy_route *r)
{
	struct people_set line = { 0 };

	for (size_t i = 0; i < r->n_first; i++)
		people_add(p, &line, r->first[i]);
	people_add_managers(p, &line);
	people_add_reports(p, &line);
	return line;
}

static bool
somebody_outside(const struct checker *c, const struct policy_route *r,
    const struct people_set *inside, const struct policy_rung *last)
{
	for (size_t i = 0; i < last->n_who; i++) {
		const struct policy_person *who =
		    policy_person(c->p, last->who[i]);

		if (!people_has(inside, (size_t)(who - c->p->people)) &&
		    check_lives(c, r, last->verb, who->number))
			return true;
	}
	return false;
}

enum ladder_end
check_ladder_end(const struct checker *c, const struct policy_route *r,
    unsigned band, const uint16_t *excluded, size_t n, unsigned *ret_rung)
{
	const struct policy_rung *last = last_rung(c->p, r, band);
	struct people_set inside;

	if (last == NULL)
		return LADDER_EMPTY;
	inside = line_of_first(c->p, r);
	for (size_t i = 0; i < n; i++)
		people_add(c->p, &inside, excluded[i]);
	*ret_rung = (unsigned)(last - r->rungs) + 1;
	return somebody_outside(c, r, &inside, last) ? LADDER_OUTSIDE
						     : LADDER_INSIDE;
}

static void
check_end(struct checker *c, const struct policy_route *r)
{
	unsigned rung = 0;

	for (uint8_t band = 1; band <= POLICY_BANDS; band++)
		switch (check_ladder_end(c, r, band, NULL, 0, &rung)) {
		case LADDER_EMPTY:
			check_say(c,
			    FOUND(CHECK_ERROR, CHECK_END, .route = r,
				.band = band),
			    "Route %s has no ladder in band P%u: what nobody "
			    "acts on stays there.",
			    r->slug, band);
			break;
		case LADDER_INSIDE:
			check_say(c,
			    FOUND(CHECK_ERROR, CHECK_END, .route = r,
				.band = band, .rung = rung),
			    "Route %s, band P%u: the ladder ends at rung %u, "
			    "with nobody outside the line of management of its "
			    "first people.",
			    r->slug, band, rung);
			break;
		case LADDER_OUTSIDE:
			break;
		}
}

/* What fits into a concern: envelopes, and lines of who is told. */
static void
check_size(struct checker *c, const struct policy_route *r)
{
	struct member members[ENTRY_PEOPLE_MAX];
	size_t n;

	if (members_compute(c->p, r, NULL, 0, c->day, members, MEMBERS_MAX,
		&n) != ERR_OK)
		check_say(c, FOUND(CHECK_ERROR, CHECK_SIZE, .route = r),
		    "Route %s has more than %d readers, with all its rungs.",
		    r->slug, MEMBERS_MAX);
	else if (n == MEMBERS_MAX)
		check_say(c, FOUND(CHECK_WARNING, CHECK_SIZE, .route = r),
		    "Route %s has %d readers, with all its rungs: a case on it "
		    "cannot be given to anybody else.",
		    r->slug, MEMBERS_MAX);
	if (members_told(c->p, r, NULL, 0, c->day, members, ENTRY_PEOPLE_MAX,
		&n) != ERR_OK)
		check_say(c, FOUND(CHECK_ERROR, CHECK_SIZE, .route = r),
		    "Route %s tells more than %d people, with all its rungs.",
		    r->slug, ENTRY_PEOPLE_MAX);
}

/* A case that takes another route keeps its readers. */
static void
check_move(struct checker *c, const struct policy_route *from,
    const struct policy_route *to)
{
	struct member_change change = { CHANGE_ROUTE, to->number };
	struct member members[MEMBERS_MAX];
	size_t n;

	if (from == to ||
	    members_compute(c->p, from, NULL, 0, c->day, members, MEMBERS_MAX,
		&n) != ERR_OK ||
	    members_compute(c->p, to, NULL, 0, c->day, members, MEMBERS_MAX,
		&n) != ERR_OK)
		return;
	if (members_after(c->p, from, NULL, 0, &change, 1, c->day, members,
		MEMBERS_MAX, &n) == ERR_LIMIT)
		check_say(c, FOUND(CHECK_WARNING, CHECK_SIZE, .route = to),
		    "A case on route %s cannot take route %s: it would have "
		    "more than %d readers.",
		    from->slug, to->slug, MEMBERS_MAX);
}

/* Whoever sends a plain concern computes no ladder. */
static void
check_plain(struct checker *c)
{
	const struct policy_route *r = c->p->plain_route < 0
	    ? NULL
	    : policy_route(c->p, (unsigned)c->p->plain_route);

	for (size_t i = 0; r != NULL && i < r->n_rungs; i++)
		if (r->rungs[i].verb == VERB_JOIN)
			check_say(c,
			    FOUND(CHECK_WARNING, CHECK_PLAIN, .route = r,
				.rung = (unsigned)i + 1),
			    "Route %s takes plain concerns, and nobody seals "
			    "them to rung %zu, which joins.",
			    r->slug, i + 1);
}

void
check_routes(struct checker *c)
{
	check_plain(c);
	for (size_t i = 0; i < c->p->n_routes; i++) {
		const struct policy_route *r = &c->p->routes[i];

		for (size_t k = 0; k < r->n_first; k++)
			check_person(c, r, r->first[k]);
		for (size_t k = 0; k < r->n_rungs; k++) {
			check_rung(c, r, k);
			check_waits(c, r, k);
			for (size_t before = 0; before < k; before++)
				check_order(c, r, before, k);
		}
		check_end(c, r);
		check_size(c, r);
		for (size_t k = 0; k < c->p->n_routes; k++)
			check_move(c, r, &c->p->routes[k]);
	}
}
