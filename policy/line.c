#include "policy/line.h"

static void
put(struct people_set *s, size_t place)
{
	s->bits[place / 64] |= UINT64_C(1) << place % 64;
}

/* The place of a person with that number; n_people where there is none. */
static size_t
place_of(const struct policy *p, uint16_t number)
{
	size_t i = 0;

	while (i < p->n_people && p->people[i].number != number)
		i++;
	return i;
}

void
people_add(const struct policy *p, struct people_set *s, uint16_t number)
{
	size_t place = place_of(p, number);

	if (place < p->n_people)
		put(s, place);
}

bool
people_has(const struct people_set *s, size_t place)
{
	return s->bits[place / 64] >> place % 64 & 1;
}

/* Adds the manager of a person within, or a person whose manager is within;
 * whether that was somebody new. */
static bool
widen(const struct policy *p, struct people_set *s, size_t i, bool up)
{
	const struct policy_person *who = &p->people[i];
	bool grew = false;

	for (size_t k = 0; k < who->n_reports_to; k++) {
		size_t manager = place_of(p, who->reports_to[k]);
		size_t from = up ? i : manager, to = up ? manager : i;

		if (manager < p->n_people && people_has(s, from) &&
		    !people_has(s, to)) {
			put(s, to);
			grew = true;
		}
	}
	return grew;
}

static void
widen_all(const struct policy *p, struct people_set *s, bool up)
{
	bool grew;

	do {
		grew = false;
		for (size_t i = 0; i < p->n_people; i++)
			grew |= widen(p, s, i, up);
	} while (grew);
}

void
people_add_managers(const struct policy *p, struct people_set *s)
{
	widen_all(p, s, true);
}

void
people_add_reports(const struct policy *p, struct people_set *s)
{
	widen_all(p, s, false);
}

bool
policy_reports_to(const struct policy *p, uint16_t a, uint16_t b)
{
	struct people_set above = { 0 };
	size_t i = place_of(p, a), target = place_of(p, b);

	if (i == p->n_people || target == p->n_people)
		return false;
	for (size_t k = 0; k < p->people[i].n_reports_to; k++)
		people_add(p, &above, p->people[i].reports_to[k]);
	people_add_managers(p, &above);
	return people_has(&above, target);
}
