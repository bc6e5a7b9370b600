#include "policy/diff_parts.h"

#include <stdio.h>
#include <string.h>

#include "crypto/codec.h"
#include "policy/names.h"
#include "policy/words.h"

/* --- deadlines --- */

static void
time_text(const struct policy_duration *d, char out[static DURATION_TEXT_MAX])
{
	if (d->amount == 0)
		(void)snprintf(out, DURATION_TEXT_MAX, "none");
	else
		duration_format(d, out);
}

static void
diff_deadline(struct differ *d, unsigned which, unsigned band)
{
	const struct policy_duration *a = &d->old->deadline[which][band];
	const struct policy_duration *b = &d->new->deadline[which][band];
	char was[DURATION_TEXT_MAX], is[DURATION_TEXT_MAX];

	time_text(a, was);
	time_text(b, is);
	if (strcmp(was, is) != 0)
		diff_say(d, DIFF_TIMES,
		    "The deadline %s in P%u: %s, before %s.",
		    deadline_names.name[which], band + 1, is, was);
}

/* --- calendar: where both policies have one --- */

static bool
has_interval(const struct policy *p, const struct policy_interval *v)
{
	for (size_t i = 0; i < p->n_intervals; i++)
		if (p->intervals[i].start == v->start &&
		    p->intervals[i].end == v->end)
			return true;
	return false;
}

static int64_t
first_start(const struct policy *p)
{
	return p->n_intervals > 0 ? p->intervals[0].start : 0;
}

static int64_t
last_end(const struct policy *p)
{
	return p->n_intervals > 0 ? p->intervals[p->n_intervals - 1].end : 0;
}

/* Working days of a that b has not, where b's calendar reaches. */
static size_t
missing_days(const struct policy *a, const struct policy *b, int64_t *ret_first)
{
	size_t n = 0;

	for (size_t i = a->n_intervals; i-- > 0;) {
		const struct policy_interval *v = &a->intervals[i];

		if (v->start < first_start(b) || v->end > last_end(b) ||
		    has_interval(b, v))
			continue;
		*ret_first = v->start / DAY_SECONDS;
		n++;
	}
	return n;
}

static void
diff_calendar(struct differ *d)
{
	int64_t day = 0;
	char text[11];
	size_t n = missing_days(d->new, d->old, &day);

	day_format(text, day);
	if (n > 0)
		diff_say(d, DIFF_TIMES,
		    "There is new working time on %zu days,"
		    " first on %s.",
		    n, text);
	n = missing_days(d->old, d->new, &day);
	day_format(text, day);
	if (n > 0)
		diff_say(d, DIFF_TIMES,
		    "Working time as it was falls away on "
		    "%zu days, first on %s.",
		    n, text);
	if (strcmp(d->old->zone, d->new->zone) != 0)
		diff_say(d, DIFF_TIMES, "The time zone is %s.", d->new->zone);
}

/* --- limits --- */

static void
diff_number(struct differ *d, const char *what, unsigned was, unsigned is)
{
	if (was != is)
		diff_say(d, DIFF_LIMITS, "%s: %u, before %u.", what, is, was);
}

static void
days_text(const uint16_t *days, size_t n, char *out, size_t cap)
{
	size_t at = 0;

	(void)snprintf(out, cap, "never");
	for (size_t i = 0; i < n && at < cap; i++) {
		(void)snprintf(out + at, cap - at, "%s%u", i > 0 ? ", " : "",
		    days[i]);
		at = strlen(out);
	}
}

static void
diff_days(struct differ *d, const char *what, const uint16_t *a, size_t n,
    const uint16_t *b, size_t m)
{
	char was[80], is[80];

	days_text(a, n, was, sizeof(was));
	days_text(b, m, is, sizeof(is));
	if (strcmp(was, is) != 0)
		diff_say(d, DIFF_LIMITS, "%s: %s, before %s.", what, is, was);
}

static void
diff_bands(struct differ *d, const char *what, uint8_t a, uint8_t b)
{
	char was[32], is[32];

	policy_bands_text(a, was, sizeof(was));
	policy_bands_text(b, is, sizeof(is));
	if (a != b)
		diff_say(d, DIFF_LIMITS, "%s: %s, before %s.", what,
		    b != 0 ? is : "no band", a != 0 ? was : "no band");
}

static void
diff_limits(struct differ *d)
{
	const struct policy_limits *a = &d->old->limits, *b = &d->new->limits;

	diff_number(d, "Days for which a sign-in counts", a->living_days,
	    b->living_days);
	diff_number(d, "Open cases of one investigator", a->caseload,
	    b->caseload);
	diff_number(d, "MiB of attachments in one concern", a->attachments_mib,
	    b->attachments_mib);
	diff_number(d, "Days of silence after which a case is closed",
	    a->close_after_days, b->close_after_days);
	diff_number(d, "Days for which a mailbox is kept", a->mailbox_days,
	    b->mailbox_days);
	diff_number(d, "Minutes between notifications", a->notify_minutes,
	    b->notify_minutes);
	diff_days(d, "Days after which a silent reporter is asked again",
	    a->prompt_days, a->n_prompts, b->prompt_days, b->n_prompts);
	diff_days(d, "Days after closing on which detriment is asked about",
	    a->detriment_days, a->n_detriment, b->detriment_days,
	    b->n_detriment);
	diff_bands(d, "Notified at once", a->notify_at_once, b->notify_at_once);
	diff_bands(d, "Closed only by two people", a->close_needs_second,
	    b->close_needs_second);
}

void
diff_times(struct differ *d)
{
	char was[11], is[11];

	for (unsigned i = 0; i < POLICY_DEADLINES; i++)
		for (unsigned band = 0; band < POLICY_BANDS; band++)
			diff_deadline(d, i, band);
	diff_calendar(d);
	day_format(was, d->old->hard_expiry / DAY_SECONDS);
	day_format(is, d->new->hard_expiry / DAY_SECONDS);
	if (strcmp(was, is) != 0)
		diff_say(d, DIFF_TIMES,
		    "Clients refuse it from %s on, the one "
		    "before from %s on.",
		    is, was);
	diff_limits(d);
}
