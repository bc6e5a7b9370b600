#include "policy/check_parts.h"

#include "policy/members.h"
#include "policy/names.h"

/* --- the table of deadlines --- */

static void
check_pair(struct checker *c, unsigned band, const char *what,
    struct policy_duration a, struct policy_duration b)
{
	char text_a[DURATION_TEXT_MAX], text_b[DURATION_TEXT_MAX];

	if (a.amount == 0 || b.amount == 0 || !check_may_be_later(c->p, a, b))
		return;
	duration_format(&a, text_a);
	duration_format(&b, text_b);
	check_say(c, FOUND(CHECK_ERROR, CHECK_DEADLINE, .band = (uint8_t)band),
	    "Deadlines run backwards: %s: %s can be over before %s.", what,
	    text_b, text_a);
}

static void
check_deadlines(struct checker *c)
{
	const struct policy_duration(*table)[POLICY_BANDS] = c->p->deadline;

	for (unsigned d = 0; d < POLICY_DEADLINES; d++)
		for (unsigned b = 1; b < POLICY_BANDS; b++)
			check_pair(c, b + 1, deadline_names.name[d],
			    table[d][b - 1], table[d][b]);
	for (unsigned b = 0; b < POLICY_BANDS; b++) {
		check_pair(c, b + 1, "triage comes after acknowledge",
		    table[DEADLINE_ACKNOWLEDGE][b], table[DEADLINE_TRIAGE][b]);
		check_pair(c, b + 1, "report-complex is longer than report",
		    table[DEADLINE_REPORT][b],
		    table[DEADLINE_REPORT_COMPLEX][b]);
	}
}

/* --- what time alone does --- */

static void
check_silence(struct checker *c)
{
	const struct policy_limits *l = &c->p->limits;

	for (size_t i = 0; i < l->n_prompts; i++)
		if (l->close_after_days > 0 &&
		    l->prompt_days[i] >= l->close_after_days)
			check_say(c, FOUND(CHECK_WARNING, CHECK_DEADLINE),
			    "A silent reporter is asked again after %u days, "
			    "and the case is closed after %u.",
			    l->prompt_days[i], l->close_after_days);
	for (size_t i = 0; i < l->n_detriment; i++)
		if (l->detriment_days[i] > l->mailbox_days)
			check_say(c, FOUND(CHECK_WARNING, CHECK_DEADLINE),
			    "The reporter is asked how they are treated after "
			    "%u days, and the mailbox is kept for %u.",
			    l->detriment_days[i], l->mailbox_days);
}

/* --- people for more than one route --- */

static bool
has_investigator(const struct checker *c)
{
	const struct policy *p = c->p;

	for (size_t i = 0; i < p->n_people; i++)
		if (p->people[i].role == ROLE_INVESTIGATOR &&
		    policy_person_is_current(&p->people[i], c->day) &&
		    policy_key_at(&p->people[i], c->day) != NULL)
			return true;
	return false;
}

void
check_limits(struct checker *c)
{
	check_deadlines(c);
	check_silence(c);
	for (uint8_t band = 1; band <= 2; band++)
		if (!(c->p->limits.close_needs_second & BAND_BIT(band)))
			check_say(c,
			    FOUND(CHECK_WARNING, CHECK_LIMIT, .band = band),
			    "In P%u one person alone can close a case.", band);
	if (!has_investigator(c))
		check_say(c, FOUND(CHECK_NOTE, CHECK_LIMIT),
		    "Nobody who could read is an investigator: no case can be "
		    "investigated.");
}
