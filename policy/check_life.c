#include "policy/check_parts.h"

#include "policy/life.h"
#include "policy/line.h"
#include "policy/members.h"

/*
 * No case gets stuck: from each place in its life that its people can bring it
 * to, they can bring it to its end. Its people are those who come in at once
 * or by the ladder in its band, and whomever they could give it to; nobody
 * needs another band or route for it. A place is a state, twice: with findings
 * of conduct, and without.
 */

#define PLACE(state, conduct) (1u << (2 * (state) + (conduct)))
_Static_assert(2 * CASE_STATES <= 32, "a set of places is 32 bits");

struct crew {
	unsigned parts;	 /* of all of them */
	size_t deciders; /* may close, or agree to it */
};

static void
take_in(struct crew *c, const struct policy_person *who, bool is_given)
{
	unsigned parts = life_parts(who, is_given);

	c->parts |= parts;
	c->deciders += (parts & (PART_HANDLER | PART_EXECUTIVE)) != 0;
}

static bool
is_in(const struct member *m, size_t n, uint16_t person)
{
	for (size_t i = 0; i < n; i++)
		if (m[i].person == person)
			return true;
	return false;
}

/* Whoever could be given it: there is room for one more at a time. */
static void
take_in_others(struct crew *crew, const struct checker *c,
    const struct policy_route *r, uint16_t marked, const struct member *m,
    size_t n)
{
	struct people_set out = { 0 };

	people_add(c->p, &out, marked);
	if (r->recuse_line)
		people_add_reports(c->p, &out);
	for (size_t i = 0; i < c->p->n_people; i++) {
		const struct policy_person *who = &c->p->people[i];

		if (!people_has(&out, i) && !is_in(m, n, who->number) &&
		    check_lives(c, r, VERB_JOIN, who->number))
			take_in(crew, who, true);
	}
}

static enum life_refusal
may(const struct life *l, enum message_kind kind, unsigned parts)
{
	/* somebody, who wrote no report: investigators chair no reviews */
	struct entry e = { .kind = kind, .author = 1 };

	return life_may(l, &e, parts);
}

/* Whether a step changes the state by the hand of staff, and of how many. */
static bool
can_step(const struct life *l, enum message_kind kind, const struct crew *crew,
    bool needs_second)
{
	if (message_form(kind)->author != AUTHOR_STAFF ||
	    kind == MESSAGE_SECOND || kind == MESSAGE_DECLINE ||
	    kind == MESSAGE_DISMISS || /* no end for what is meant */
	    may(l, kind, crew->parts) != LIFE_OK)
		return false;
	return kind != MESSAGE_CLOSE || !needs_second || crew->deciders > 1;
}

/* All places one step away. */
static uint32_t
steps_from(unsigned place, const struct crew *crew, bool needs_second)
{
	struct life l = { .state = (enum case_state)(place / 2),
		.flags = place % 2 ? CASE_IS_CONDUCT : 0 };
	uint32_t to = 0;

	for (unsigned k = 0; k < MESSAGE_KINDS; k++) {
		enum message_kind kind = (enum message_kind)k;
		enum case_state next = life_table_next(l.state, kind);
		bool conduct = place % 2 && kind != MESSAGE_REVIEW;

		if (!can_step(&l, kind, crew, needs_second))
			continue;
		to |= PLACE(next, conduct);
		if (kind == MESSAGE_REPORT)
			to |= PLACE(next, true);
	}
	return to;
}

static uint32_t
places_reached(const uint32_t *step)
{
	uint32_t seen = PLACE(CASE_RECEIVED, false), before;

	do {
		before = seen;
		for (unsigned i = 0; i < 2 * CASE_STATES; i++)
			if (seen >> i & 1)
				seen |= step[i];
	} while (seen != before);
	return seen;
}

static uint32_t
places_that_end(const uint32_t *step)
{
	uint32_t ends = PLACE(CASE_CLOSED, false), before;

	do {
		before = ends;
		for (unsigned i = 0; i < 2 * CASE_STATES; i++)
			if (step[i] & ends)
				ends |= 1u << i;
	} while (ends != before);
	return ends;
}

bool
check_stuck(const struct checker *c, const struct policy_route *r, uint8_t band,
    uint16_t marked, enum case_state *ret_state, bool *ret_conduct)
{
	struct crew crew = { 0 };
	struct member m[MEMBERS_MAX];
	uint32_t step[2 * CASE_STATES], stuck;
	bool two = (c->p->limits.close_needs_second & BAND_BIT(band)) != 0;
	size_t all = 0, n = 0;

	if (members_compute(c->p, r, &marked, marked != 0, c->day, m,
		MEMBERS_MAX, &all) != ERR_OK)
		return false;
	for (size_t i = 0; i < all; i++)
		if (check_comes_in(c->p, r, band, m[i].person))
			m[n++] = m[i];
	for (size_t i = 0; i < n; i++)
		take_in(&crew, policy_person(c->p, m[i].person), false);
	if (n > 0 && all < MEMBERS_MAX)
		take_in_others(&crew, c, r, marked, m, n);
	for (unsigned i = 0; i < 2 * CASE_STATES; i++)
		step[i] = steps_from(i, &crew, two);
	stuck = places_reached(step) & ~places_that_end(step);
	if (stuck == 0)
		return false;
	*ret_state = (enum case_state)(__builtin_ctz(stuck) / 2);
	*ret_conduct = __builtin_ctz(stuck) % 2 != 0;
	return true;
}
